import MartletCore
import Synchronization

/// A place in the endless sequence of batches.
public struct LoaderPosition: Sendable, Hashable, Codable {
  /// The pass over the data, from zero.
  public var epoch: Int
  /// The batch within the epoch, from zero.
  public var batch: Int

  /// The beginning unless told otherwise.
  public init(epoch: Int = 0, batch: Int = 0) {
    self.epoch = epoch
    self.batch = batch
  }
}

/// What decides the batches: two loaders of one plan give the same batches, whatever their workers.
public struct LoaderPlan: Sendable, Hashable, Codable {
  /// The number of items.
  public let items: Int
  /// Items per batch; of all processes together where they share the order, of the largest batch where batches differ.
  public let batchSize: Int
  /// The sampler's name, its seed included.
  public let sampler: String
  /// A last, smaller batch is left out.
  public let dropsLast: Bool
}

/// Batches of a source, made ahead by worker threads, in an order that depends on nothing but the seed and the epoch.
///
/// Each `for try await batch in loader` is one epoch; the next loop is the next epoch. `position` tells the next batch at any time, and
/// `resume(at:)` makes the next loop start there. Workers run on threads of their own, hold at most `prefetch` batches ahead of the
/// consumer, and end when the loop is left, by `break`, error or cancellation.
public final class DataLoader: AsyncSequence, Sendable {
  public typealias Element = Batch

  /// Items, batch size and order.
  public let plan: LoaderPlan
  /// Worker threads; 0 makes batches in the consumer.
  public let workers: Int
  /// Batches that may lie ready or be in the making.
  public let prefetch: Int
  /// Batches of one epoch.
  public let batchesPerEpoch: Int

  /// Items that a full epoch hands out.
  public let itemsPerEpoch: Int

  private let maker: any EpochMaker
  private let state = Mutex(State())

  private struct State {
    var next = LoaderPosition()
    var isResuming = false
  }

  /// - Parameters:
  ///   - source: makes the batches.
  ///   - batchSize: items per batch.
  ///   - sampler: the order of visits.
  ///   - dropLast: leave out a last, smaller batch.
  ///   - workers: threads that make batches; 0 makes them in the consumer.
  ///   - prefetch: batches ahead of the consumer, two per worker if `nil`.
  /// - Throws: `ArgumentError` for no items, a batch size below 1, or an epoch without a batch.
  public convenience init(
    _ source: some BatchSource, batchSize: Int, sampler: some Sampler, dropLast: Bool = false, workers: Int = 0, prefetch: Int? = nil
  ) throws {
    guard batchSize >= 1 else { throw ArgumentError("the batch size is \(batchSize)", expected: "1 or more") }
    let batches = FixedBatches(sampler: sampler, size: batchSize, dropsLast: dropLast)
    let visits = sampler.length(of: source.count)
    guard visits < 1 || batches.size(of: source.count).batches > 0 else {
      throw ArgumentError(
        "\(visits) items make no full batch of \(batchSize)", remedy: "a batch size of \(visits) or less, or keep the last batch")
    }
    let plan = LoaderPlan(
      items: source.count, batchSize: batchSize * batches.shards, sampler: sampler.name, dropsLast: dropLast)
    try self.init(source, batches, plan, workers: workers, prefetch: prefetch)
  }

  /// Batches of items that a batch sampler puts together: of like length, of one kind …
  /// - Throws: `ArgumentError` for no items or a sampler that was made for other items.
  public convenience init(_ source: some BatchSource, batches: some BatchSampler, workers: Int = 0, prefetch: Int? = nil) throws {
    let plan = LoaderPlan(items: source.count, batchSize: batches.largestBatch, sampler: batches.name, dropsLast: false)
    try self.init(source, batches, plan, workers: workers, prefetch: prefetch)
  }

  private convenience init(
    _ source: some BatchSource, _ batches: some BatchSampler, _ plan: LoaderPlan, workers: Int, prefetch: Int?
  ) throws {
    guard source.count > 0 else { throw ArgumentError("there are no items to load", expected: "one or more") }
    try batches.validate(items: source.count)
    try self.init(
      SampledEpochs(source: source, batches: batches), plan, size: batches.size(of: source.count), workers: workers, prefetch: prefetch)
  }

