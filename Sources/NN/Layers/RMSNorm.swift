public import Torch

/// Divides by the root mean square over the last dimensions, without subtracting a mean (Zhang, Sennrich 2019, arXiv:1910.07467).
///
/// Input and output `[..., shape]`. State: `weight` of that shape.
public final class RMSNorm: Module, Layer {
  /// The scale, or `nil`.
  public let weight: Parameter?
  /// The sizes of the dimensions that are normalised together.
  public let normalizedShape: [Int]
  /// Added to the mean square; `nil` is the smallest step of the element type above 1, as in PyTorch.
  public let eps: Double?

  /// - Parameters:
  ///   - shape: the size of the last dimension, or the sizes of the last several.
  ///   - eps: added to the mean square; `nil` is the smallest step of the element type above 1.
  ///   - affine: whether there is a trained scale.
  public init(_ shape: some SpatialExtent, eps: Double? = nil, affine: Bool = true) {
    normalizedShape = shape.extents(1)
    self.eps = eps
    weight = affine ? Parameter(shape: normalizedShape, .ones) : nil
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try x.rmsNorm(normalizedShape: normalizedShape, weight?.value, eps: eps) }
  }

  public override var details: String { normalizedShape.map(String.init).joined(separator: "×") }

  public override func expectation(inputs shapes: [[Int]]) -> String? {
    guard let shape = shapes.first, shape.suffix(normalizedShape.count).elementsEqual(normalizedShape) else {
      return "a shape that ends in \(normalizedShape)"
    }
    return nil
  }
}
