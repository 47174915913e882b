import MartletCore
public import NN
import Torch

/// Stochastic gradient descent with momentum (Sutskever et al., ICML 2013), equal to PyTorch's `torch.optim.SGD`.
public final class SGD: GroupedOptimizer<SGD.Settings> {
  /// One group's settings.
  public struct Settings: OptimizerGroupSettings, Hashable {
    public var learningRate: Double
    public var momentum: Double
    /// The share of the gradient that does not enter the momentum.
    public var dampening: Double
    /// L2 penalty: this times the parameter is added to its gradient.
    public var weightDecay: Double
    /// Look ahead along the momentum; needs momentum and no dampening.
    public var nesterov: Bool
    /// Climb instead of descending.
    public var maximize: Bool

    /// PyTorch's defaults.
    public init(
      learningRate: Double, momentum: Double = 0, dampening: Double = 0, weightDecay: Double = 0, nesterov: Bool = false,
      maximize: Bool = false
    ) {
      self.learningRate = learningRate
      self.momentum = momentum
      self.dampening = dampening
      self.weightDecay = weightDecay
      self.nesterov = nesterov
      self.maximize = maximize
    }

    public func validate() throws {
      try check("learningRate", learningRate, isNonNegative: true)
      try check("momentum", momentum, isNonNegative: true)
      try check("weightDecay", weightDecay, isNonNegative: true)
      if nesterov, momentum == 0 || dampening != 0 {
        throw ArgumentError("Nesterov with momentum \(momentum) and dampening \(dampening)", expected: "momentum above 0 and dampening 0")
      }
    }
  }

  private let isFused: Bool

  /// All parameters in one group.
  /// - Parameter fused: use libtorch's one-call kernel; without it the same mathematics runs operation by operation.
  /// - Throws: `ArgumentError` for a setting out of range, no parameters or one given twice; `TorchError` if a parameter could not be made.
  public convenience init(
    _ parameters: [Parameter], learningRate: Double, momentum: Double = 0, dampening: Double = 0, weightDecay: Double = 0,
    nesterov: Bool = false, maximize: Bool = false, fused: Bool = true
  ) throws {
    let settings = Settings(
      learningRate: learningRate, momentum: momentum, dampening: dampening, weightDecay: weightDecay, nesterov: nesterov,
      maximize: maximize)
    try self.init(groups: [ParameterGroup(parameters, settings)], fused: fused)
  }

  /// Parameters in groups, each with its own settings.
  public init(groups: [ParameterGroup<Settings>], fused: Bool = true) throws {
    isFused = fused
    try super.init(kind: "sgd", groups: groups, slots: ["momentum"])
  }

  override func apply(_ update: GroupUpdate, settings: Settings) throws(TorchError) {
    guard settings.momentum != 0 else {
      try descend(update, momentum: [], isFirst: false, settings)
      return
    }
    // The first gradient of a parameter becomes its momentum as it is, without dampening.
    let counts = counts[update.group]
    let fresh = update.parameters.indices.filter { counts[update.index($0)] == 0 }
    if fresh.isEmpty || fresh.count == update.parameters.count {
      try descend(update, momentum: state(0, update), isFirst: !fresh.isEmpty, settings)
    } else {
      let old = update.subset(update.parameters.indices.filter { counts[update.index($0)] > 0 })
      let new = update.subset(fresh)
      try descend(old, momentum: state(0, old), isFirst: false, settings)
      try descend(new, momentum: state(0, new), isFirst: true, settings)
    }
    advance(update)
  }

  private func descend(_ update: GroupUpdate, momentum: [Tensor], isFirst: Bool, _ settings: Settings) throws(TorchError) {
    if isFused, FusedKernels.fit(update.parameters) {
      try FusedKernels.sgd(update, momentum: momentum, settings, isFirst: isFirst)
      return
    }
    for index in update.parameters.indices {
      let parameter = update.parameters[index]
      var direction = settings.maximize ? try update.gradients[index].neg() : update.gradients[index]
      if settings.weightDecay != 0 { direction = try direction.add(parameter, alpha: Scalar(settings.weightDecay)) }
      if settings.momentum != 0 {
        let buffer = momentum[index]
        if isFirst {
          try buffer.copy_(direction)
        } else {
          try buffer.mul_(Scalar(settings.momentum))
          try buffer.add_(direction, alpha: Scalar(1 - settings.dampening))
        }
        direction = settings.nesterov ? try direction.add(buffer, alpha: Scalar(settings.momentum)) : buffer
      }
      try parameter.add_(direction, alpha: Scalar(-settings.learningRate))
    }
  }
}
