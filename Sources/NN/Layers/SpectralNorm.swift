public import Torch

/// Divides a layer's parameter by its largest singular value, so that the layer stretches nothing (Miyato et al. 2018, arXiv:1802.05957).
/// The value is followed by power iterations, one or more in each use in training.
///
/// State as of `torch.nn.utils.parametrizations.spectral_norm`: `parametrizations.weight.original`, and the singular vectors
/// `parametrizations.weight.0._u` and `parametrizations.weight.0._v`, in place of `weight`. ``removeNorm(of:_:)`` undoes it.
/// An optimizer has to be made afterwards, since the trained parameters are others.
///
/// ```swift
/// let fc = try spectralNorm(Linear(20, 40))
/// ```
/// - Parameters:
///   - module: the layer; it is changed.
///   - name: the parameter's name in the state.
///   - powerIterations: how often the vectors are improved in each use in training.
///   - eps: the least length that a vector is divided by.
///   - dim: the dimension of the outputs; 0 if `nil`, 1 for transposed convolutions.
/// - Returns: the layer.
/// - Throws: `TorchError` where there is no such parameter or dimension, or it has a norm already.
@discardableResult
public func spectralNorm<Normalized: Module>(
  _ module: Normalized, _ name: String = "weight", powerIterations: Int = 1, eps: Double = 1e-12, dim: Int? = nil
) throws(TorchError) -> Normalized {
  let place = "spectralNorm of \(module.place)"
  let parameter = try module.ownParameter(name, for: "spectralNorm")
  guard powerIterations > 0 else {
    throw TorchError.layer("\(powerIterations) power iterations find nothing", in: place, expected: "1 or more")
  }
  let axis = try NormalizedParameter.axis(dim ?? (module is TransposedConvolution ? 1 : 0), of: parameter, name, in: place)
  let norm = try SpectralNorm(parameter.value.detach(), powerIterations: powerIterations, eps: eps, dim: axis ?? 0)
  norm.setTraining(module.isTraining)
  // PyTorch computes the value once when the norm is added, which improves the vectors.
  _ = try norm.value()
  parameter.parametrization = norm
  parameter.clearGrad()
  module.structureChanged()
  return module
}

/// The parameter that a weight with spectral norm is made of.
private final class SpectralNorm: Parametrization {
  let original: Parameter
  let vectors: SingularVectors?
  private let eps: Double

  init(_ weight: Tensor, powerIterations: Int, eps: Double, dim: Int) throws(TorchError) {
    self.eps = eps
    original = Parameter(weight)
    vectors = weight.ndim > 1 ? try SingularVectors(weight, powerIterations: powerIterations, eps: eps, dim: dim) : nil
  }

  override class var stateNames: [String: String] { ["vectors": "0"] }

  override func value() throws(TorchError) -> Tensor {
    let weight = try original.value
    guard let vectors else { return try SingularVectors.normalized(weight, eps: eps) }
    return try weight / vectors.largestValue(of: weight)
  }

  override var shape: [Int] { original.shape }
}

/// The first left and right singular vector of a weight.
private final class SingularVectors: Module {
  let u: Buffer
  let v: Buffer
  private let powerIterations: Int
  private let eps: Double
  private let dim: Int

  init(_ weight: Tensor, powerIterations: Int, eps: Double, dim: Int) throws(TorchError) {
    self.powerIterations = powerIterations
    self.eps = eps
    self.dim = dim
    let matrix = try Self.matrix(weight, dim)
    func start(_ size: Int) throws(TorchError) -> Tensor {
      let vector = try Tensor.empty([size], dtype: weight.dtype, device: weight.device)
      try vector.normal_(mean: 0, std: 1)
      return vector
    }
    // Both are drawn before either is brought to length 1: PyTorch's order.
    let left = try start(matrix.shape[0]), right = try start(matrix.shape[1])
    u = Buffer(try Self.normalized(left, eps: eps))
    v = Buffer(try Self.normalized(right, eps: eps))
    super.init()
    try improve(matrix, times: 15)
  }

  override class var stateNames: [String: String] { ["u": "_u", "v": "_v"] }

  /// The largest singular value; in training after improving the vectors.
  func largestValue(of weight: Tensor) throws(TorchError) -> Tensor {
    let matrix = try Self.matrix(weight, dim)
    if isTraining { try improve(matrix, times: powerIterations) }
    // The buffers change in the next call; what this call's backward needs must not.
    let left = try u.value.clone(), right = try v.value.clone()
    return try left.vdot(matrix.mv(right))
  }

  private func improve(_ matrix: Tensor, times: Int) throws(TorchError) {
    try withoutGrad { () throws(TorchError) in
      let matrix = try matrix.detach()
      for _ in 0..<times {
        try u.assign(Self.normalized(matrix.mv(v.value), eps: eps))
        try v.assign(Self.normalized(matrix.t().mv(u.value), eps: eps))
      }
    }
  }

  private static func matrix(_ weight: Tensor, _ dim: Int) throws(TorchError) -> Tensor {
    try (dim == 0 ? weight : weight.permute([dim] + (0..<weight.ndim).filter { $0 != dim })).flatten(from: 1)
  }

  static func normalized(_ vector: Tensor, eps: Double) throws(TorchError) -> Tensor {
    try vector / vector.norm(p: 2, dims: [0], keepDim: true).clampMin(Scalar(eps))
  }
}
