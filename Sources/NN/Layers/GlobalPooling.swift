public import Torch

/// What the layers share that make one number of each channel.
public class GlobalPooling: Module {
  final func pooled(_ x: Tensor, _ body: (Tensor, [Int]) throws(TorchError) -> Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      guard x.ndim > 2 else { throw TorchError.layer("there are no positions in shape \(x.shape)") }
      return try body(x, Array(2..<x.ndim))
    }
  }

  public override func expectation(inputs shapes: [[Int]]) -> String? {
    (shapes.first?.count ?? 0) > 2 ? nil : "[batch, channels, height, width]"
  }
}

/// The average of each channel over all positions. Input `[batch, channels, …]`, output `[batch, channels]`.
public final class GlobalAveragePool: GlobalPooling, Layer {
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try pooled(x) { (x, dims) throws(TorchError) in try x.mean(dims: dims) }
  }
}

/// The largest value of each channel. Input `[batch, channels, …]`, output `[batch, channels]`.
public final class GlobalMaxPool: GlobalPooling, Layer {
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try pooled(x) { (x, dims) throws(TorchError) in try x.amax(dims: dims) }
  }
}

/// The generalised mean of each channel, `(mean xᵖ)^(1/p)` with a trained p: the average at 1, nearly the largest value where p is large
/// (Radenović, Tolias, Chum 2018, arXiv:1711.02512). Input `[batch, channels, …]`, output `[batch, channels]`. State: `p` `[1]`.
public final class GeneralizedMeanPool: GlobalPooling, Layer {
  /// The power.
  public let p: Parameter
  /// The least value that is taken to the power.
  public let eps: Double

  /// - Parameters:
  ///   - power: the power to start from.
  ///   - eps: smaller values are raised to this before they are taken to the power.
  public init(_ power: Double = 3, eps: Double = 1e-6) {
    p = Parameter(shape: [1], .constant(power))
    self.eps = eps
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try pooled(x) { (x, dims) throws(TorchError) in
      let power = try p.value
      return try x.clamp(min: Scalar(eps)).pow(power).mean(dims: dims).pow(power.reciprocal())
    }
  }
}
