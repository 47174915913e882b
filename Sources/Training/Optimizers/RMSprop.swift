import MartletCore
public import NN
import Torch

/// RMSprop (Tieleman and Hinton: Lecture 6.5 of "Neural Networks for Machine Learning", 2012), equal to PyTorch's `torch.optim.RMSprop`.
public final class RMSprop: GroupedOptimizer<RMSprop.Settings> {
  /// One group's settings.
  public struct Settings: OptimizerGroupSettings, Hashable {
    /// Step size.
    public var learningRate: Double
    /// Decay of the mean of squared gradients.
    public var alpha: Double
    /// Added to the denominator.
    public var epsilon: Double
    /// L2 penalty: this times the parameter is added to its gradient.
    public var weightDecay: Double
    /// Decay of the sum of past steps.
    public var momentum: Double
    /// Divide by the gradient's standard deviation instead of its root mean square (Graves, 2013).
    public var centered: Bool
    /// Climb instead of descending.
    public var maximize: Bool

    /// PyTorch's defaults.
    public init(
      learningRate: Double = 0.01, alpha: Double = 0.99, epsilon: Double = 1e-8, weightDecay: Double = 0, momentum: Double = 0,
      centered: Bool = false, maximize: Bool = false
    ) {
      self.learningRate = learningRate
      self.alpha = alpha
      self.epsilon = epsilon
      self.weightDecay = weightDecay
      self.momentum = momentum
      self.centered = centered
      self.maximize = maximize
    }

    public func validate() throws {
      try check("learningRate", learningRate, isNonNegative: true)
      try check("weightDecay", weightDecay, isNonNegative: true)
      try check("epsilon", epsilon, isNonNegative: true)
      try check("momentum", momentum, isNonNegative: true)
      try check("alpha", alpha, in: 0...1)
    }
  }

  /// All parameters in one group.
  /// - Throws: `ArgumentError` for a setting out of range, no parameters or one given twice; `TorchError` if a parameter could not be made.
  public convenience init(
    _ parameters: [Parameter], learningRate: Double = 0.01, alpha: Double = 0.99, epsilon: Double = 1e-8, weightDecay: Double = 0,
    momentum: Double = 0, centered: Bool = false, maximize: Bool = false
  ) throws {
    let settings = Settings(
      learningRate: learningRate, alpha: alpha, epsilon: epsilon, weightDecay: weightDecay, momentum: momentum, centered: centered,
      maximize: maximize)
    try self.init(groups: [ParameterGroup(parameters, settings)])
  }

  /// Parameters in groups, each with its own settings.
  public init(groups: [ParameterGroup<Settings>]) throws {
    try super.init(kind: "rmsprop", groups: groups, slots: ["meanSquare", "mean", "momentum"])
  }

  override func apply(_ update: GroupUpdate, settings: Settings) throws(TorchError) {
    let slots = [0] + (settings.centered ? [1] : []) + (settings.momentum > 0 ? [2] : [])
    try inBlocks(update, slots: slots, settings: settings) { (block) throws(TorchError) in
      let direction = try block.direction(maximize: settings.maximize, penalty: settings.weightDecay)
      let squares = block.slots[0]
      try Tensor._foreach_mul_(squares, Scalar(settings.alpha))
      try Tensor._foreach_addcmul_(squares, direction, direction, value: Scalar(1 - settings.alpha))
      let denominator: [Tensor]
      if settings.centered {
        let means = block.slots[1]
        try Tensor._foreach_lerp_(means, direction, Scalar(1 - settings.alpha))
        denominator = try Tensor._foreach_addcmul(squares, means, means, value: -1)
        try Tensor._foreach_sqrt_(denominator)
      } else {
        denominator = try Tensor._foreach_sqrt(squares)
      }
      try Tensor._foreach_add_(denominator, Scalar(settings.epsilon))
      if settings.momentum > 0 {
        let momenta = block.slots[block.slots.count - 1]
        try Tensor._foreach_mul_(momenta, Scalar(settings.momentum))
        try Tensor._foreach_addcdiv_(momenta, direction, denominator)
        try Tensor._foreach_add_(block.parameters, momenta, alpha: Scalar(-settings.learningRate))
      } else {
        try Tensor._foreach_addcdiv_(block.parameters, direction, denominator, value: Scalar(-settings.learningRate))
      }
    }
  }
}
