import Foundation
import MartletCore
public import NN
public import Torch

/// Averaged stochastic gradient descent (Polyak and Juditsky, 1992), equal to PyTorch's `torch.optim.ASGD`. The averages are `averages()`.
public final class ASGD: GroupedOptimizer<ASGD.Settings> {
  /// One group's settings.
  public struct Settings: OptimizerGroupSettings, Hashable {
    /// Step size.
    public var learningRate: Double
    /// Decay of the weights and of the learning rate (PyTorch's `lambd`).
    public var decay: Double
    /// How quickly the learning rate falls (PyTorch's `alpha`).
    public var power: Double
    /// Steps after which averaging begins (PyTorch's `t0`).
    public var averagingStart: Double
    /// L2 penalty: this times the parameter is added to its gradient.
    public var weightDecay: Double
    /// Climb instead of descending.
    public var maximize: Bool

    /// PyTorch's defaults.
    public init(
      learningRate: Double = 0.01, decay: Double = 1e-4, power: Double = 0.75, averagingStart: Double = 1e6, weightDecay: Double = 0,
      maximize: Bool = false
    ) {
      self.learningRate = learningRate
      self.decay = decay
      self.power = power
      self.averagingStart = averagingStart
      self.weightDecay = weightDecay
      self.maximize = maximize
    }

    public func validate() throws {
      try check("learningRate", learningRate, isNonNegative: true)
      try check("weightDecay", weightDecay, isNonNegative: true)
      try check("decay", decay, isNonNegative: true)
      try check("power", power, isNonNegative: true)
      try check("averagingStart", averagingStart, isNonNegative: true)
    }
  }

  /// All parameters in one group.
  /// - Throws: `ArgumentError` for a setting out of range, no parameters or one given twice; `TorchError` if a parameter could not be made.
  public convenience init(
    _ parameters: [Parameter], learningRate: Double = 0.01, decay: Double = 1e-4, power: Double = 0.75, averagingStart: Double = 1e6,
    weightDecay: Double = 0, maximize: Bool = false
  ) throws {
    let settings = Settings(
      learningRate: learningRate, decay: decay, power: power, averagingStart: averagingStart, weightDecay: weightDecay, maximize: maximize)
    try self.init(groups: [ParameterGroup(parameters, settings)])
  }

  /// Parameters in groups, each with its own settings.
  public init(groups: [ParameterGroup<Settings>]) throws {
    try super.init(kind: "asgd", groups: groups, slots: ["average"])
  }

  /// The parameters' averages, group by group; `nil` before a parameter's first update.
  public func averages() -> [[Tensor?]] { slots.map { $0[0] } }

  // The learning rate of the next step, and the weight of its parameters in the average.
  override func initialNumbers(_ settings: Settings) -> [Double] { [settings.learningRate, 1] }

  override func next(_ numbers: [Double], step: Int, settings: Settings) -> [Double] {
    let step = Double(step)
    return [
      settings.learningRate / pow(1 + settings.decay * settings.learningRate * step, settings.power),
      1 / max(1, step - settings.averagingStart),
    ]
  }

  override func apply(_ update: GroupUpdate, settings: Settings) throws(TorchError) {
    try inBlocks(update, slots: [0], settings: settings) { (block) throws(TorchError) in
      let direction = try block.direction(maximize: settings.maximize, penalty: settings.weightDecay)
      let rate = block.numbers[0], weight = block.numbers[1]
      try Tensor._foreach_mul_(block.parameters, Scalar(1 - settings.decay * rate))
      try Tensor._foreach_add_(block.parameters, direction, alpha: Scalar(-rate))
      if weight == 1 {
        try Tensor._foreach_copy_(block.slots[0], block.parameters)
      } else {
        try Tensor._foreach_lerp_(block.slots[0], block.parameters, Scalar(weight))
      }
    }
  }
}
