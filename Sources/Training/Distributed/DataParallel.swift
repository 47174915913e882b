public import NN
public import Torch

/// A model that several processes train together, each on its part of the data.
///
/// ```swift
/// let parallel = try DataParallel(model, over: group)          // rank 0's weights everywhere
/// for try await batch in loader {
///   let loss = try crossEntropy(model(batch.inputs), batch.targets)
///   try parallel.backward(loss)                                // gradients: the mean over the processes
///   try optimizer.step(); optimizer.zeroGradients()
/// }
/// ```
/// Gradients travel in buckets while the backward pass is still running (Li et al., PyTorch Distributed, VLDB 2020). A parameter that this
/// process did not use takes part with zeros; one that nobody used keeps no gradient. Every process calls `backward` equally often.
public final class DataParallel: GradientExchange {
  /// The model, which is called as always.
  public let model: Module
  /// Who trains it.
  public let group: ProcessGroup

  private let bucketBytes: Int
  private let firstBucketBytes: Int
  private var buckets: GradientBuckets?
  private var isOrderKnown = false
  private var isSynchronizing = true

  /// Compares the models of all processes and copies rank 0's parameters and buffers to all.
  /// - Parameters:
  ///   - bucketBytes: how much travels at once; the first, smaller bucket starts early.
  /// - Throws: `ModelMismatch` naming the first difference, `DistributedError`.
  public init(_ model: Module, over group: ProcessGroup, bucketBytes: Int = 25 << 20, firstBucketBytes: Int = 1 << 20) throws {
    self.model = model
    self.group = group
    self.bucketBytes = max(1, bucketBytes)
    self.firstBucketBytes = max(1, firstBucketBytes)
    try group.checkSame(model)
    try synchronizeState()
  }

  deinit { buckets?.detach() }

  /// Copies rank 0's parameters and buffers to all processes.
  public func synchronizeState() throws {
    try group.spread(model.namedParameters().map { try $0.parameter.value })
    try synchronizeBuffers()
  }

  /// Copies rank 0's buffers (running statistics) to all processes.
  public func synchronizeBuffers() throws { try group.spread(model.namedBuffers().map { try $0.buffer.value }) }

  /// Computes the gradients of this process's loss and averages them over the processes.
  /// - Parameter weight: this process's share of the items times the number of processes: 1 where all have equally many.
  /// - Throws: `DistributedError` if a process has gone or is too slow, `TorchError`.
  public func backward(_ loss: Tensor, weight: Double = 1) throws {
    try averagingGradients { try (weight == 1 ? loss : loss * weight).backward() }
  }

  /// Runs a backward pass of the caller's own and averages the gradients over the processes.
  public func averagingGradients(_ body: () throws -> Void) throws {
    try willRunBackward(isLast: isSynchronizing)
    do { try body() } catch { throw explained(error) }
    if isSynchronizing { try gradientsAreSummed() }
  }

  /// Runs `body` without averaging: backward passes inside add to this process's own gradients, which the next one outside averages.
  public func withoutSynchronizing<Result>(_ body: () throws -> Result) rethrows -> Result {
    let previous = isSynchronizing
    isSynchronizing = false
    defer { isSynchronizing = previous }
    return try body()
  }

  public func willRunBackward(isLast: Bool) throws { if isLast { try current().begin() } }

  public func gradientsAreSummed() throws {
    guard let buckets else { return }
    do { try buckets.finish() } catch { throw explained(error) }
    try learnOrder(buckets)
  }

  public func explained(_ error: any Error) -> any Error {
    defer { buckets?.abandon() }
    return buckets?.failure ?? error
  }

  /// Processes whose gradients were not finite in the last backward pass.
  var nonFiniteRanks: [Int] { (buckets?.nonFinite ?? []).sorted() }
  /// Buckets that were under way before the last backward pass was over.
  var bucketsSentEarly: Int { buckets?.sentEarly ?? 0 }
  /// The parameters in each bucket, by their position among the trained ones.
  var bucketMembers: [[Int]] { buckets?.members ?? [] }

  private func current() throws -> GradientBuckets {
    let parameters = model.parameters().filter(\.requiresGrad)
    if let buckets, buckets.fits(parameters) { return buckets }
    isOrderKnown = false
    // Backward passes go through a model from its end.
    return try plan(parameters, order: parameters.indices.reversed())
  }

  private func plan(_ parameters: [Parameter], order: [Int]) throws -> GradientBuckets {
    buckets?.detach()
    let made = try GradientBuckets(
      parameters, order: order, over: group, bytes: bucketBytes, firstBytes: firstBucketBytes)
    buckets = made
    return made
  }

  /// After the first pass the buckets follow the order in which rank 0's gradients came.
  private func learnOrder(_ seen: GradientBuckets) throws {
    guard !isOrderKnown else { return }
    isOrderKnown = true
    let count = seen.parameters.count
    guard count > 0 else { return }
    let known = Set(seen.order)
    let own = seen.order + (0..<count).reversed().filter { !known.contains($0) }
    let first = try group.broadcast(Tensor(own.map(Int64.init))).result().array(of: Int64.self).map(Int.init)
    let nonFinite = seen.nonFinite
    let sentEarly = seen.sentEarly
    try plan(seen.parameters, order: first).keep(sentEarly: sentEarly, nonFinite: nonFinite)
  }
}
