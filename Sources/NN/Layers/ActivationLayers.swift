public import Torch

// Activations as layers, for `Sequential`. All take any shape and give the same shape; what they compute stands at the functions.

/// ``relu(_:)`` as a layer.
public final class ReLU: Module, Layer {
  private let isOverwriting: Bool

  public override init() { isOverwriting = false }

  /// - Parameter overwriting: the result may take its input's place, which nobody else needs.
  package init(overwriting: Bool) { isOverwriting = overwriting }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in isOverwriting ? try reluOver(x) : try x.relu() }
  }
}

/// ``relu6(_:)`` as a layer.
public final class ReLU6: Module, Layer {
  private let isOverwriting: Bool

  public override init() { isOverwriting = false }

  /// - Parameter overwriting: the result may take its input's place, which nobody else needs.
  package init(overwriting: Bool) { isOverwriting = overwriting }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in isOverwriting ? try relu6Over(x) : try x.relu6() }
  }
}

/// ``gelu(_:approximation:)`` as a layer.
public final class GELU: Module, Layer {
  private let approximation: GELUApproximation

  /// - Parameter approximation: exact, or by a hyperbolic tangent.
  public init(approximation: GELUApproximation = .none) {
    self.approximation = approximation
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try x.gelu(approximate: approximation.rawValue) }
  }

  public override var details: String { approximation == .none ? "" : approximation.rawValue }
}

/// ``silu(_:)`` as a layer.
public final class SiLU: Module, Layer {
  private let isOverwriting: Bool

  public override init() { isOverwriting = false }

  /// - Parameter overwriting: the result may take its input's place, which nobody else needs.
  package init(overwriting: Bool) { isOverwriting = overwriting }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in isOverwriting ? try siluOver(x) : try x.silu() }
  }
}

/// ``sigmoid(_:)`` as a layer.
public final class Sigmoid: Module, Layer {
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try x.sigmoid() }
  }
}

/// ``tanh(_:)`` as a layer.
public final class Tanh: Module, Layer {
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try x.tanh() }
  }
}

/// ``leakyRelu(_:slope:)`` as a layer.
public final class LeakyReLU: Module, Layer {
  private let slope: Double

  /// - Parameter slope: the factor of negative values.
  public init(slope: Double = 0.01) {
    self.slope = slope
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try x.leakyRelu(negativeSlope: Scalar(slope)) }
  }

  public override var details: String { "\(slope)" }
}

/// ``elu(_:alpha:)`` as a layer.
public final class ELU: Module, Layer {
  private let alpha: Double

  /// - Parameter alpha: minus the limit for very negative values.
  public init(alpha: Double = 1) {
    self.alpha = alpha
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try x.elu(alpha: Scalar(alpha)) }
  }

  public override var details: String { alpha == 1 ? "" : "\(alpha)" }
}

/// ``selu(_:)`` as a layer.
public final class SELU: Module, Layer {
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try x.selu() }
  }
}

/// ``softplus(_:beta:threshold:)`` as a layer.
public final class Softplus: Module, Layer {
  private let beta: Double
  private let threshold: Double

  /// - Parameters:
  ///   - beta: the sharpness.
  ///   - threshold: where beta · x is beyond it, x itself is taken.
  public init(beta: Double = 1, threshold: Double = 20) {
    self.beta = beta
    self.threshold = threshold
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try x.softplus(beta: Scalar(beta), threshold: Scalar(threshold)) }
  }
}

/// ``hardswish(_:)`` as a layer.
public final class Hardswish: Module, Layer {
  private let isOverwriting: Bool

  public override init() { isOverwriting = false }

  /// - Parameter overwriting: the result may take its input's place, which nobody else needs.
  package init(overwriting: Bool) { isOverwriting = overwriting }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in isOverwriting ? try hardswishOver(x) : try x.hardswish() }
  }
}

/// ``hardsigmoid(_:)`` as a layer.
public final class Hardsigmoid: Module, Layer {
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try x.hardsigmoid() }
  }
}

/// ``hardtanh(_:low:high:)`` as a layer.
public final class Hardtanh: Module, Layer {
  private let low: Double
  private let high: Double

  /// - Parameters:
  ///   - low: the least value.
  ///   - high: the largest value.
  public init(low: Double = -1, high: Double = 1) {
    self.low = low
    self.high = high
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try x.hardtanh(minVal: Scalar(low), maxVal: Scalar(high)) }
  }

  public override var details: String { "\(low)…\(high)" }
}

/// ``mish(_:)`` as a layer.
public final class Mish: Module, Layer {
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try x.mish() }
  }
}

/// ``softmax(_:dim:)`` as a layer.
public final class Softmax: Module, Layer {
  private let dim: Int

  /// - Parameter dim: the dimension that sums to one.
  public init(dim: Int = -1) {
    self.dim = dim
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try x.softmax(dim: dim) }
  }

  public override var details: String { "dim \(dim)" }
}

/// ``logSoftmax(_:dim:)`` as a layer.
public final class LogSoftmax: Module, Layer {
  private let dim: Int

  /// - Parameter dim: the dimension whose exponentials sum to one.
  public init(dim: Int = -1) {
    self.dim = dim
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try x.logSoftmax(dim: dim) }
  }

  public override var details: String { "dim \(dim)" }
}
