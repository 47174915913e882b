public import Torch

/// What `AvgPool1d`, `AvgPool2d` and `AvgPool3d` share.
public class AveragePooling: Module {
  private let window: PoolingWindow
  private let countIncludePad: Bool
  private let divisor: Int?

  init(_ window: PoolingWindow, countIncludePad: Bool, divisor: Int? = nil) {
    self.window = window
    self.countIncludePad = countIncludePad
    self.divisor = divisor
  }

  final func pooled(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      try window.check(x)
      let w = window
      return switch w.rank {
      case 1:
        try x.avgPool1d(
          kernelSize: w.kernel, stride: w.stride, padding: w.padding, ceilMode: w.ceilMode, countIncludePad: countIncludePad)
      case 2:
        try x.avgPool2d(
          kernelSize: w.kernel, stride: w.stride, padding: w.padding, ceilMode: w.ceilMode, countIncludePad: countIncludePad,
          divisorOverride: divisor)
      default:
        try x.avgPool3d(
          kernelSize: w.kernel, stride: w.stride, padding: w.padding, ceilMode: w.ceilMode, countIncludePad: countIncludePad,
          divisorOverride: divisor)
      }
    }
  }

  public override var details: String { window.details }
  public override func expectation(inputs shapes: [[Int]]) -> String? { PoolingShape.expectation(shapes, rank: window.rank) }
}

/// The average of each window of sequences `[batch, channels, length]` (or without batch).
public final class AvgPool1d: AveragePooling, Layer {
  /// - Parameters:
  ///   - kernel: the window's size: a number.
  ///   - stride: the step; the window's size if `nil`.
  ///   - padding: zeros added around the input, at most half the window.
  ///   - ceilMode: whether a window that reaches over the edge counts.
  ///   - countIncludePad: whether the padding's zeros count in the average.
  public init(
    _ kernel: some SpatialExtent, stride: (any SpatialExtent)? = nil, padding: some SpatialExtent = 0, ceilMode: Bool = false,
    countIncludePad: Bool = true
  ) {
    super.init(
      PoolingWindow(rank: 1, kernel, stride: stride, padding: padding, ceilMode: ceilMode), countIncludePad: countIncludePad)
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try pooled(x) }
}

/// The average of each window of images `[batch, channels, height, width]` (or without batch).
public final class AvgPool2d: AveragePooling, Layer {
  /// - Parameters:
  ///   - kernel: the window's size: one number, or `[height, width]`.
  ///   - stride: the step; the window's size if `nil`.
  ///   - padding: zeros added around the input, at most half the window.
  ///   - ceilMode: whether a window that reaches over the edge counts.
  ///   - countIncludePad: whether the padding's zeros count in the average.
  ///   - divisor: what the sums are divided by instead of the window's size.
  public init(
    _ kernel: some SpatialExtent, stride: (any SpatialExtent)? = nil, padding: some SpatialExtent = 0, ceilMode: Bool = false,
    countIncludePad: Bool = true, divisor: Int? = nil
  ) {
    super.init(
      PoolingWindow(rank: 2, kernel, stride: stride, padding: padding, ceilMode: ceilMode), countIncludePad: countIncludePad,
      divisor: divisor)
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try pooled(x) }
}

/// The average of each window of volumes `[batch, channels, depth, height, width]` (or without batch).
public final class AvgPool3d: AveragePooling, Layer {
  /// - Parameters:
  ///   - kernel: the window's size: one number, or `[depth, height, width]`.
  ///   - stride: the step; the window's size if `nil`.
  ///   - padding: zeros added around the input, at most half the window.
  ///   - ceilMode: whether a window that reaches over the edge counts.
  ///   - countIncludePad: whether the padding's zeros count in the average.
  ///   - divisor: what the sums are divided by instead of the window's size.
  public init(
    _ kernel: some SpatialExtent, stride: (any SpatialExtent)? = nil, padding: some SpatialExtent = 0, ceilMode: Bool = false,
    countIncludePad: Bool = true, divisor: Int? = nil
  ) {
    super.init(
      PoolingWindow(rank: 3, kernel, stride: stride, padding: padding, ceilMode: ceilMode), countIncludePad: countIncludePad,
      divisor: divisor)
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try pooled(x) }
}
