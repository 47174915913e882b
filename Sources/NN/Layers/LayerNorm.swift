public import Torch

/// Normalises the last dimensions of each item to mean 0 and variance 1 (Ba, Kiros, Hinton 2016, arXiv:1607.06450).
///
/// Input and output `[..., shape]`. State: `weight` and `bias` of that shape.
public final class LayerNorm: Module, Layer {
  /// The scale, or `nil`.
  public let weight: Parameter?
  /// The shift, or `nil`.
  public let bias: Parameter?
  /// The sizes of the dimensions that are normalised together.
  public let normalizedShape: [Int]
  /// Added to the variance.
  public let eps: Double

  /// - Parameters:
  ///   - shape: the size of the last dimension, or the sizes of the last several.
  ///   - affine: whether there is a trained scale.
  ///   - bias: whether there is a trained shift, too.
  public init(_ shape: some SpatialExtent, eps: Double = 1e-5, affine: Bool = true, bias: Bool = true) {
    normalizedShape = shape.extents(1)
    self.eps = eps
    weight = affine ? Parameter(shape: normalizedShape, .ones) : nil
    self.bias = affine && bias ? Parameter(shape: normalizedShape, .zeros) : nil
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      try x.layerNorm(normalizedShape: normalizedShape, weight?.value, bias?.value, eps: eps)
    }
  }

  public override var details: String { normalizedShape.map(String.init).joined(separator: "×") }

  public override func expectation(inputs shapes: [[Int]]) -> String? {
    guard let shape = shapes.first, shape.suffix(normalizedShape.count).elementsEqual(normalizedShape) else {
      return "a shape that ends in \(normalizedShape)"
    }
    return nil
  }
}
