import Foundation
import MartletCore
public import NN
import Torch

/// LAMB (You et al.: "Large Batch Optimization for Deep Learning", ICLR 2020): Adam's step, scaled for each parameter to the size of its
/// weights. For very large batches.
public final class LAMB: GroupedOptimizer<LAMB.Settings> {
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
    /// Decoupled weight decay; it takes part in the scaling.
    public var weightDecay: Double
    /// Correct the means for their beginning at zero.
    public var correctsBias: Bool
    /// Scale each parameter's step to its weights; usually off for biases and norms.
    public var scales: Bool
    /// Norms of weights count as this at most; `nil` is no limit.
    public var largestNorm: Double?
    /// Climb instead of descending.
    public var maximize: Bool

    /// The paper's defaults.
    public init(
      learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-6, weightDecay: Double = 0.01,
      correctsBias: Bool = true, scales: Bool = true, largestNorm: Double? = nil, maximize: Bool = false
    ) {
      self.learningRate = learningRate
      self.beta1 = beta1
      self.beta2 = beta2
      self.epsilon = epsilon
      self.weightDecay = weightDecay
      self.correctsBias = correctsBias
      self.scales = scales
      self.largestNorm = largestNorm
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
      if let largestNorm { try check("largestNorm", positive: largestNorm) }
    }
  }

  /// All parameters in one group.
  /// - Throws: `ArgumentError` for a setting out of range, no parameters or one given twice; `TorchError` if a parameter could not be made.
  public convenience init(
    _ parameters: [Parameter], learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-6,
    weightDecay: Double = 0.01, correctsBias: Bool = true, scales: Bool = true, largestNorm: Double? = nil, maximize: Bool = false
  ) throws {
    let settings = Settings(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, correctsBias: correctsBias,
      scales: scales, largestNorm: largestNorm, maximize: maximize)
    try self.init(groups: [ParameterGroup(parameters, settings)])
  }

  /// Parameters in groups, each with its own settings.
  public init(groups: [ParameterGroup<Settings>]) throws {
    try super.init(kind: "lamb", groups: groups, slots: ["mean", "meanSquare"])
  }

  override func apply(_ update: GroupUpdate, settings: Settings) throws(TorchError) {
    try inBlocks(update, slots: [0, 1], isWhole: true, settings: settings) { (block) throws(TorchError) in
      let direction = try block.direction(maximize: settings.maximize)
      let means = block.slots[0], squares = block.slots[1]
      try Tensor._foreach_mul_(means, Scalar(settings.beta1))
      try Tensor._foreach_add_(means, direction, alpha: Scalar(1 - settings.beta1))
      try Tensor._foreach_mul_(squares, Scalar(settings.beta2))
      try Tensor._foreach_addcmul_(squares, direction, direction, value: Scalar(1 - settings.beta2))
      let step = Double(block.step)
      let corrections = settings.correctsBias ? (1 - pow(settings.beta1, step), 1 - pow(settings.beta2, step)) : (1, 1)
      let denominator = try Tensor._foreach_sqrt(squares)
      try Tensor._foreach_mul_(denominator, Scalar(corrections.0 / corrections.1.squareRoot()))
      try Tensor._foreach_add_(denominator, Scalar(settings.epsilon * corrections.0))
      let change = try Tensor._foreach_div(means, denominator)
      if settings.weightDecay != 0 { try Tensor._foreach_add_(change, block.parameters, alpha: Scalar(settings.weightDecay)) }
      if settings.scales { try Tensor._foreach_mul_(change, scalars: ratios(block.parameters, change, settings)) }
      try Tensor._foreach_add_(block.parameters, change, alpha: Scalar(-settings.learningRate))
    }
  }

  /// The size of the weights over the size of the step, 1 where either is zero.
  private func ratios(_ parameters: [Tensor], _ change: [Tensor], _ settings: Settings) throws(TorchError) -> [Scalar] {
    let norms = try Tensor.stack(Tensor._foreach_norm(parameters + change)).array(of: Double.self)
    return parameters.indices.map { index in
      let weights = min(norms[index], settings.largestNorm ?? .infinity), step = norms[parameters.count + index]
      return Scalar(weights > 0 && step > 0 ? weights / step : 1)
    }
  }
}
