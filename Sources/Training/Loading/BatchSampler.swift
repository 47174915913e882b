import MartletCore

/// Decides which items make a batch, where a plain order cut into pieces is not enough.
public protocol BatchSampler: Sendable {
  /// For checkpoints: two of one name give the same batches.
  var name: String { get }

  /// The items of the largest batch.
  var largestBatch: Int { get }

  /// Refuses a source with this number of items.
  /// - Throws: `ArgumentError` saying what it was made for.
  func validate(items: Int) throws

  /// The number of batches and the number of items in them, the same in every epoch.
  func size(of items: Int) -> (batches: Int, visits: Int)

  /// The batches of one epoch in order; they depend on nothing but the arguments and the sampler's own settings.
  func batches(of items: Int, epoch: Int) -> EpochBatches
}

/// The batches of one epoch: items in order, and where each batch ends.
public struct EpochBatches: Sendable, Hashable {
  private let items: [Int]
  private let ends: [Int]

  /// Batches as lists of items.
  public init(_ batches: [[Int]]) {
    items = batches.flatMap { $0 }
    var end = 0
    ends = batches.map { batch in
      end += batch.count
      return end
    }
  }

  /// An order cut into batches of `size`, the last of which may be smaller.
  init(_ order: [Int], size: Int, count: Int) {
    items = order
    ends = (1...max(1, count)).map { Swift.min(order.count, $0 * size) }
  }

  /// The number of batches.
  public var count: Int { ends.count }

  /// The items of a batch.
  /// - Precondition: `number` is in `0..<count`.
  public subscript(number: Int) -> [Int] { Array(items[(number == 0 ? 0 : ends[number - 1])..<ends[number]]) }
}

/// The usual batches: a sampler's order cut into pieces of one size.
struct FixedBatches: BatchSampler {
  let sampler: any Sampler
  let size: Int
  let dropsLast: Bool

  var name: String { sampler.name }
  var largestBatch: Int { size }

  func validate(items: Int) throws { try sampler.validate(items: items) }

  func size(of items: Int) -> (batches: Int, visits: Int) {
    let visits = sampler.length(of: items)
    guard visits > 0 else { return (0, 0) }
    guard dropsLast else { return ((visits - 1) / size + 1, visits) }
    // Items that only pad a shard do not fill a batch: the number of batches is the same at any number of shards.
    let shards = shards
    let own = visits / size
    let batches = shards > 1 ? Swift.min(own, whole(items) / (size * shards)) : own
    return (batches, batches * size)
  }

  func batches(of items: Int, epoch: Int) -> EpochBatches {
    EpochBatches(sampler.order(of: items, epoch: epoch), size: size, count: size(of: items).batches)
  }

  /// The number of processes that share the order.
  var shards: Int { (sampler as? ShardedSampler)?.count ?? 1 }

  private func whole(_ items: Int) -> Int { (sampler as? ShardedSampler)?.base.length(of: items) ?? sampler.length(of: items) }
}
