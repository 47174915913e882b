public import Torch

/// Windows of an image, one below the other: `[batch, channels, height, width]` becomes `[batch, channels · window area, windows]`
/// (without batch, too).
public final class Unfold: Module, Layer {
  private let window: FoldingWindow

  /// - Parameters:
  ///   - kernel: the window's size: one number, or `[height, width]`.
  ///   - dilation: the distance between the window's points.
  ///   - padding: zeros added on both sides.
  ///   - stride: the step.
  public init(
    _ kernel: some SpatialExtent, dilation: some SpatialExtent = 1, padding: some SpatialExtent = 0, stride: some SpatialExtent = 1
  ) {
    window = FoldingWindow(kernel, dilation, padding, stride)
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      try window.check()
      guard (3...4).contains(x.ndim) else { throw TorchError.layer("got \(x.shape)", expected: PoolingShape.names(2)) }
      return try x.im2col(kernelSize: window.kernel, dilation: window.dilation, padding: window.padding, stride: window.stride)
    }
  }

  public override var details: String { window.kernel.map(String.init).joined(separator: "×") }
}

/// Adds windows up to an image: `[batch, channels · window area, windows]` becomes `[batch, channels, height, width]` (without batch,
/// too).
public final class Fold: Module, Layer {
  private let size: [Int]
  private let window: FoldingWindow

  /// - Parameters:
  ///   - size: the image's size: one number, or `[height, width]`.
  ///   - kernel: the window's size: one number, or `[height, width]`.
  ///   - dilation: the distance between the window's points.
  ///   - padding: what is cut off on both sides.
  ///   - stride: the step.
  public init(
    _ size: some SpatialExtent, kernel: some SpatialExtent, dilation: some SpatialExtent = 1, padding: some SpatialExtent = 0,
    stride: some SpatialExtent = 1
  ) {
    self.size = size.extents(2)
    window = FoldingWindow(kernel, dilation, padding, stride)
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      try window.check()
      let area = window.kernel.reduce(1, *)
      guard (2...3).contains(x.ndim), x.shape[x.ndim - 2] % area == 0, size.count == 2 else {
        throw TorchError.layer("got \(x.shape)", expected: "[batch, channels · \(area), windows]")
      }
      return try x.col2im(
        outputSize: size, kernelSize: window.kernel, dilation: window.dilation, padding: window.padding, stride: window.stride)
    }
  }

  public override var details: String { "\(size), window \(window.kernel.map(String.init).joined(separator: "×"))" }
}

/// The window of ``Fold`` and ``Unfold``.
struct FoldingWindow {
  let kernel: [Int], dilation: [Int], padding: [Int], stride: [Int]

  init(_ kernel: some SpatialExtent, _ dilation: some SpatialExtent, _ padding: some SpatialExtent, _ stride: some SpatialExtent) {
    self.kernel = kernel.extents(2)
    self.dilation = dilation.extents(2)
    self.padding = padding.extents(2)
    self.stride = stride.extents(2)
  }

  func check() throws(TorchError) {
    for sizes in [kernel, dilation, stride] where sizes.count != 2 || sizes.contains(where: { $0 < 1 }) {
      throw TorchError.layer("\(sizes) is no window, stride or dilation in 2 dimensions", expected: "2 sizes above zero")
    }
    guard padding.count == 2, padding.allSatisfy({ $0 >= 0 }) else {
      throw TorchError.layer("\(padding) is no padding in 2 dimensions", expected: "2 numbers from zero up")
    }
  }
}
