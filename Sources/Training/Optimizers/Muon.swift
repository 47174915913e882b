import MartletCore
public import NN
import Torch

/// Muon (Jordan et al., 2024: "Muon: An optimizer for hidden layers in neural networks"), equal to PyTorch's `torch.optim.Muon`: the
/// momentum of a matrix, made nearly orthogonal by a Newton–Schulz iteration in bfloat16.
///
/// For matrices of hidden layers only. Biases, norms, convolutions, embeddings and the last layer belong to another optimizer:
/// `OptimizerChoice.muon` gives them to AdamW.
public final class Muon: GroupedOptimizer<Muon.Settings> {
  /// How the step depends on the matrix's shape.
  public enum Scaling: String, Sendable, Hashable, Codable {
    /// By the square root of rows over columns, where there are more rows.
    case original
    /// So that the step is as large as AdamW's, whose learning rate and weight decay then fit (Liu et al., 2025: arXiv 2502.16982).
    case matchAdamW

    func factor(_ shape: [Int]) -> Double {
      let rows = Double(shape[0]), columns = Double(shape[1])
      return switch self {
      case .original: max(1, rows / columns).squareRoot()
      case .matchAdamW: 0.2 * max(rows, columns).squareRoot()
      }
    }
  }

  /// One group's settings.
  public struct Settings: OptimizerGroupSettings, Hashable {
    /// Step size.
    public var learningRate: Double
    /// Decoupled weight decay.
    public var weightDecay: Double
    /// Decay of the mean of gradients.
    public var momentum: Double
    /// Look ahead along the momentum.
    public var nesterov: Bool
    /// The Newton–Schulz polynomial's three coefficients.
    public var coefficients: [Double]
    /// The momentum's norm counts as this at least.
    public var epsilon: Double
    /// Newton–Schulz iterations.
    public var iterations: Int
    /// How the step depends on the matrix's shape.
    public var scaling: Scaling

    /// PyTorch's defaults.
    public init(
      learningRate: Double = 1e-3, weightDecay: Double = 0.1, momentum: Double = 0.95, nesterov: Bool = true,
      coefficients: [Double] = [3.4445, -4.775, 2.0315], epsilon: Double = 1e-7, iterations: Int = 5, scaling: Scaling = .original
    ) {
      self.learningRate = learningRate
      self.weightDecay = weightDecay
      self.momentum = momentum
      self.nesterov = nesterov
      self.coefficients = coefficients
      self.epsilon = epsilon
      self.iterations = iterations
      self.scaling = scaling
    }

    public func validate() throws {
      try check("learningRate", learningRate, isNonNegative: true)
      try check("weightDecay", weightDecay, isNonNegative: true)
      try check("momentum", momentum, in: 0...1)
      try check("epsilon", epsilon, isNonNegative: true)
      guard coefficients.count == 3 else {
        throw ArgumentError("the Newton–Schulz iteration has \(coefficients.count) coefficients", expected: "3")
      }
      guard (0..<100).contains(iterations) else { throw ArgumentError("iterations is \(iterations)", expected: "0…99") }
    }
  }

  /// All parameters in one group.
  /// - Throws: `ArgumentError` for a parameter that is no matrix, a setting out of range, no parameters or one given twice; `TorchError`
  ///   if a parameter could not be made.
  public convenience init(
    _ parameters: [Parameter], learningRate: Double = 1e-3, weightDecay: Double = 0.1, momentum: Double = 0.95, nesterov: Bool = true,
    scaling: Scaling = .original
  ) throws {
    let settings = Settings(
      learningRate: learningRate, weightDecay: weightDecay, momentum: momentum, nesterov: nesterov, scaling: scaling)
    try self.init(groups: [ParameterGroup(parameters, settings)])
  }

  /// Parameters in groups, each with its own settings.
  public init(groups: [ParameterGroup<Settings>]) throws {
    try super.init(kind: "muon", groups: groups, slots: ["momentum"])
  }

  override func examine(_ parameter: Tensor) throws {
    guard parameter.ndim == 2 else {
      throw ArgumentError(
        "Muon got a parameter of shape \(parameter.shape)", expected: "matrices, two dimensions",
        remedy: "give the others to AdamW: OptimizerChoice.muon does")
    }
  }

  override func apply(_ update: GroupUpdate, settings: Settings) throws(TorchError) {
    advance(update)
    let momenta = try state(0, update)
    try Tensor._foreach_lerp_(momenta, update.gradients, Scalar(1 - settings.momentum))
    if settings.weightDecay != 0 {
      try Tensor._foreach_mul_(update.parameters, Scalar(1 - settings.learningRate * settings.weightDecay))
    }
    for (index, parameter) in update.parameters.enumerated() {
      let direction = settings.nesterov ? try update.gradients[index].lerp(momenta[index], Scalar(settings.momentum)) : momenta[index]
      let change = try Self.orthogonal(direction, settings)
      try parameter.add_(change, alpha: Scalar(-settings.learningRate * settings.scaling.factor(parameter.shape)))
    }
  }

  /// The nearest matrix with orthogonal rows or columns, roughly: its singular values lie around 1.
  private static func orthogonal(_ matrix: Tensor, _ settings: Settings) throws(TorchError) -> Tensor {
    let isTall = try matrix.size(0) > matrix.size(1)
    var x = try matrix.to(.bfloat16, copy: true)
    if isTall { x = try x.transpose(0, 1) }
    try x.div_(x.linalgVectorNorm().clamp(min: Scalar(settings.epsilon)))
    let (a, b, c) = (settings.coefficients[0], settings.coefficients[1], settings.coefficients[2])
    for _ in 0..<settings.iterations {
      let gram = try x.matmul(x.transpose(0, 1))
      let polynomial = try gram.addmm(gram, gram, beta: Scalar(b), alpha: Scalar(c))
      x = try x.addmm(polynomial, x, beta: Scalar(a))
    }
    return isTall ? try x.transpose(0, 1) : x
  }
}
