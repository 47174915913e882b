import MartletCore
public import NN
import Torch

/// Resilient backpropagation (Riedmiller and Braun, 1993), equal to PyTorch's `torch.optim.Rprop`: only the gradient's sign counts, and
/// every weight has a step size of its own. For gradients of all data at once, not for batches.
public final class Rprop: GroupedOptimizer<Rprop.Settings> {
  /// One group's settings.
  public struct Settings: OptimizerGroupSettings, Hashable {
    /// The first step size of every weight; later changes of it have no effect.
    public var learningRate: Double
    /// What a step size is multiplied by when the gradient's sign turns.
    public var shrink: Double
    /// What a step size is multiplied by while the sign stays.
    public var grow: Double
    /// No step size goes below.
    public var smallestStep: Double
    /// No step size goes above.
    public var largestStep: Double
    /// Climb instead of descending.
    public var maximize: Bool

    /// PyTorch's defaults.
    public init(
      learningRate: Double = 0.01, shrink: Double = 0.5, grow: Double = 1.2, smallestStep: Double = 1e-6, largestStep: Double = 50,
      maximize: Bool = false
    ) {
      self.learningRate = learningRate
      self.shrink = shrink
      self.grow = grow
      self.smallestStep = smallestStep
      self.largestStep = largestStep
      self.maximize = maximize
    }

    public func validate() throws {
      try check("learningRate", learningRate, isNonNegative: true)
      guard 0 < shrink, shrink < 1 else { throw ArgumentError("shrink is \(shrink)", expected: "above 0 and below 1") }
      guard grow > 1, grow.isFinite else { throw ArgumentError("grow is \(grow)", expected: "a finite number above 1") }
      guard 0 <= smallestStep, smallestStep <= largestStep else {
        throw ArgumentError(
          "the step sizes reach from \(smallestStep) to \(largestStep)", expected: "0 or more, the largest not below the smallest")
      }
    }
  }

  /// All parameters in one group.
  /// - Throws: `ArgumentError` for a setting out of range, no parameters or one given twice; `TorchError` if a parameter could not be made.
  public convenience init(
    _ parameters: [Parameter], learningRate: Double = 0.01, shrink: Double = 0.5, grow: Double = 1.2, smallestStep: Double = 1e-6,
    largestStep: Double = 50, maximize: Bool = false
  ) throws {
    let settings = Settings(
      learningRate: learningRate, shrink: shrink, grow: grow, smallestStep: smallestStep, largestStep: largestStep, maximize: maximize)
    try self.init(groups: [ParameterGroup(parameters, settings)])
  }

  /// Parameters in groups, each with its own settings.
  public init(groups: [ParameterGroup<Settings>]) throws {
    try super.init(kind: "rprop", groups: groups, slots: ["previous", "stepSize"])
  }

  override func makeSlot(_ slot: Int, for parameter: Tensor, settings: Settings) throws(TorchError) -> Tensor {
    try parameter.detach().fullLike(value: Scalar(slot == 0 ? 0 : settings.learningRate))
  }

  override func apply(_ update: GroupUpdate, settings: Settings) throws(TorchError) {
    try inBlocks(update, slots: [0, 1], settings: settings) { (block) throws(TorchError) in
      let direction = try block.direction(maximize: settings.maximize)
      let previous = block.slots[0], sizes = block.slots[1]
      let agreement = try Tensor._foreach_mul(direction, previous)
      var kept: [Tensor] = []
      for (index, product) in agreement.enumerated() {
        let turned = try product.lt(0)
        let factor = try product.onesLike()
        try factor.maskedFill_(turned, Scalar(settings.shrink))
        try factor.maskedFill_(product.gt(0), Scalar(settings.grow))
        try sizes[index].mul_(factor)
        // Where the sign has turned, the weight waits for a step.
        kept.append(try direction[index].maskedFill(turned, 0))
      }
      try Tensor._foreach_clamp_min_(sizes, Scalar(settings.smallestStep))
      try Tensor._foreach_clamp_max_(sizes, Scalar(settings.largestStep))
      try Tensor._foreach_addcmul_(block.parameters, Tensor._foreach_sign(kept), sizes, value: -1)
      try Tensor._foreach_copy_(previous, kept)
    }
  }
}
