import MartletCore
public import NN
import Torch

/// Adadelta (Zeiler, 2012: arXiv 1212.5701), equal to PyTorch's `torch.optim.Adadelta`.
public final class Adadelta: GroupedOptimizer<Adadelta.Settings> {
  /// One group's settings.
  public struct Settings: OptimizerGroupSettings, Hashable {
    /// Step size.
    public var learningRate: Double
    /// Decay of the means of squared gradients and squared steps.
    public var rho: Double
    /// Added to the denominator.
    public var epsilon: Double
    /// L2 penalty: this times the parameter is added to its gradient.
    public var weightDecay: Double
    /// Climb instead of descending.
    public var maximize: Bool

    /// PyTorch's defaults.
    public init(learningRate: Double = 1, rho: Double = 0.9, epsilon: Double = 1e-6, weightDecay: Double = 0, maximize: Bool = false) {
      self.learningRate = learningRate
      self.rho = rho
      self.epsilon = epsilon
      self.weightDecay = weightDecay
      self.maximize = maximize
    }

    public func validate() throws {
      try check("learningRate", learningRate, isNonNegative: true)
      try check("weightDecay", weightDecay, isNonNegative: true)
      try check("epsilon", epsilon, isNonNegative: true)
      try check("rho", rho, in: 0...1)
    }
  }

  /// All parameters in one group.
  /// - Throws: `ArgumentError` for a setting out of range, no parameters or one given twice; `TorchError` if a parameter could not be made.
  public convenience init(
    _ parameters: [Parameter], learningRate: Double = 1, rho: Double = 0.9, epsilon: Double = 1e-6, weightDecay: Double = 0,
    maximize: Bool = false
  ) throws {
    let settings = Settings(learningRate: learningRate, rho: rho, epsilon: epsilon, weightDecay: weightDecay, maximize: maximize)
    try self.init(groups: [ParameterGroup(parameters, settings)])
  }

  /// Parameters in groups, each with its own settings.
  public init(groups: [ParameterGroup<Settings>]) throws {
    try super.init(kind: "adadelta", groups: groups, slots: ["meanSquare", "meanSquaredStep"])
  }

  override func apply(_ update: GroupUpdate, settings: Settings) throws(TorchError) {
    try inBlocks(update, slots: [0, 1], settings: settings) { (block) throws(TorchError) in
      let direction = try block.direction(maximize: settings.maximize, penalty: settings.weightDecay)
      let squares = block.slots[0], steps = block.slots[1]
      try Tensor._foreach_mul_(squares, Scalar(settings.rho))
      try Tensor._foreach_addcmul_(squares, direction, direction, value: Scalar(1 - settings.rho))
      let deviation = try Tensor._foreach_add(squares, Scalar(settings.epsilon))
      try Tensor._foreach_sqrt_(deviation)
      let change = try Tensor._foreach_add(steps, Scalar(settings.epsilon))
      try Tensor._foreach_sqrt_(change)
      try Tensor._foreach_div_(change, deviation)
      try Tensor._foreach_mul_(change, direction)
      try Tensor._foreach_mul_(steps, Scalar(settings.rho))
      try Tensor._foreach_addcmul_(steps, change, change, value: Scalar(1 - settings.rho))
      try Tensor._foreach_add_(block.parameters, change, alpha: Scalar(-settings.learningRate))
    }
  }
}
