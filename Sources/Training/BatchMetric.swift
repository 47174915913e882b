public import NN
public import Torch

/// A number per batch that averages over items to one per epoch.
public struct BatchMetric: Sendable {
  /// The name behind `train/` and `validation/`.
  public let name: String
  let compute: @Sendable (_ outputs: Tensor, _ batch: Batch) throws -> (sum: Double, count: Int)

  /// - Parameter compute: gets the model's outputs and the batch; returns a sum over items and the number of items.
  public init(_ name: String, _ compute: @escaping @Sendable (_ outputs: Tensor, _ batch: Batch) throws -> (sum: Double, count: Int)) {
    self.name = name
    self.compute = compute
  }

  /// What is usually measured with a loss: accuracy for those over classes, nothing for the rest.
  public static func usual(for loss: Loss) -> [BatchMetric] {
    switch loss.name {
    case Loss.crossEntropy.name, Loss.nll.name: [.accuracy]
    case Loss.bceWithLogits.name: [.binaryAccuracy]
    default: []
    }
  }

  /// The share of items whose largest output is at the target's index. Outputs `[items, classes, …]`, targets `[items, …]`.
  public static let accuracy = BatchMetric("accuracy") { outputs, batch in
    let hits = try outputs.argmax(dim: 1).eq(batch.targets)
    return (try hits.sum().double(), hits.count)
  }

  /// The same for one output per item, right where its sign says the target's class (above or below one half).
  public static let binaryAccuracy = BatchMetric("accuracy") { outputs, batch in
    let hits = try outputs.gt(0).eq(batch.targets.gt(.double(0.5)))
    return (try hits.sum().double(), hits.count)
  }
}
