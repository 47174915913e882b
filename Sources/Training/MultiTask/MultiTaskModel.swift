public import NN
public import Torch

/// A network with several heads.
public protocol MultiHead: Module {
  /// The heads' outputs by name.
  func heads(_ x: Tensor) throws(TorchError) -> [String: Tensor]
}

/// A trunk that all share, and a head on it for each task. State: `trunk.…`, `branches.NAME.…`.
public final class SharedTrunk: Module, MultiHead {
  /// What all tasks share.
  public let trunk: any Layer
  /// What each has for itself.
  public let branches: [String: any Layer]

  /// - Parameters:
  ///   - trunk: its output is every head's input.
  ///   - heads: by the tasks' names.
  public init(_ trunk: any Layer, heads: [String: any Layer]) {
    self.trunk = trunk
    branches = heads
  }

  public func heads(_ x: Tensor) throws(TorchError) -> [String: Tensor] {
    let features = try trunk(x)
    var outputs: [String: Tensor] = [:]
    for (name, branch) in branches { outputs[name] = try branch(features) }
    return outputs
  }
}

/// A network with several heads together with its loss: what a trainer trains, so that learned weights of tasks are trained and saved, too.
/// State: `network.…`, `loss.…`.
public final class MultiTaskModel: Module {
  /// The network, which is what remains of it in the end.
  public let network: any MultiHead
  /// The loss.
  public let loss: MultiTaskLoss

  /// A network and its loss.
  public init(_ network: any MultiHead, loss: MultiTaskLoss) {
    self.network = network
    self.loss = loss
  }

  /// One pass over a batch: the loss, and `task/loss`, `task/weight` and the tasks' metrics as `task/metric`.
  public func step(_ batch: Batch) throws -> StepOutput {
    let outputs = try network.heads(batch.inputs)
    let value = try loss(outputs, batch)
    var measured: [(name: String, value: Double)] = []
    for (index, task) in loss.tasks.enumerated() {
      measured.append(("\(task.name)/loss", try value.parts[index].detach().double()))
      measured.append(("\(task.name)/weight", value.weights[index]))
      guard let output = outputs[task.name] else { continue }
      let own = MultiTaskLoss.batch(batch, for: task)
      try withoutGrad {
        for metric in task.metrics {
          let (sum, count) = try metric.compute(output.detach(), own)
          measured.append(("\(task.name)/\(metric.name)", count > 0 ? sum / Double(count) : .nan))
        }
      }
    }
    return StepOutput(loss: value.total, outputs: outputs[loss.tasks[0].name] ?? value.total, measured: measured)
  }
}

extension Trainer {
  /// A trainer for a network with several heads.
  /// - Throws: `ArgumentError` for settings out of range, `TorchError` if a parameter could not be made.
  public convenience init(
    _ model: MultiTaskModel, optimizer: OptimizerChoice, schedule: Schedule = .constant, seed: UInt64 = 0,
    options: TrainerOptions = TrainerOptions(), thread: TorchThread = .main
  ) throws {
    try self.init(
      model, optimizer: optimizer, schedule: schedule, metrics: [], seed: seed, options: options, thread: thread,
      objective: model.step)
  }
}
