public import Torch

/// What `FractionalMaxPool2d` and `FractionalMaxPool3d` share: the largest values of windows that lie at random, so that sizes shrink by
/// a fraction (Graham 2014, arXiv:1412.6071). Random in evaluation, too, as in PyTorch.
public class FractionalPooling: Module {
  private let kernel: [Int]
  private let size: [Int]?
  private let ratio: Double?
  private let rank: Int

  init(_ kernel: [Int], size: [Int]?, ratio: Double?, rank: Int) {
    self.kernel = kernel
    self.size = size
    self.ratio = ratio
    self.rank = rank
  }

  final func pooled(_ x: Tensor) throws(TorchError) -> [Tensor] {
    try observed([x]) { (inputs) throws(TorchError) in
      guard PoolingShape.expectation([x.shape], rank: rank) == nil else {
        throw TorchError.layer("got \(x.shape)", expected: PoolingShape.names(rank))
      }
      let given = Array(x.shape.suffix(rank))
      let output = size ?? given.map { Int(Double($0) * (ratio ?? 0)) }
      guard kernel.count == rank, output.count == rank, zip(zip(output, kernel), given).allSatisfy({ $0.0 > 0 && $0.0 + $0.1 - 1 <= $1 })
      else {
        throw TorchError.layer(
          "windows \(kernel) cannot make \(output) of \(given)", expected: "output + window - 1 of at most the input's size")
      }
      let isBatched = x.ndim == rank + 2
      let samples = try Tensor.rand(
        [isBatched ? x.shape[0] : 1, x.shape[isBatched ? 1 : 0], rank], dtype: x.dtype, device: x.device)
      let (values, indices) =
        rank == 2
        ? try x.fractionalMaxPool2d(kernelSize: kernel, outputSize: output, randomSamples: samples)
        : try x.fractionalMaxPool3d(kernelSize: kernel, outputSize: output, randomSamples: samples)
      return [values, indices]
    }
  }

  public override var details: String {
    kernel.map(String.init).joined(separator: "×") + (size.map { ", to \($0)" } ?? ratio.map { ", ratio \($0)" } ?? "")
  }
}

/// The largest values of windows that lie at random over images `[batch, channels, height, width]` (or without batch). See
/// ``FractionalPooling``.
public final class FractionalMaxPool2d: FractionalPooling, Layer {
  /// - Parameters:
  ///   - kernel: the window's size: one number, or `[height, width]`.
  ///   - size: the output's size: one number, or `[height, width]`.
  public init(_ kernel: some SpatialExtent, size: some SpatialExtent) {
    super.init(kernel.extents(2), size: size.extents(2), ratio: nil, rank: 2)
  }

  /// - Parameters:
  ///   - kernel: the window's size: one number, or `[height, width]`.
  ///   - ratio: the output's size as a fraction of the input's.
  public init(_ kernel: some SpatialExtent, ratio: Double) { super.init(kernel.extents(2), size: nil, ratio: ratio, rank: 2) }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try pooled(x)[0] }

  /// The largest values, and where in its channel each of them stood.
  /// - Throws: `TorchError` where the input does not fit.
  public func withIndices(_ x: Tensor) throws(TorchError) -> (values: Tensor, indices: Tensor) {
    let results = try pooled(x)
    return (results[0], results[1])
  }
}

/// The largest values of windows that lie at random over volumes `[batch, channels, depth, height, width]` (or without batch). See
/// ``FractionalPooling``.
public final class FractionalMaxPool3d: FractionalPooling, Layer {
  /// - Parameters:
  ///   - kernel: the window's size: one number, or `[depth, height, width]`.
  ///   - size: the output's size: one number, or `[depth, height, width]`.
  public init(_ kernel: some SpatialExtent, size: some SpatialExtent) {
    super.init(kernel.extents(3), size: size.extents(3), ratio: nil, rank: 3)
  }

  /// - Parameters:
  ///   - kernel: the window's size: one number, or `[depth, height, width]`.
  ///   - ratio: the output's size as a fraction of the input's.
  public init(_ kernel: some SpatialExtent, ratio: Double) { super.init(kernel.extents(3), size: nil, ratio: ratio, rank: 3) }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try pooled(x)[0] }

  /// The largest values, and where in its channel each of them stood.
  /// - Throws: `TorchError` where the input does not fit.
  public func withIndices(_ x: Tensor) throws(TorchError) -> (values: Tensor, indices: Tensor) {
    let results = try pooled(x)
    return (results[0], results[1])
  }
}