  init(
    _ maker: any EpochMaker, _ plan: LoaderPlan, size: (batches: Int, visits: Int), workers: Int, prefetch: Int?
  ) throws {
    guard (0...256).contains(workers) else { throw ArgumentError("\(workers) loader workers", expected: "0…256") }
    guard size.batches > 0 else { throw ArgumentError("there are no items to load", expected: "one or more") }
    self.maker = maker
    self.plan = plan
    self.workers = workers
    batchesPerEpoch = size.batches
    itemsPerEpoch = size.visits
    self.prefetch = Swift.min(Swift.max(1, prefetch ?? 2 * workers), size.batches)
  }

  /// The usual orders: shuffled by `seed` and the epoch, or first to last.
  public convenience init(
    _ source: some BatchSource, batchSize: Int, shuffle: Bool = false, seed: UInt64 = 0, dropLast: Bool = false, workers: Int = 0,
    prefetch: Int? = nil
  ) throws {
    if shuffle {
      try self.init(
        source, batchSize: batchSize, sampler: ShuffledSampler(seed: seed), dropLast: dropLast, workers: workers, prefetch: prefetch)
    } else {
      try self.init(
        source, batchSize: batchSize, sampler: SequentialSampler(), dropLast: dropLast, workers: workers, prefetch: prefetch)
    }
  }

  /// The batch that comes next.
  public var position: LoaderPosition { state.withLock { $0.next } }

  /// Makes the next loop start at `position`, which may be in the middle of an epoch.
  /// - Throws: `ArgumentError` for a place that no epoch has.
  public func resume(at position: LoaderPosition) throws {
    guard position.epoch >= 0, (0...batchesPerEpoch).contains(position.batch) else {
      throw ArgumentError(
        "there is no batch \(position.batch) of epoch \(position.epoch)", expected: "a batch in 0…\(batchesPerEpoch)")
    }
    state.withLock { $0 = State(next: position, isResuming: true) }
  }

  public func makeAsyncIterator() -> Iterator {
    let start = state.withLock { state in
      if !state.isResuming, state.next.batch > 0 { state.next = LoaderPosition(epoch: state.next.epoch + 1) }
      state.isResuming = false
      return state.next
    }
    let make = maker.batches(epoch: start.epoch, from: start.batch)
    let pipeline = LoaderPipeline(first: start.batch, end: batchesPerEpoch, window: prefetch, make: make)
    if workers > 0 { pipeline.start(workers: Swift.min(workers, batchesPerEpoch - start.batch)) }
    return Iterator(loader: self, pipeline: pipeline, epoch: start.epoch, hasWorkers: workers > 0)
  }

  private func advance(to position: LoaderPosition) { state.withLock { $0.next = position } }

  /// The batches of one epoch.
  public final class Iterator: AsyncIteratorProtocol {
    private let loader: DataLoader
    private let pipeline: LoaderPipeline
    private let epoch: Int
    private let hasWorkers: Bool

    init(loader: DataLoader, pipeline: LoaderPipeline, epoch: Int, hasWorkers: Bool) {
      self.loader = loader
      self.pipeline = pipeline
      self.epoch = epoch
      self.hasWorkers = hasWorkers
    }

    deinit { pipeline.stop() }

    /// The next batch, or `nil` at the end of the epoch.
    /// - Throws: `LoaderError` naming the item, `CancellationError` when the task was cancelled.
    public func next() async throws -> Batch? { try await next(isolation: nil) }

    /// The next batch, or `nil` at the end of the epoch, without leaving the caller's actor.
    public func next(isolation actor: isolated (any Actor)?) async throws -> Batch? {
      try Task.checkCancellation()
      let batch = hasWorkers ? try await pipeline.next(isolation: actor) : try pipeline.makeNext()
      let done = pipeline.delivered
      loader.advance(to: batch == nil ? LoaderPosition(epoch: epoch + 1) : LoaderPosition(epoch: epoch, batch: done))
      return batch
    }
  }
}
