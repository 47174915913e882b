public import Torch

// More activations as layers, for `Sequential`. What they compute stands at the functions.

/// ``celu(_:alpha:)`` as a layer.
public final class CELU: Module, Layer {
  private let alpha: Double

  /// - Parameter alpha: minus the limit for very negative values.
  public init(alpha: Double = 1) {
    self.alpha = alpha
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try celu(x, alpha: alpha) }
  }

  public override var details: String { alpha == 1 ? "" : "\(alpha)" }
}

/// ``glu(_:dim:)`` as a layer.
public final class GLU: Module, Layer {
  private let dim: Int

  /// - Parameter dim: the dimension that is halved.
  public init(dim: Int = -1) {
    self.dim = dim
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try glu(x, dim: dim) }
  }

  public override var details: String { "dim \(dim)" }
}

/// ``swiGLU(_:dim:)`` as a layer.
public final class SwiGLU: Module, Layer {
  private let dim: Int

  /// - Parameter dim: the dimension that is halved.
  public init(dim: Int = -1) {
    self.dim = dim
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try swiGLU(x, dim: dim) }
  }

  public override var details: String { "dim \(dim)" }
}

/// ``geGLU(_:dim:)`` as a layer.
public final class GeGLU: Module, Layer {
  private let dim: Int

  /// - Parameter dim: the dimension that is halved.
  public init(dim: Int = -1) {
    self.dim = dim
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try geGLU(x, dim: dim) }
  }

  public override var details: String { "dim \(dim)" }
}

/// ``hardshrink(_:lambda:)`` as a layer.
public final class Hardshrink: Module, Layer {
  private let lambda: Double

  /// - Parameter lambda: values up to this become 0.
  public init(lambda: Double = 0.5) {
    self.lambda = lambda
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try hardshrink(x, lambda: lambda) }
  }

  public override var details: String { "\(lambda)" }
}

/// ``softshrink(_:lambda:)`` as a layer.
public final class Softshrink: Module, Layer {
  private let lambda: Double

  /// - Parameter lambda: how far values move towards 0.
  public init(lambda: Double = 0.5) {
    self.lambda = lambda
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try softshrink(x, lambda: lambda) }
  }

  public override var details: String { "\(lambda)" }
}

/// ``tanhshrink(_:)`` as a layer.
public final class Tanhshrink: Module, Layer {
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try tanhshrink(x) }
  }
}

/// ``softsign(_:)`` as a layer.
public final class Softsign: Module, Layer {
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try softsign(x) }
  }
}

/// ``logSigmoid(_:)`` as a layer.
public final class LogSigmoid: Module, Layer {
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try logSigmoid(x) }
  }
}

/// ``rrelu(_:lower:upper:training:)`` as a layer.
public final class RReLU: Module, Layer {
  private let lower: Double
  private let upper: Double

  /// - Parameters:
  ///   - lower: the least slope.
  ///   - upper: the largest slope.
  public init(lower: Double = 1.0 / 8, upper: Double = 1.0 / 3) {
    self.lower = lower
    self.upper = upper
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try rrelu(x, lower: lower, upper: upper, training: isTraining) }
  }

  public override var details: String { "\(lower)…\(upper)" }
}

/// ``softmin(_:dim:)`` as a layer.
public final class Softmin: Module, Layer {
  private let dim: Int

  /// - Parameter dim: the dimension that sums to one.
  public init(dim: Int = -1) {
    self.dim = dim
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try softmin(x, dim: dim) }
  }

  public override var details: String { "dim \(dim)" }
}

/// ``threshold(_:_:value:)`` as a layer.
public final class Threshold: Module, Layer {
  private let limit: Double
  private let value: Double

  /// - Parameters:
  ///   - threshold: values up to this are replaced.
  ///   - value: what they are replaced by.
  public init(_ threshold: Double, value: Double) {
    limit = threshold
    self.value = value
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try threshold(x, limit, value: value) }
  }

  public override var details: String { "\(limit), \(value)" }
}

/// ``softmax(_:dim:)`` over the channels of images `[batch, channels, height, width]` (or without batch).
public final class Softmax2d: Module, Layer {
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      guard (3...4).contains(x.ndim) else { throw TorchError.layer("got \(x.shape)", expected: PoolingShape.names(2)) }
      return try x.softmax(dim: -3)
    }
  }
}
