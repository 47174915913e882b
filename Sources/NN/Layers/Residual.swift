public import Torch

/// Adds what a layer computes to its input: `projection(x) + body(x)` (He et al. 2015, arXiv:1512.03385).
///
/// State: `body.…` and, where there is one, `projection.…`.
public final class Residual: Module, Layer {
  /// What is added.
  public let body: any Layer
  /// Brings the input to the body's output shape, or `nil` where they are equal.
  public let projection: (any Layer)?

  /// - Parameters:
  ///   - body: what is added.
  ///   - projection: brings the input to the body's output shape; `nil` adds the input itself.
  public init(_ body: any Layer, projection: (any Layer)? = nil) {
    self.body = body
    self.projection = projection
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      let added = try body(x)
      let kept = try projection?(x) ?? x
      guard kept.shape == added.shape else {
        throw TorchError.layer(
          "the body gives \(added.shape), the other path \(kept.shape)", expected: "equal shapes",
          remedy: "a projection such as Conv2d(\(x.ndim > 1 ? x.shape[1] : 1), …, kernel: 1, stride: …)")
      }
      return try kept + added
    }
  }
}
