import Foundation
import MartletCore
public import NN
import Torch

/// Adafactor (Shazeer and Stern, ICML 2018), equal to PyTorch's `torch.optim.Adafactor`: a matrix remembers the mean squares of its rows
/// and columns only, so that the state is small.
public final class Adafactor: GroupedOptimizer<Adafactor.Settings> {
  /// One group's settings.
  public struct Settings: OptimizerGroupSettings, Hashable {
    /// The largest relative step size; the step also shrinks with the square root of the steps done.
    public var learningRate: Double
    /// The mean of squares moves by the step to this power (PyTorch's `beta2_decay`).
    public var decayPower: Double
    /// Keeps the mean of squares above its square; the element type's precision if `nil`.
    public var epsilon1: Double?
    /// Weights count as this large at least.
    public var epsilon2: Double
    /// The step's root mean square is at most this (PyTorch's `d`).
    public var threshold: Double
    /// Decoupled weight decay.
    public var weightDecay: Double
    /// Climb instead of descending.
    public var maximize: Bool

    /// PyTorch's defaults.
    public init(
      learningRate: Double = 0.01, decayPower: Double = -0.8, epsilon1: Double? = nil, epsilon2: Double = 1e-3, threshold: Double = 1,
      weightDecay: Double = 0, maximize: Bool = false
    ) {
      self.learningRate = learningRate
      self.decayPower = decayPower
      self.epsilon1 = epsilon1
      self.epsilon2 = epsilon2
      self.threshold = threshold
      self.weightDecay = weightDecay
      self.maximize = maximize
    }

    public func validate() throws {
      try check("learningRate", learningRate, isNonNegative: true)
      try check("weightDecay", weightDecay, isNonNegative: true)
      try check("epsilon2", epsilon2, isNonNegative: true)
      if let epsilon1 { try check("epsilon1", epsilon1, isNonNegative: true) }
      guard decayPower <= 0 else { throw ArgumentError("decayPower is \(decayPower)", expected: "0 or less") }
      guard threshold >= 1 else { throw ArgumentError("threshold is \(threshold)", expected: "1 or more") }
    }
  }

  /// All parameters in one group.
  /// - Throws: `ArgumentError` for a setting out of range, no parameters or one given twice; `TorchError` if a parameter could not be made.
  public convenience init(
    _ parameters: [Parameter], learningRate: Double = 0.01, decayPower: Double = -0.8, epsilon1: Double? = nil, epsilon2: Double = 1e-3,
    threshold: Double = 1, weightDecay: Double = 0, maximize: Bool = false
  ) throws {
    let settings = Settings(
      learningRate: learningRate, decayPower: decayPower, epsilon1: epsilon1, epsilon2: epsilon2, threshold: threshold,
      weightDecay: weightDecay, maximize: maximize)
    try self.init(groups: [ParameterGroup(parameters, settings)])
  }

  /// Parameters in groups, each with its own settings.
  public init(groups: [ParameterGroup<Settings>]) throws {
    try super.init(kind: "adafactor", groups: groups, slots: ["rows", "columns", "meanSquare"])
  }

  override func shape(ofSlot slot: Int, for parameter: Tensor) -> [Int] {
    var shape = parameter.shape
    if slot < 2, shape.count > 1 { shape[shape.count - 1 - slot] = 1 }
    return shape
  }

  override func makeSlot(_ slot: Int, for parameter: Tensor, settings: Settings) throws(TorchError) -> Tensor {
    try Tensor.zeros(shape(ofSlot: slot, for: parameter), dtype: parameter.dtype, device: parameter.device)
  }

  override func apply(_ update: GroupUpdate, settings: Settings) throws(TorchError) {
    advance(update)
    for position in update.parameters.indices {
      let one = update.subset([position])
      let parameter = update.parameters[position]
      let gradient = settings.maximize ? try update.gradients[position].neg() : update.gradients[position]
      let step = Double(counts[update.group][update.index(position)])
      let epsilon1 = settings.epsilon1 ?? Self.precision(parameter.dtype)
      let size = try parameter.linalgVectorNorm().double() / Double(parameter.count).squareRoot()
      let rate = max(settings.epsilon2, size) * min(settings.learningRate, 1 / step.squareRoot())
      if settings.weightDecay != 0 { try parameter.mul_(Scalar(1 - settings.learningRate * settings.weightDecay)) }

      let change = try squares(gradient, one, weight: pow(step, settings.decayPower), epsilon1)
      try change.clamp_(min: Scalar(epsilon1 * epsilon1))
      try change.rsqrt_()
      try change.mul_(gradient)
      let excess = try change.linalgVectorNorm().double() / (Double(change.count).squareRoot() * settings.threshold)
      try parameter.add_(change, alpha: Scalar(-rate / max(1, excess)))
    }
  }

  /// The estimate of the gradient's mean square, a new tensor.
  private func squares(_ gradient: Tensor, _ one: GroupUpdate, weight: Double, _ epsilon1: Double) throws(TorchError) -> Tensor {
    guard gradient.ndim > 1 else {
      let mean = try state(2, one)[0]
      try mean.lerp_(gradient.mul(gradient), Scalar(weight))
      return try mean.clone()
    }
    let rows = try state(0, one)[0], columns = try state(1, one)[0]
    for (mean, dim) in [(rows, -1), (columns, -2)] {
      let square = try gradient.linalgVectorNorm(dims: [dim], keepDim: true)
      try square.square_()
      try square.div_(Scalar(gradient.size(dim)))
      try mean.lerp_(square, Scalar(weight))
    }
    return try rows.matmul(columns).div(rows.mean(dims: [-2], keepDim: true).clamp(min: Scalar(epsilon1)))
  }

  private static func precision(_ dtype: DType) -> Double {
    switch dtype {
    case .float64: Double.ulpOfOne
    case .float16: 0x1p-10
    case .bfloat16: 0x1p-7
    default: Double(Float.ulpOfOne)
    }
  }
}
