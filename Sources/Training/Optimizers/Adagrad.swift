import MartletCore
public import NN
import Torch

/// Adagrad (Duchi, Hazan and Singer, JMLR 2011), equal to PyTorch's `torch.optim.Adagrad`.
///
/// libtorch's fused kernel is left alone: in float32 it is off its own unfused mathematics by a thousandth.
public final class Adagrad: GroupedOptimizer<Adagrad.Settings> {
  /// One group's settings.
  public struct Settings: OptimizerGroupSettings, Hashable {
    /// Step size.
    public var learningRate: Double
    /// The learning rate is divided by 1 plus this times the steps before.
    public var learningRateDecay: Double
    /// L2 penalty: this times the parameter is added to its gradient.
    public var weightDecay: Double
    /// What the sum of squared gradients begins with.
    public var initialAccumulator: Double
    /// Added to the denominator.
    public var epsilon: Double
    /// Climb instead of descending.
    public var maximize: Bool

    /// PyTorch's defaults.
    public init(
      learningRate: Double = 0.01, learningRateDecay: Double = 0, weightDecay: Double = 0, initialAccumulator: Double = 0,
      epsilon: Double = 1e-10, maximize: Bool = false
    ) {
      self.learningRate = learningRate
      self.learningRateDecay = learningRateDecay
      self.weightDecay = weightDecay
      self.initialAccumulator = initialAccumulator
      self.epsilon = epsilon
      self.maximize = maximize
    }

    public func validate() throws {
      try check("learningRate", learningRate, isNonNegative: true)
      try check("weightDecay", weightDecay, isNonNegative: true)
      try check("epsilon", epsilon, isNonNegative: true)
      try check("learningRateDecay", learningRateDecay, isNonNegative: true)
      try check("initialAccumulator", initialAccumulator, isNonNegative: true)
    }
  }

  /// All parameters in one group.
  /// - Throws: `ArgumentError` for a setting out of range, no parameters or one given twice; `TorchError` if a parameter could not be made.
  public convenience init(
    _ parameters: [Parameter], learningRate: Double = 0.01, learningRateDecay: Double = 0, weightDecay: Double = 0,
    initialAccumulator: Double = 0, epsilon: Double = 1e-10, maximize: Bool = false
  ) throws {
    let settings = Settings(
      learningRate: learningRate, learningRateDecay: learningRateDecay, weightDecay: weightDecay, initialAccumulator: initialAccumulator,
      epsilon: epsilon, maximize: maximize)
    try self.init(groups: [ParameterGroup(parameters, settings)])
  }

  /// Parameters in groups, each with its own settings.
  public init(groups: [ParameterGroup<Settings>]) throws {
    try super.init(kind: "adagrad", groups: groups, slots: ["sum"])
  }

  override func makeSlot(_ slot: Int, for parameter: Tensor, settings: Settings) throws(TorchError) -> Tensor {
    try parameter.detach().fullLike(value: Scalar(settings.initialAccumulator))
  }

  override func apply(_ update: GroupUpdate, settings: Settings) throws(TorchError) {
    try inBlocks(update, slots: [0], settings: settings) { (block) throws(TorchError) in
      let direction = try block.direction(maximize: settings.maximize, penalty: settings.weightDecay)
      try Tensor._foreach_addcmul_(block.slots[0], direction, direction)
      let denominator = try Tensor._foreach_sqrt(block.slots[0])
      try Tensor._foreach_add_(denominator, Scalar(settings.epsilon))
      let rate = settings.learningRate / (1 + Double(block.step - 1) * settings.learningRateDecay)
      try Tensor._foreach_addcdiv_(block.parameters, direction, denominator, value: Scalar(-rate))
    }
  }
}
