public import Torch

/// Layer normalisation of the channels of images, each position for itself, as ConvNeXt has it (`torchvision.models.convnext.LayerNorm2d`).
///
/// Input and output `[batch, channels, height, width]`. State: `weight` and `bias` `[channels]`.
public final class LayerNorm2d: Module, Layer {
  /// The scale of each channel, or `nil`.
  public let weight: Parameter?
  /// The shift of each channel, or `nil`.
  public let bias: Parameter?
  /// The size of the second dimension.
  public let channels: Int
  /// Added to the variance.
  public let eps: Double

  /// - Parameters:
  ///   - channels: the size of the second dimension.
  ///   - eps: added to the variance.
  ///   - affine: whether there is a trained scale and shift.
  public init(_ channels: Int, eps: Double = 1e-5, affine: Bool = true) {
    self.channels = channels
    self.eps = eps
    weight = affine ? Parameter(shape: [channels], .ones) : nil
    bias = affine ? Parameter(shape: [channels], .zeros) : nil
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      guard x.ndim == 4 else { throw TorchError.layer("got \(x.shape)", expected: expectation(inputs: [x.shape])) }
      let last = try x.permute([0, 2, 3, 1])
      return try last.layerNorm(normalizedShape: [channels], weight?.value, bias?.value, eps: eps).permute([0, 3, 1, 2])
    }
  }

  public override var details: String { "\(channels)" }

  public override func expectation(inputs shapes: [[Int]]) -> String? {
    guard let shape = shapes.first, shape.count == 4, shape[1] == channels else {
      return "\(channels) channels in [batch, channels, height, width]"
    }
    return nil
  }
}
