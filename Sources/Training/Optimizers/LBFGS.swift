import MartletCore
public import NN
public import Torch

/// L-BFGS (Liu and Nocedal, 1989), equal to PyTorch's `torch.optim.LBFGS`: a quasi-Newton method for small problems and all data at
/// once. One step runs several iterations and evaluates the loss many times.
///
/// All parameters make one group of one element type on one device.
public final class LBFGS: ClosureOptimizer {
  /// How far to go along a direction.
  public enum LineSearch: String, Sendable, Hashable, Codable {
    /// As far as the learning rate says.
    case none
    /// Until the strong Wolfe conditions hold; the usual choice.
    case strongWolfe
  }

  /// The settings.
  public struct Settings: OptimizerGroupSettings, Hashable {
    /// The first step size of a line search, or the only one.
    public var learningRate: Double
    /// Iterations of one step.
    public var iterations: Int
    /// Evaluations of the loss in one step; 1.25 times the iterations if `nil`.
    public var evaluations: Int?
    /// A gradient whose largest magnitude is no more ends the step.
    public var gradientTolerance: Double
    /// Changes of the loss or of the parameters that are no more end the step.
    public var changeTolerance: Double
    /// Past directions that are remembered.
    public var history: Int
    /// How far to go along a direction.
    public var lineSearch: LineSearch

    /// PyTorch's defaults, but with a line search.
    public init(
      learningRate: Double = 1, iterations: Int = 20, evaluations: Int? = nil, gradientTolerance: Double = 1e-7,
      changeTolerance: Double = 1e-9, history: Int = 100, lineSearch: LineSearch = .strongWolfe
    ) {
      self.learningRate = learningRate
      self.iterations = iterations
      self.evaluations = evaluations
      self.gradientTolerance = gradientTolerance
      self.changeTolerance = changeTolerance
      self.history = history
      self.lineSearch = lineSearch
    }

    public func validate() throws {
      try check("learningRate", learningRate, isNonNegative: true)
      try check("iterations", iterations, atLeast: 1)
      if let evaluations { try check("evaluations", evaluations, atLeast: 1) }
      try check("gradientTolerance", gradientTolerance, isNonNegative: true)
      try check("changeTolerance", changeTolerance, isNonNegative: true)
      try check("history", history, atLeast: 1)
    }
  }

  public let kind = "lbfgs"
  public let parameters: [Parameter]
  /// The settings.
  public private(set) var settings: Settings
  /// What the next step goes on from.
  var memory = LBFGSMemory()

  /// - Throws: `ArgumentError` for a setting out of range, no parameters, one given twice, or different element types or devices;
  ///   `TorchError` if a parameter could not be made.
  public init(_ parameters: [Parameter], _ settings: Settings = Settings()) throws {
    try settings.validate()
    guard let first = try parameters.first?.value else {
      throw ArgumentError("the optimizer got no parameters", expected: "one or more", remedy: "pass model.parameters()")
    }
    guard Set(parameters.map(ObjectIdentifier.init)).count == parameters.count else {
      throw ArgumentError("a parameter appears twice", expected: "each parameter once")
    }
    for parameter in parameters {
      let value = try parameter.value
      guard value.dtype == first.dtype, value.device == first.device else {
        throw ArgumentError(
          "L-BFGS got parameters of \(first.dtype) on \(first.device) and of \(value.dtype) on \(value.device)",
          expected: "one element type on one device")
      }
    }
    self.parameters = parameters
    self.settings = settings
  }

  public var learningRates: [Double] {
    get { [settings.learningRate] }
    set { if let value = newValue.first { settings.learningRate = value } }
  }
  public var momenta: [Double] {
    get { [0] }
    set {}
  }
  public var weightDecays: [Double] {
    get { [0] }
    set {}
  }

  /// Not possible: the loss has to be evaluated.
  public func step() throws(TorchError) {
    throw TorchError(
      .value, "LBFGS.step", "L-BFGS evaluates the loss itself", expected: "step { … } with a closure that computes the loss")
  }

  public func zeroGradients() { for parameter in parameters { parameter.clearGrad() } }

  @discardableResult
  public func step(_ evaluate: () throws -> Tensor) throws -> Tensor {
    let values = try parameters.map { try $0.value.detach() }
    let before = try values.map { try $0.clone() }
    do {
      var memory = memory
      let loss = try minimize(values, evaluate, &memory)
      self.memory = memory
      return loss
    } catch {
      try withoutGrad { try Tensor._foreach_copy_(values, before) }
      throw error
    }
  }

  private func minimize(_ values: [Tensor], _ evaluate: () throws -> Tensor, _ memory: inout LBFGSMemory) throws -> Tensor {
    let first = try withGrad { try evaluate() }
    return try withoutGrad {
      var loss = try first.double()
      var gradient = try flatGradient(values)
      var evaluations = 1
      let allowed = settings.evaluations ?? settings.iterations * 5 / 4
      guard try largest(gradient) > settings.gradientTolerance else { return first }
      for iteration in 1...settings.iterations {
        let direction = try memory.direction(gradient, limit: settings.history)
        let previousLoss = loss
        var length = settings.learningRate
        if memory.iterations == 1 { length *= try min(1, 1 / gradient.abs().sum().double()) }
        let slope = try gradient.dot(direction).double()
        memory.remember(direction, gradient)
        memory.length = length
        guard slope <= -settings.changeTolerance else { break }
        if settings.lineSearch == .strongWolfe {
          let start = LinePoint(step: 0, loss: loss, gradient: gradient, slope: slope)
          let search = StrongWolfe(start: start, reach: try largest(direction), limit: allowed - evaluations)
          let origin = try values.map { try $0.clone() }
          let (point, count) = try search.search(first: length) { step in
            try move(values, along: direction, by: step)
            let loss = try withGrad { try evaluate() }.double()
            let gradient = try flatGradient(values)
            try Tensor._foreach_copy_(values, origin)
            return LinePoint(step: step, loss: loss, gradient: gradient, slope: try gradient.dot(direction).double())
          }
          try move(values, along: direction, by: point.step)
          (loss, gradient, length) = (point.loss, point.gradient, point.step)
          evaluations += count
        } else {
          try move(values, along: direction, by: length)
          if iteration < settings.iterations {
            loss = try withGrad { try evaluate() }.double()
            gradient = try flatGradient(values)
            evaluations += 1
          }
        }
        memory.length = length
        if try evaluations >= allowed || largest(gradient) <= settings.gradientTolerance { break }
        if try largest(direction) * abs(length) <= settings.changeTolerance { break }
        if abs(loss - previousLoss) < settings.changeTolerance { break }
      }
      return first
    }
  }

  /// All gradients one after the other; zeros where there is none.
  private func flatGradient(_ values: [Tensor]) throws(TorchError) -> Tensor {
    var parts: [Tensor] = []
    for (parameter, value) in zip(parameters, values) {
      let gradient = if let gradient = parameter.grad { gradient } else { try value.zerosLike() }
      parts.append(try gradient.reshape([-1]))
    }
    return try Tensor.cat(parts)
  }

  private func move(_ values: [Tensor], along direction: Tensor, by step: Double) throws(TorchError) {
    var offset = 0
    for value in values {
      let count = value.count
      try value.add_(direction.narrow(dim: 0, start: offset, length: count).view(value.shape), alpha: Scalar(step))
      offset += count
    }
  }

  private func largest(_ tensor: Tensor) throws(TorchError) -> Double { try tensor.linalgVectorNorm(ord: .double(.infinity)).double() }
}
