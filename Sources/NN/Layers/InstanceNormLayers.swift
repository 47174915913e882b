public import Torch

/// Instance normalisation of sequences: `[batch, channels, length]`, or without batch. See ``InstanceNorm``.
public final class InstanceNorm1d: InstanceNorm, Layer {
  /// - Parameters:
  ///   - channels: the number of channels.
  ///   - eps: added to the variance.
  ///   - momentum: the share of the newest batch in the running statistics.
  ///   - affine: whether each channel has a trained scale and shift.
  ///   - trackRunningStats: whether running statistics are kept and used in evaluation.
  public init(
    _ channels: Int, eps: Double = 1e-5, momentum: Double = 0.1, affine: Bool = false, trackRunningStats: Bool = false
  ) {
    super.init(channels, rank: 1, eps: eps, momentum: momentum, affine: affine, trackRunningStats: trackRunningStats)
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try normalized(x) }
}

/// Instance normalisation of images: `[batch, channels, height, width]`, or without batch. See ``InstanceNorm``.
public final class InstanceNorm2d: InstanceNorm, Layer {
  /// - Parameters:
  ///   - channels: the number of channels.
  ///   - eps: added to the variance.
  ///   - momentum: the share of the newest batch in the running statistics.
  ///   - affine: whether each channel has a trained scale and shift.
  ///   - trackRunningStats: whether running statistics are kept and used in evaluation.
  public init(
    _ channels: Int, eps: Double = 1e-5, momentum: Double = 0.1, affine: Bool = false, trackRunningStats: Bool = false
  ) {
    super.init(channels, rank: 2, eps: eps, momentum: momentum, affine: affine, trackRunningStats: trackRunningStats)
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try normalized(x) }
}

/// Instance normalisation of volumes: `[batch, channels, depth, height, width]`, or without batch. See ``InstanceNorm``.
public final class InstanceNorm3d: InstanceNorm, Layer {
  /// - Parameters:
  ///   - channels: the number of channels.
  ///   - eps: added to the variance.
  ///   - momentum: the share of the newest batch in the running statistics.
  ///   - affine: whether each channel has a trained scale and shift.
  ///   - trackRunningStats: whether running statistics are kept and used in evaluation.
  public init(
    _ channels: Int, eps: Double = 1e-5, momentum: Double = 0.1, affine: Bool = false, trackRunningStats: Bool = false
  ) {
    super.init(channels, rank: 3, eps: eps, momentum: momentum, affine: affine, trackRunningStats: trackRunningStats)
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try normalized(x) }
}
