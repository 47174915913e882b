public import Torch

/// The largest value of each window. Input `[batch, channels, height, width]` (or without batch).
public final class MaxPool2d: Module, Layer {
  private let kernel: [Int], stride: [Int], padding: [Int], dilation: [Int]
  private let ceilMode: Bool

  /// - Parameters:
  ///   - kernel: the window's size: one number, or `[height, width]`.
  ///   - stride: the step; the window's size if `nil`.
  ///   - padding: added around the input, at most half the window.
  ///   - ceilMode: whether a window that reaches over the edge counts.
  public init(
    _ kernel: some SpatialExtent, stride: (any SpatialExtent)? = nil, padding: some SpatialExtent = 0, dilation: some SpatialExtent = 1,
    ceilMode: Bool = false
  ) {
    self.kernel = kernel.extents(2)
    self.stride = stride?.extents(2) ?? self.kernel
    self.padding = padding.extents(2)
    self.dilation = dilation.extents(2)
    self.ceilMode = ceilMode
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      try x.maxPool2d(kernelSize: kernel, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode)
    }
  }

  public override var details: String { PoolingShape.details(kernel, stride) }
  public override func expectation(inputs shapes: [[Int]]) -> String? { PoolingShape.expectation(shapes) }
}

/// The average of each window. Input `[batch, channels, height, width]` (or without batch).
public final class AvgPool2d: Module, Layer {
  private let kernel: [Int], stride: [Int], padding: [Int]
  private let ceilMode: Bool, countIncludePad: Bool

  /// - Parameters:
  ///   - kernel: the window's size: one number, or `[height, width]`.
  ///   - stride: the step; the window's size if `nil`.
  ///   - padding: zeros added around the input, at most half the window.
  ///   - ceilMode: whether a window that reaches over the edge counts.
  ///   - countIncludePad: whether the padding's zeros count in the average.
  public init(
    _ kernel: some SpatialExtent, stride: (any SpatialExtent)? = nil, padding: some SpatialExtent = 0, ceilMode: Bool = false,
    countIncludePad: Bool = true
  ) {
    self.kernel = kernel.extents(2)
    self.stride = stride?.extents(2) ?? self.kernel
    self.padding = padding.extents(2)
    self.ceilMode = ceilMode
    self.countIncludePad = countIncludePad
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      try x.avgPool2d(kernelSize: kernel, stride: stride, padding: padding, ceilMode: ceilMode, countIncludePad: countIncludePad)
    }
  }

  public override var details: String { PoolingShape.details(kernel, stride) }
  public override func expectation(inputs shapes: [[Int]]) -> String? { PoolingShape.expectation(shapes) }
}

enum PoolingShape {
  static func details(_ kernel: [Int], _ stride: [Int]) -> String {
    let size = kernel.map(String.init).joined(separator: "×")
    return stride == kernel ? size : size + ", stride " + stride.map(String.init).joined(separator: "×")
  }

  static func expectation(_ shapes: [[Int]]) -> String? {
    (3...4).contains(shapes.first?.count ?? 0) ? nil : "[batch, channels, height, width]"
  }
}
