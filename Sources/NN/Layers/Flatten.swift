public import Torch

/// Makes one dimension of several: `[batch, channels, height, width]` becomes `[batch, channels · height · width]`.
public final class Flatten: Module, Layer {
  private let first: Int
  private let last: Int

  /// - Parameters:
  ///   - first: the first dimension to take; 1 keeps the batch.
  ///   - last: the last dimension to take; negative numbers count from the end.
  public init(from first: Int = 1, to last: Int = -1) {
    self.first = first
    self.last = last
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try x.flatten(from: first, to: last) }
  }
}
