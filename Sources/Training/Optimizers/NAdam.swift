import Foundation
import MartletCore
public import NN
import Torch

/// Adam with Nesterov momentum (Dozat, ICLR workshop 2016), equal to PyTorch's `torch.optim.NAdam`.
public final class NAdam: GroupedOptimizer<NAdam.Settings> {
  /// One group's settings.
  public struct Settings: OptimizerGroupSettings, Hashable {
    /// Step size.
    public var learningRate: Double
    /// Decay of the mean of gradients.
    public var beta1: Double
    /// Decay of the mean of squared gradients.
    public var beta2: Double
    /// Added to the denominator.
    public var epsilon: Double
    /// L2 penalty, or decoupled decay.
    public var weightDecay: Double
    /// How quickly the momentum reaches the first beta.
    public var momentumDecay: Double
    /// Decay the weights themselves, as AdamW does, instead of penalising them in the gradient.
    public var decoupled: Bool
    /// Climb instead of descending.
    public var maximize: Bool

    /// PyTorch's defaults.
    public init(
      learningRate: Double = 2e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0,
      momentumDecay: Double = 4e-3, decoupled: Bool = false, maximize: Bool = false
    ) {
      self.learningRate = learningRate
      self.beta1 = beta1
      self.beta2 = beta2
      self.epsilon = epsilon
      self.weightDecay = weightDecay
      self.momentumDecay = momentumDecay
      self.decoupled = decoupled
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
      try check("momentumDecay", momentumDecay, isNonNegative: true)
    }
  }

  /// All parameters in one group.
  /// - Throws: `ArgumentError` for a setting out of range, no parameters or one given twice; `TorchError` if a parameter could not be made.
  public convenience init(
    _ parameters: [Parameter], learningRate: Double = 2e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0, momentumDecay: Double = 4e-3, decoupled: Bool = false, maximize: Bool = false
  ) throws {
    let settings = Settings(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, momentumDecay: momentumDecay,
      decoupled: decoupled, maximize: maximize)
    try self.init(groups: [ParameterGroup(parameters, settings)])
  }

  /// Parameters in groups, each with its own settings.
  public init(groups: [ParameterGroup<Settings>]) throws {
    try super.init(kind: "nadam", groups: groups, slots: ["mean", "meanSquare"])
  }

  // The product of all momenta so far.
  override func initialNumbers(_ settings: Settings) -> [Double] { [1] }

  override func next(_ numbers: [Double], step: Int, settings: Settings) -> [Double] {
    [numbers[0] * Self.momentum(settings, step)]
  }

  private static func momentum(_ settings: Settings, _ step: Int) -> Double {
    settings.beta1 * (1 - 0.5 * pow(0.96, Double(step) * settings.momentumDecay))
  }

  override func apply(_ update: GroupUpdate, settings: Settings) throws(TorchError) {
    try inBlocks(update, slots: [0, 1], settings: settings) { (block) throws(TorchError) in
      let direction = try block.direction(maximize: settings.maximize, penalty: settings.decoupled ? 0 : settings.weightDecay)
      if settings.decoupled, settings.weightDecay != 0 {
        try Tensor._foreach_mul_(block.parameters, Scalar(1 - settings.learningRate * settings.weightDecay))
      }
      let means = block.slots[0], squares = block.slots[1]
      try Tensor._foreach_lerp_(means, direction, Scalar(1 - settings.beta1))
      try Tensor._foreach_mul_(squares, Scalar(settings.beta2))
      try Tensor._foreach_addcmul_(squares, direction, direction, value: Scalar(1 - settings.beta2))
      let denominator = try Tensor._foreach_sqrt(squares)
      try Tensor._foreach_div_(denominator, Scalar((1 - pow(settings.beta2, Double(block.step))).squareRoot()))
      try Tensor._foreach_add_(denominator, Scalar(settings.epsilon))
      let now = Self.momentum(settings, block.step), after = Self.momentum(settings, block.step + 1)
      let product = block.numbers[0] * now
      try Tensor._foreach_addcdiv_(
        block.parameters, direction, denominator, value: Scalar(-settings.learningRate * (1 - now) / (1 - product)))
      try Tensor._foreach_addcdiv_(
        block.parameters, means, denominator, value: Scalar(-settings.learningRate * after / (1 - product * after)))
    }
  }
}
