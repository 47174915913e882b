import Foundation
import MartletCore
public import NN
import Torch

/// Adam whose steps are rectified while the mean of squares is young (Liu et al., ICLR 2020), equal to PyTorch's `torch.optim.RAdam`.
public final class RAdam: GroupedOptimizer<RAdam.Settings> {
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
    /// Decay the weights themselves, as AdamW does, instead of penalising them in the gradient.
    public var decoupled: Bool
    /// Climb instead of descending.
    public var maximize: Bool

    /// PyTorch's defaults.
    public init(
      learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0,
      decoupled: Bool = false, maximize: Bool = false
    ) {
      self.learningRate = learningRate
      self.beta1 = beta1
      self.beta2 = beta2
      self.epsilon = epsilon
      self.weightDecay = weightDecay
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
    }
  }

  /// All parameters in one group.
  /// - Throws: `ArgumentError` for a setting out of range, no parameters or one given twice; `TorchError` if a parameter could not be made.
  public convenience init(
    _ parameters: [Parameter], learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0, decoupled: Bool = false, maximize: Bool = false
  ) throws {
    let settings = Settings(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, decoupled: decoupled,
      maximize: maximize)
    try self.init(groups: [ParameterGroup(parameters, settings)])
  }

  /// Parameters in groups, each with its own settings.
  public init(groups: [ParameterGroup<Settings>]) throws {
    try super.init(kind: "radam", groups: groups, slots: ["mean", "meanSquare"])
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
      let step = Double(block.step)
      let rate = settings.learningRate / (1 - pow(settings.beta1, step))
      guard let rectification = Self.rectification(settings.beta2, step) else {
        try Tensor._foreach_add_(block.parameters, means, alpha: Scalar(-rate))
        return
      }
      let denominator = try Tensor._foreach_sqrt(squares)
      try Tensor._foreach_add_(denominator, Scalar(settings.epsilon))
      let correction = (1 - pow(settings.beta2, step)).squareRoot()
      try Tensor._foreach_addcdiv_(block.parameters, means, denominator, value: Scalar(-rate * rectification * correction))
    }
  }

  /// The factor for the step, or `nil` while the variance cannot be known yet.
  private static func rectification(_ beta2: Double, _ step: Double) -> Double? {
    let final = 2 / (1 - beta2) - 1
    let length = final - 2 * step * pow(beta2, step) / (1 - pow(beta2, step))
    guard length > 5 else { return nil }
    return ((length - 4) * (length - 2) * final / ((final - 4) * (final - 2) * length)).squareRoot()
  }
}
