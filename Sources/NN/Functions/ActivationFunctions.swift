public import Torch

// Activations as functions. All take any shape and give the same shape.

/// max(x, 0).
public func relu(_ x: Tensor) throws(TorchError) -> Tensor { try x.relu() }

/// min(max(x, 0), 6).
public func relu6(_ x: Tensor) throws(TorchError) -> Tensor { try x.relu6() }

/// How ``gelu(_:approximation:)`` computes the normal distribution.
public enum GELUApproximation: String, Sendable {
  /// By the error function.
  case none
  /// By a hyperbolic tangent, as in GPT-2.
  case tanh
}

/// x · Φ(x) with the normal distribution Φ (Hendrycks, Gimpel 2016, arXiv:1606.08415).
public func gelu(_ x: Tensor, approximation: GELUApproximation = .none) throws(TorchError) -> Tensor {
  try x.gelu(approximate: approximation.rawValue)
}

/// x · sigmoid(x), also called swish.
public func silu(_ x: Tensor) throws(TorchError) -> Tensor { try x.silu() }

/// 1 / (1 + e⁻ˣ).
public func sigmoid(_ x: Tensor) throws(TorchError) -> Tensor { try x.sigmoid() }

/// The hyperbolic tangent.
public func tanh(_ x: Tensor) throws(TorchError) -> Tensor { try x.tanh() }

/// x where it is positive, `slope` · x elsewhere.
public func leakyRelu(_ x: Tensor, slope: Double = 0.01) throws(TorchError) -> Tensor { try x.leakyRelu(negativeSlope: Scalar(slope)) }

/// x where it is positive, `alpha` · (eˣ - 1) elsewhere.
public func elu(_ x: Tensor, alpha: Double = 1) throws(TorchError) -> Tensor { try x.elu(alpha: Scalar(alpha)) }

/// The self-normalising ELU (Klambauer et al. 2017, arXiv:1706.02515).
public func selu(_ x: Tensor) throws(TorchError) -> Tensor { try x.selu() }

/// log(1 + e^(beta · x)) / beta; x itself where beta · x is beyond `threshold`.
public func softplus(_ x: Tensor, beta: Double = 1, threshold: Double = 20) throws(TorchError) -> Tensor {
  try x.softplus(beta: Scalar(beta), threshold: Scalar(threshold))
}

/// x · relu6(x + 3) / 6.
public func hardswish(_ x: Tensor) throws(TorchError) -> Tensor { try x.hardswish() }

/// relu6(x + 3) / 6.
public func hardsigmoid(_ x: Tensor) throws(TorchError) -> Tensor { try x.hardsigmoid() }

/// x cut to `low`…`high`.
public func hardtanh(_ x: Tensor, low: Double = -1, high: Double = 1) throws(TorchError) -> Tensor {
  try x.hardtanh(minVal: Scalar(low), maxVal: Scalar(high))
}

/// x · tanh(softplus(x)) (Misra 2019, arXiv:1908.08681).
public func mish(_ x: Tensor) throws(TorchError) -> Tensor { try x.mish() }

/// x where it is positive, weight · x elsewhere, with one weight or one for each channel (the second dimension).
public func prelu(_ x: Tensor, _ weight: Tensor) throws(TorchError) -> Tensor { try x.prelu(weight) }

/// eˣ divided by its sum along `dim`.
public func softmax(_ x: Tensor, dim: Int = -1) throws(TorchError) -> Tensor { try x.softmax(dim: dim) }

/// The logarithm of ``softmax(_:dim:)``, computed without overflow.
public func logSoftmax(_ x: Tensor, dim: Int = -1) throws(TorchError) -> Tensor { try x.logSoftmax(dim: dim) }

/// max(x, 0) + min(alpha · (e^(x / alpha) - 1), 0) (Barron 2017, arXiv:1704.07483).
public func celu(_ x: Tensor, alpha: Double = 1) throws(TorchError) -> Tensor { try x.celu(alpha: Scalar(alpha)) }

/// The first half along `dim` times the sigmoid of the second (Dauphin et al. 2016, arXiv:1612.08083).
public func glu(_ x: Tensor, dim: Int = -1) throws(TorchError) -> Tensor { try x.glu(dim: dim) }

/// The ``silu(_:)`` of the first half along `dim` times the second (Shazeer 2020, arXiv:2002.05202).
/// - Throws: `TorchError` where the dimension cannot be halved.
public func swiGLU(_ x: Tensor, dim: Int = -1) throws(TorchError) -> Tensor {
  let (gate, value) = try halves(x, dim, "swiGLU")
  return try gate.silu() * value
}

/// The ``gelu(_:approximation:)`` of the first half along `dim` times the second (Shazeer 2020, arXiv:2002.05202).
/// - Throws: `TorchError` where the dimension cannot be halved.
public func geGLU(_ x: Tensor, dim: Int = -1) throws(TorchError) -> Tensor {
  let (gate, value) = try halves(x, dim, "geGLU")
  return try gate.gelu() * value
}

private func halves(_ x: Tensor, _ dim: Int, _ name: String) throws(TorchError) -> (Tensor, Tensor) {
  let size = try x.size(dim)
  guard size > 0, size % 2 == 0 else {
    throw TorchError.layer("got \(x.shape)", in: name, expected: "an even size of dimension \(dim)")
  }
  let parts = try x.chunk(2, dim: dim)
  return (parts[0], parts[1])
}

/// x beyond ±`lambda`, 0 between.
public func hardshrink(_ x: Tensor, lambda: Double = 0.5) throws(TorchError) -> Tensor { try x.hardshrink(lambd: Scalar(lambda)) }

/// x moved towards 0 by `lambda`, 0 between ±`lambda`.
public func softshrink(_ x: Tensor, lambda: Double = 0.5) throws(TorchError) -> Tensor { try x.softshrink(lambd: Scalar(lambda)) }

/// x - tanh(x).
public func tanhshrink(_ x: Tensor) throws(TorchError) -> Tensor { try x - x.tanh() }

/// x / (1 + |x|).
public func softsign(_ x: Tensor) throws(TorchError) -> Tensor { try x / (x.abs() + 1) }

/// The logarithm of ``sigmoid(_:)``, computed without overflow.
public func logSigmoid(_ x: Tensor) throws(TorchError) -> Tensor { try x.logSigmoid() }

/// x where it is beyond `threshold`, `value` elsewhere.
public func threshold(_ x: Tensor, _ threshold: Double, value: Double) throws(TorchError) -> Tensor {
  try x.threshold(Scalar(threshold), value: Scalar(value))
}

/// x where it is positive, a random slope times x elsewhere: uniform in `lower`…`upper` in training, their mean otherwise (Xu et al. 2015,
/// arXiv:1505.00853).
public func rrelu(
  _ x: Tensor, lower: Double = 1.0 / 8, upper: Double = 1.0 / 3, training: Bool = false
) throws(TorchError) -> Tensor { try x.rrelu(lower: Scalar(lower), upper: Scalar(upper), training: training) }

/// ``softmax(_:dim:)`` of -x.
public func softmin(_ x: Tensor, dim: Int = -1) throws(TorchError) -> Tensor { try (-x).softmax(dim: dim) }
