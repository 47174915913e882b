public import Torch

/// Batch normalisation of volumes: `[batch, channels, depth, height, width]`. See ``BatchNorm``.
public final class BatchNorm3d: BatchNorm, Layer {
  /// - Parameters:
  ///   - channels: the size of the second dimension.
  ///   - eps: added to the variance.
  ///   - momentum: the share of the newest batch in the running statistics; `nil` averages over all batches.
  ///   - affine: whether each channel has a trained scale and shift.
  ///   - trackRunningStats: whether running statistics are kept; without them the batch's are used in evaluation, too.
  public override init(
    _ channels: Int, eps: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = true, trackRunningStats: Bool = true
  ) {
    super.init(channels, eps: eps, momentum: momentum, affine: affine, trackRunningStats: trackRunningStats)
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try normalized(x, dimensions: 5...5) }
  }

  public override func expectation(inputs shapes: [[Int]]) -> String? {
    guard let shape = shapes.first, shape.count == 5, shape[1] == channels else {
      return "\(channels) channels in [batch, channels, depth, height, width]"
    }
    return nil
  }
}
