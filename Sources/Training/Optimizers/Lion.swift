import MartletCore
public import NN
import Torch

/// Lion (Chen et al.: "Symbolic Discovery of Optimization Algorithms", NeurIPS 2023): the sign of a mean of gradients, with decoupled
/// weight decay. The learning rate is usually 3 to 10 times smaller than AdamW's, the weight decay as much larger.
public final class Lion: GroupedOptimizer<Lion.Settings> {
  /// One group's settings.
  public struct Settings: OptimizerGroupSettings, Hashable {
    /// Step size.
    public var learningRate: Double
    /// The mean's share in the direction.
    public var beta1: Double
    /// Decay of the mean of gradients.
    public var beta2: Double
    /// Decoupled weight decay.
    public var weightDecay: Double
    /// Climb instead of descending.
    public var maximize: Bool

    /// The paper's defaults.
    public init(learningRate: Double = 1e-4, beta1: Double = 0.9, beta2: Double = 0.99, weightDecay: Double = 0, maximize: Bool = false) {
      self.learningRate = learningRate
      self.beta1 = beta1
      self.beta2 = beta2
      self.weightDecay = weightDecay
      self.maximize = maximize
    }

    /// The first beta: what one-cycle moves.
    public var momentum: Double {
      get { beta1 }
      set { beta1 = newValue }
    }

    public func validate() throws {
      try check("learningRate", learningRate, isNonNegative: true)
      try check("weightDecay", weightDecay, isNonNegative: true)
      try check("beta1", beta1, in: 0..<1)
      try check("beta2", beta2, in: 0..<1)
    }
  }

  /// All parameters in one group.
  /// - Throws: `ArgumentError` for a setting out of range, no parameters or one given twice; `TorchError` if a parameter could not be made.
  public convenience init(
    _ parameters: [Parameter], learningRate: Double = 1e-4, beta1: Double = 0.9, beta2: Double = 0.99, weightDecay: Double = 0,
    maximize: Bool = false
  ) throws {
    let settings = Settings(learningRate: learningRate, beta1: beta1, beta2: beta2, weightDecay: weightDecay, maximize: maximize)
    try self.init(groups: [ParameterGroup(parameters, settings)])
  }

  /// Parameters in groups, each with its own settings.
  public init(groups: [ParameterGroup<Settings>]) throws {
    try super.init(kind: "lion", groups: groups, slots: ["mean"])
  }

  override func apply(_ update: GroupUpdate, settings: Settings) throws(TorchError) {
    try inBlocks(update, slots: [0], settings: settings) { (block) throws(TorchError) in
      let gradients = try block.direction(maximize: settings.maximize)
      let means = block.slots[0]
      if settings.weightDecay != 0 {
        try Tensor._foreach_mul_(block.parameters, Scalar(1 - settings.learningRate * settings.weightDecay))
      }
      let direction = try Tensor._foreach_mul(means, Scalar(settings.beta1))
      try Tensor._foreach_add_(direction, gradients, alpha: Scalar(1 - settings.beta1))
      try Tensor._foreach_add_(block.parameters, Tensor._foreach_sign(direction), alpha: Scalar(-settings.learningRate))
      try Tensor._foreach_mul_(means, Scalar(settings.beta2))
      try Tensor._foreach_add_(means, gradients, alpha: Scalar(1 - settings.beta2))
    }
  }
}
