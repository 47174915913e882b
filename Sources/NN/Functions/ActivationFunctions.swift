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
