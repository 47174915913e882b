import Foundation
import MartletCore
public import NN
import Torch

/// Adamax, Adam with the infinity norm (Kingma and Ba, ICLR 2015), equal to PyTorch's `torch.optim.Adamax`.
public final class Adamax: GroupedOptimizer<Adamax.Settings> {
  /// One group's settings.
  public struct Settings: OptimizerGroupSettings, Hashable {
    /// Step size.
    public var learningRate: Double
    /// Decay of the mean of gradients.
    public var beta1: Double
    /// Decay of the largest magnitude.
    public var beta2: Double
    /// Added to the denominator.
    public var epsilon: Double
    /// L2 penalty: this times the parameter is added to its gradient.
    public var weightDecay: Double
    /// Climb instead of descending.
    public var maximize: Bool

    /// PyTorch's defaults.
    public init(
      learningRate: Double = 2e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0,
      maximize: Bool = false
    ) {
      self.learningRate = learningRate
      self.beta1 = beta1
      self.beta2 = beta2
      self.epsilon = epsilon
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
      try check("epsilon", epsilon, isNonNegative: true)
      try check("beta1", beta1, in: 0..<1)
      try check("beta2", beta2, in: 0..<1)
    }
  }

  /// All parameters in one group.
  /// - Throws: `ArgumentError` for a setting out of range, no parameters or one given twice; `TorchError` if a parameter could not be made.
  public convenience init(
    _ parameters: [Parameter], learningRate: Double = 2e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0, maximize: Bool = false
  ) throws {
    let settings = Settings(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, maximize: maximize)
    try self.init(groups: [ParameterGroup(parameters, settings)])
  }

  /// Parameters in groups, each with its own settings.
  public init(groups: [ParameterGroup<Settings>]) throws {
    try super.init(kind: "adamax", groups: groups, slots: ["mean", "largest"])
  }

  override func apply(_ update: GroupUpdate, settings: Settings) throws(TorchError) {
    try inBlocks(update, slots: [0, 1], settings: settings) { (block) throws(TorchError) in
      let direction = try block.direction(maximize: settings.maximize, penalty: settings.weightDecay)
      let means = block.slots[0], largest = block.slots[1]
      try Tensor._foreach_lerp_(means, direction, Scalar(1 - settings.beta1))
      try Tensor._foreach_mul_(largest, Scalar(settings.beta2))
      let magnitudes = try Tensor._foreach_abs(direction)
      try Tensor._foreach_add_(magnitudes, Scalar(settings.epsilon))
      try Tensor._foreach_maximum_(largest, magnitudes)
      let correction = 1 - pow(settings.beta1, Double(block.step))
      try Tensor._foreach_addcdiv_(block.parameters, means, largest, value: Scalar(-settings.learningRate / correction))
    }
  }
}
