public import Torch

/// The average over windows chosen so that the output has a given size. Input `[batch, channels, height, width]`, output
/// `[batch, channels, size…]`.
public final class AdaptiveAvgPool2d: Module, Layer {
  private let size: [Int]

  /// - Parameter size: the output's size: one number, or `[height, width]`.
  public init(_ size: some SpatialExtent) { self.size = size.extents(2) }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      // libtorch takes any shape where the output has size 1.
      guard (3...4).contains(x.ndim) else { throw TorchError.layer("got \(x.shape)", expected: "[batch, channels, height, width]") }
      return try x.adaptiveAvgPool2d(outputSize: size)
    }
  }

  public override var details: String { size.map(String.init).joined(separator: "×") }
  public override func expectation(inputs shapes: [[Int]]) -> String? { PoolingShape.expectation(shapes) }
}

/// The largest value over windows chosen so that the output has a given size. Input `[batch, channels, height, width]`, output
/// `[batch, channels, size…]`.
public final class AdaptiveMaxPool2d: Module, Layer {
  private let size: [Int]

  /// - Parameter size: the output's size: one number, or `[height, width]`.
  public init(_ size: some SpatialExtent) { self.size = size.extents(2) }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try x.adaptiveMaxPool2d(outputSize: size).0 }
  }

  public override var details: String { size.map(String.init).joined(separator: "×") }
  public override func expectation(inputs shapes: [[Int]]) -> String? { PoolingShape.expectation(shapes) }
}

/// The average of each channel over all positions. Input `[batch, channels, …]`, output `[batch, channels]`.
public final class GlobalAveragePool: Module, Layer {
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      guard x.ndim > 2 else { throw TorchError.layer("there are no positions to average over in shape \(x.shape)") }
      return try x.mean(dims: Array(2..<x.ndim))
    }
  }

  public override func expectation(inputs shapes: [[Int]]) -> String? {
    (shapes.first?.count ?? 0) > 2 ? nil : "[batch, channels, height, width]"
  }
}
