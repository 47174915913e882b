public import Torch

/// Normalises groups of channels of each item to mean 0 and variance 1 (Wu, He 2018, arXiv:1803.08494).
///
/// Input and output `[batch, channels, …]`. State: `weight` and `bias` `[channels]`.
public final class GroupNorm: Module, Layer {
  /// The scale of each channel, or `nil`.
  public let weight: Parameter?
  /// The shift of each channel, or `nil`.
  public let bias: Parameter?
  /// The number of groups.
  public let groups: Int
  /// The number of channels, a multiple of the number of groups.
  public let channels: Int
  /// Added to the variance.
  public let eps: Double

  /// - Parameters:
  ///   - groups: the number of groups.
  ///   - channels: the number of channels, a multiple of `groups`.
  ///   - affine: whether each channel has a trained scale and shift.
  public init(_ groups: Int, _ channels: Int, eps: Double = 1e-5, affine: Bool = true) {
    self.groups = groups
    self.channels = channels
    self.eps = eps
    weight = affine ? Parameter(shape: [channels], .ones) : nil
    bias = affine ? Parameter(shape: [channels], .zeros) : nil
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      guard groups > 0, channels % groups == 0 else {
        throw TorchError.layer("\(groups) groups do not divide \(channels) channels")
      }
      return try x.groupNorm(numGroups: groups, weight?.value, bias?.value, eps: eps)
    }
  }

  public override var details: String { "\(channels) in \(groups) groups" }

  public override func expectation(inputs shapes: [[Int]]) -> String? {
    guard let shape = shapes.first, shape.count >= 2, shape[1] == channels else { return "\(channels) channels in [batch, channels, …]" }
    return nil
  }
}
