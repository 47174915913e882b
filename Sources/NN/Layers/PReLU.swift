public import Torch

/// x where it is positive, a trained factor times x elsewhere (He et al. 2015, arXiv:1502.01852).
///
/// Input and output `[batch, channels, …]`. State: `weight` `[channels]` or `[1]`.
public final class PReLU: Module, Layer {
  /// The factor, one for all channels or one for each.
  public let weight: Parameter

  /// - Parameters:
  ///   - channels: the size of the second dimension, or 1 for one factor for all.
  ///   - start: the factor's first value.
  public init(_ channels: Int = 1, start: Double = 0.25) { weight = Parameter(shape: [channels], .constant(start)) }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try x.prelu(weight.value) }
  }

  public override func expectation(inputs shapes: [[Int]]) -> String? {
    guard let shape = shapes.first, weight.count != 1 else { return nil }
    return shape.count > 1 && shape[1] == weight.count ? nil : "\(weight.count) channels in [batch, channels, …]"
  }
}
