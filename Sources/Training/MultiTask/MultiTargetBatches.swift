import MartletCore
public import Torch

/// Items in memory with several targets each: those of the tasks by name in `Batch.extras`, the first task's as `Batch.targets`, too.
public struct MultiTargetBatches: BatchSource {
  private let sources: [(name: String, batches: TensorBatches)]
  public let count: Int

  /// - Parameters:
  ///   - inputs: `[items, …]`.
  ///   - targets: by the tasks' names, each `[items, …]`.
  /// - Throws: `ArgumentError` if the numbers of items differ or there is no target.
  public init(inputs: Tensor, targets: KeyValuePairs<String, Tensor>) throws {
    guard !targets.isEmpty else { throw ArgumentError("there are no targets", expected: "one task or more") }
    // The inputs are copied for the first task only; the others bring an empty stand-in along.
    let none = try Tensor.empty([inputs.shape.first ?? 0, 0])
    sources = try targets.enumerated().map { index, target in
      (target.key, try TensorBatches(inputs: index == 0 ? inputs : none, targets: target.value))
    }
    count = inputs.shape.first ?? 0
  }

  public func batch(_ indices: [Int], epoch: Int) throws -> Batch {
    var result = try sources[0].batches.batch(indices, epoch: epoch)
    result.extras[sources[0].name] = result.targets
    for (name, batches) in sources.dropFirst() { result.extras[name] = try batches.batch(indices, epoch: epoch).targets }
    return result
  }
}
