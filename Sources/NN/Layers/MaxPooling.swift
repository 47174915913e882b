public import Torch

/// What `MaxPool1d`, `MaxPool2d` and `MaxPool3d` share.
public class MaxPooling: Module {
  private let window: PoolingWindow

  init(_ window: PoolingWindow) { self.window = window }

  final func pooled(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      try window.check(x)
      let w = window
      return switch w.rank {
      case 1: try x.maxPool1d(kernelSize: w.kernel, stride: w.stride, padding: w.padding, dilation: w.dilation, ceilMode: w.ceilMode)
      case 2: try x.maxPool2d(kernelSize: w.kernel, stride: w.stride, padding: w.padding, dilation: w.dilation, ceilMode: w.ceilMode)
      default: try x.maxPool3d(kernelSize: w.kernel, stride: w.stride, padding: w.padding, dilation: w.dilation, ceilMode: w.ceilMode)
      }
    }
  }

  /// The largest values, and where in its channel each of them stood, for `MaxUnpool`.
  /// - Returns: the same as the layer itself, and int64 positions of the same shape, counted over all spatial dimensions.
  /// - Throws: `TorchError` where the input does not fit.
  public final func withIndices(_ x: Tensor) throws(TorchError) -> (values: Tensor, indices: Tensor) {
    let results = try observed([x]) { (inputs) throws(TorchError) in
      try window.check(x)
      let w = window
      let (values, indices) =
        switch w.rank {
        case 1:
          try x.maxPool1dWithIndices(
            kernelSize: w.kernel, stride: w.stride, padding: w.padding, dilation: w.dilation, ceilMode: w.ceilMode)
        case 2:
          try x.maxPool2dWithIndices(
            kernelSize: w.kernel, stride: w.stride, padding: w.padding, dilation: w.dilation, ceilMode: w.ceilMode)
        default:
          try x.maxPool3dWithIndices(
            kernelSize: w.kernel, stride: w.stride, padding: w.padding, dilation: w.dilation, ceilMode: w.ceilMode)
        }
      return [values, indices]
    }
    return (results[0], results[1])
  }

  public override var details: String { window.details }
  public override func expectation(inputs shapes: [[Int]]) -> String? { PoolingShape.expectation(shapes, rank: window.rank) }
}

/// The largest value of each window of sequences `[batch, channels, length]` (or without batch).
public final class MaxPool1d: MaxPooling, Layer {
  /// - Parameters:
  ///   - kernel: the window's size: a number.
  ///   - stride: the step; the window's size if `nil`.
  ///   - padding: added around the input, at most half the window.
  ///   - dilation: the distance between the window's points.
  ///   - ceilMode: whether a window that reaches over the edge counts.
  public init(
    _ kernel: some SpatialExtent, stride: (any SpatialExtent)? = nil, padding: some SpatialExtent = 0, dilation: some SpatialExtent = 1,
    ceilMode: Bool = false
  ) {
    super.init(PoolingWindow(rank: 1, kernel, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode))
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try pooled(x) }
}

/// The largest value of each window of images `[batch, channels, height, width]` (or without batch).
public final class MaxPool2d: MaxPooling, Layer {
  /// - Parameters:
  ///   - kernel: the window's size: one number, or `[height, width]`.
  ///   - stride: the step; the window's size if `nil`.
  ///   - padding: added around the input, at most half the window.
  ///   - dilation: the distance between the window's points.
  ///   - ceilMode: whether a window that reaches over the edge counts.
  public init(
    _ kernel: some SpatialExtent, stride: (any SpatialExtent)? = nil, padding: some SpatialExtent = 0, dilation: some SpatialExtent = 1,
    ceilMode: Bool = false
  ) {
    super.init(PoolingWindow(rank: 2, kernel, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode))
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try pooled(x) }
}

/// The largest value of each window of volumes `[batch, channels, depth, height, width]` (or without batch).
public final class MaxPool3d: MaxPooling, Layer {
  /// - Parameters:
  ///   - kernel: the window's size: one number, or `[depth, height, width]`.
  ///   - stride: the step; the window's size if `nil`.
  ///   - padding: added around the input, at most half the window.
  ///   - dilation: the distance between the window's points.
  ///   - ceilMode: whether a window that reaches over the edge counts.
  public init(
    _ kernel: some SpatialExtent, stride: (any SpatialExtent)? = nil, padding: some SpatialExtent = 0, dilation: some SpatialExtent = 1,
    ceilMode: Bool = false
  ) {
    super.init(PoolingWindow(rank: 3, kernel, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode))
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try pooled(x) }
}
