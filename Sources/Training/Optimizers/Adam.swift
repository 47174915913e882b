import Foundation
import MartletCore
public import NN
import Torch

/// Adam (Kingma and Ba, ICLR 2015) with L2 penalty, equal to PyTorch's `torch.optim.Adam`.
public class Adam: GroupedOptimizer<Adam.Settings> {
  /// One group's settings.
  public struct Settings: OptimizerGroupSettings, Hashable {
    public var learningRate: Double
    /// Decay of the mean of gradients.
    public var beta1: Double
    /// Decay of the mean of squared gradients.
    public var beta2: Double
    /// Added to the denominator.
    public var epsilon: Double
    /// L2 penalty for Adam, decoupled decay for AdamW.
    public var weightDecay: Double
    /// Divide by the largest mean of squares so far (Reddi et al., ICLR 2018).
    public var amsgrad: Bool
    /// Climb instead of descending.
    public var maximize: Bool

    /// PyTorch's defaults, without decay.
    public init(
      learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0,
      amsgrad: Bool = false, maximize: Bool = false
    ) {
      self.learningRate = learningRate
      self.beta1 = beta1
      self.beta2 = beta2
      self.epsilon = epsilon
      self.weightDecay = weightDecay
      self.amsgrad = amsgrad
      self.maximize = maximize
    }

    /// The first beta: what one-cycle moves.
    public var momentum: Double {
      get { beta1 }
      set { beta1 = newValue }
    }

    public func validate() throws {
      try check("learningRate", learningRate, isNonNegative: true)
      try check("epsilon", epsilon, isNonNegative: true)
      try check("weightDecay", weightDecay, isNonNegative: true)
      for (name, value) in [("beta1", beta1), ("beta2", beta2)] where !(0..<1).contains(value) {
        throw ArgumentError("\(name) is \(value)", expected: "0 or more and below 1")
      }
    }
  }

  private let isFused: Bool
  private let isDecoupled: Bool

  /// All parameters in one group.
  /// - Parameter fused: use libtorch's one-call kernel; without it the same mathematics runs operation by operation.
  /// - Throws: `ArgumentError` for a setting out of range, no parameters or one given twice; `TorchError` if a parameter could not be made.
  public convenience init(
    _ parameters: [Parameter], learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0, amsgrad: Bool = false, maximize: Bool = false, fused: Bool = true
  ) throws {
    let settings = Settings(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, amsgrad: amsgrad,
      maximize: maximize)
    try self.init(groups: [ParameterGroup(parameters, settings)], fused: fused)
  }

  /// Parameters in groups, each with its own settings.
  public convenience init(groups: [ParameterGroup<Settings>], fused: Bool = true) throws {
    try self.init(kind: "adam", groups: groups, isDecoupled: false, fused: fused)
  }

  init(kind: String, groups: [ParameterGroup<Settings>], isDecoupled: Bool, fused: Bool) throws {
    self.isFused = fused
    self.isDecoupled = isDecoupled
    try super.init(kind: kind, groups: groups, slots: ["mean", "meanSquare", "maxMeanSquare"])
  }

  override func apply(_ update: GroupUpdate, settings: Settings) throws(TorchError) {
    let means = try state(0, update)
    let squares = try state(1, update)
    let largest = settings.amsgrad ? try state(2, update) : []
    advance(update)
    let counts = counts[update.group]
    let steps = update.parameters.indices.map { counts[update.index($0)] }
    if isFused, FusedKernels.fit(update.parameters) {
      try FusedKernels.adam(
        update, AdamState(means: means, squares: squares, largest: largest, steps: steps), settings, isDecoupled: isDecoupled)
      return
    }
    for index in update.parameters.indices {
      let parameter = update.parameters[index]
      var gradient = settings.maximize ? try update.gradients[index].neg() : update.gradients[index]
      if settings.weightDecay != 0 {
        if isDecoupled {
          try parameter.mul_(Scalar(1 - settings.learningRate * settings.weightDecay))
        } else {
          gradient = try gradient.add(parameter, alpha: Scalar(settings.weightDecay))
        }
      }
      try means[index].lerp_(gradient, Scalar(1 - settings.beta1))
      try squares[index].mul_(Scalar(settings.beta2))
      try squares[index].addcmul_(gradient, gradient, value: Scalar(1 - settings.beta2))
      var square = squares[index]
      if settings.amsgrad {
        square = try largest[index].maximum(square)
        try largest[index].copy_(square)
      }
      let step = Double(steps[index])
      let correction = 1 - pow(settings.beta1, step)
      let denominator = try square.sqrt()
      try denominator.div_(Scalar((1 - pow(settings.beta2, step)).squareRoot()))
      try denominator.add_(Scalar(settings.epsilon))
      try parameter.addcdiv_(means[index], denominator, value: Scalar(-settings.learningRate / correction))
    }
  }
}

/// Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019), equal to PyTorch's `torch.optim.AdamW`.
public final class AdamW: Adam {
  /// All parameters in one group.
  /// - Parameter fused: use libtorch's one-call kernel; without it the same mathematics runs operation by operation.
  /// - Throws: `ArgumentError` for a setting out of range, no parameters or one given twice; `TorchError` if a parameter could not be made.
  public convenience init(
    _ parameters: [Parameter], learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0.01, amsgrad: Bool = false, maximize: Bool = false, fused: Bool = true
  ) throws {
    let settings = Settings(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, amsgrad: amsgrad,
      maximize: maximize)
    try self.init(groups: [ParameterGroup(parameters, settings)], fused: fused)
  }

  /// Parameters in groups, each with its own settings.
  public convenience init(groups: [ParameterGroup<Settings>], fused: Bool = true) throws {
    try self.init(kind: "adamw", groups: groups, isDecoupled: true, fused: fused)
  }
}
