public import Torch

/// Makes an image larger from its channels: `[batch, channels · factor², height, width]` becomes
/// `[batch, channels, height · factor, width · factor]` (Shi et al. 2016, arXiv:1609.05158).
public final class PixelShuffle: Module, Layer {
  private let factor: Int

  /// - Parameter factor: how much larger.
  public init(_ factor: Int) { self.factor = factor }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      let channels = x.ndim >= 3 ? x.shape[x.ndim - 3] : 0
      guard factor > 0, channels > 0, channels % (factor * factor) == 0 else {
        throw TorchError.layer("got \(x.shape)", expected: "[batch, channels, height, width] with a multiple of \(factor)² channels")
      }
      return try x.pixelShuffle(upscaleFactor: factor)
    }
  }

  public override var details: String { "×\(factor)" }
}

/// Undoes ``PixelShuffle``: `[batch, channels, height · factor, width · factor]` becomes `[batch, channels · factor², height, width]`.
public final class PixelUnshuffle: Module, Layer {
  private let factor: Int

  /// - Parameter factor: how much smaller.
  public init(_ factor: Int) { self.factor = factor }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      guard factor > 0, x.ndim >= 3, x.shape.suffix(2).allSatisfy({ $0 % factor == 0 }) else {
        throw TorchError.layer("got \(x.shape)", expected: "[batch, channels, height, width] with sizes that \(factor) divides")
      }
      return try x.pixelUnshuffle(downscaleFactor: factor)
    }
  }

  public override var details: String { "÷\(factor)" }
}

/// Mixes groups of channels: of `[batch, groups · n, …]` the first of each group come first, then the second of each (Zhang et al. 2017,
/// arXiv:1707.01083).
public final class ChannelShuffle: Module, Layer {
  private let groups: Int

  /// - Parameter groups: the number of groups; it divides the channels.
  public init(_ groups: Int) { self.groups = groups }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      guard groups > 0, x.ndim >= 3, x.shape[1] % groups == 0 else {
        throw TorchError.layer("got \(x.shape)", expected: "[batch, channels, …] with a multiple of \(groups) channels")
      }
      return try x.channelShuffle(groups: groups)
    }
  }

  public override var details: String { "\(groups) groups" }
}
