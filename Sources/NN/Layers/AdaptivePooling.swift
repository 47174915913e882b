public import Torch

/// What the adaptive pooling layers share: windows chosen so that the output has a given size.
public class AdaptivePooling: Module {
  private let size: [Int]
  private let rank: Int

  init(_ size: [Int], rank: Int) {
    self.size = size
    self.rank = rank
  }

  /// Checks the input, then pools to the size; sizes of 0 stand for the input's own.
  final func pooled(
    _ x: Tensor, _ body: (Tensor, [Int]) throws(TorchError) -> [Tensor]
  ) throws(TorchError) -> [Tensor] {
    try observed([x]) { (inputs) throws(TorchError) in
      guard size.count == rank, size.allSatisfy({ $0 >= 0 }) else {
        throw TorchError.layer("\(size) is no size in \(rank) dimensions", expected: "\(rank) sizes, 0 for the input's own")
      }
      // libtorch takes any shape where the output has size 1.
      guard PoolingShape.expectation([x.shape], rank: rank) == nil else {
        throw TorchError.layer("got \(x.shape)", expected: PoolingShape.names(rank))
      }
      return try body(x, zip(size, x.shape.suffix(rank)).map { $0 == 0 ? $1 : $0 })
    }
  }

  public override var details: String { size.map { $0 == 0 ? "same" : "\($0)" }.joined(separator: "×") }
  public override func expectation(inputs shapes: [[Int]]) -> String? { PoolingShape.expectation(shapes, rank: rank) }
}

/// The average over windows chosen so that the output has a given size. Input `[batch, channels, length]` (or without batch),
/// output `[batch, channels, size…]`.
public final class AdaptiveAvgPool1d: AdaptivePooling, Layer {
  /// - Parameter size: the output's size: a number; 0 stands for the input's own.
  public init(_ size: some SpatialExtent) { super.init(size.extents(1), rank: 1) }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try pooled(x) { (x, size) throws(TorchError) in [try x.adaptiveAvgPool1d(outputSize: size)] }[0]
  }
}

/// The average over windows chosen so that the output has a given size. Input `[batch, channels, height, width]` (or without batch),
/// output `[batch, channels, size…]`.
public final class AdaptiveAvgPool2d: AdaptivePooling, Layer {
  /// - Parameter size: the output's size: one number, or `[height, width]`; 0 stands for the input's own.
  public init(_ size: some SpatialExtent) { super.init(size.extents(2), rank: 2) }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try pooled(x) { (x, size) throws(TorchError) in [try x.adaptiveAvgPool2d(outputSize: size)] }[0]
  }
}

/// The average over windows chosen so that the output has a given size. Input `[batch, channels, depth, height, width]` (or without batch),
/// output `[batch, channels, size…]`.
public final class AdaptiveAvgPool3d: AdaptivePooling, Layer {
  /// - Parameter size: the output's size: one number, or `[depth, height, width]`; 0 stands for the input's own.
  public init(_ size: some SpatialExtent) { super.init(size.extents(3), rank: 3) }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try pooled(x) { (x, size) throws(TorchError) in [try x.adaptiveAvgPool3d(outputSize: size)] }[0]
  }
}

/// The largest value over windows chosen so that the output has a given size. Input `[batch, channels, length]` (or without batch),
/// output `[batch, channels, size…]`.
public final class AdaptiveMaxPool1d: AdaptivePooling, Layer {
  /// - Parameter size: the output's size: a number; 0 stands for the input's own.
  public init(_ size: some SpatialExtent) { super.init(size.extents(1), rank: 1) }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try pooled(x) { (x, size) throws(TorchError) in [try x.adaptiveMaxPool1d(outputSize: size).0] }[0]
  }

  /// The largest values, and where in its channel each of them stood.
  /// - Returns: the same as the layer itself, and int64 positions of the same shape.
  /// - Throws: `TorchError` where the input does not fit.
  public func withIndices(_ x: Tensor) throws(TorchError) -> (values: Tensor, indices: Tensor) {
    let results = try pooled(x) { (x, size) throws(TorchError) in
      let (values, indices) = try x.adaptiveMaxPool1d(outputSize: size)
      return [values, indices]
    }
    return (results[0], results[1])
  }
}

/// The largest value over windows chosen so that the output has a given size. Input `[batch, channels, height, width]` (or without batch),
/// output `[batch, channels, size…]`.
public final class AdaptiveMaxPool2d: AdaptivePooling, Layer {
  /// - Parameter size: the output's size: one number, or `[height, width]`; 0 stands for the input's own.
  public init(_ size: some SpatialExtent) { super.init(size.extents(2), rank: 2) }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try pooled(x) { (x, size) throws(TorchError) in [try x.adaptiveMaxPool2d(outputSize: size).0] }[0]
  }

  /// The largest values, and where in its channel each of them stood.
  /// - Returns: the same as the layer itself, and int64 positions of the same shape.
  /// - Throws: `TorchError` where the input does not fit.
  public func withIndices(_ x: Tensor) throws(TorchError) -> (values: Tensor, indices: Tensor) {
    let results = try pooled(x) { (x, size) throws(TorchError) in
      let (values, indices) = try x.adaptiveMaxPool2d(outputSize: size)
      return [values, indices]
    }
    return (results[0], results[1])
  }
}

/// The largest value over windows chosen so that the output has a given size. Input `[batch, channels, depth, height, width]` (or without batch),
/// output `[batch, channels, size…]`.
public final class AdaptiveMaxPool3d: AdaptivePooling, Layer {
  /// - Parameter size: the output's size: one number, or `[depth, height, width]`; 0 stands for the input's own.
  public init(_ size: some SpatialExtent) { super.init(size.extents(3), rank: 3) }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try pooled(x) { (x, size) throws(TorchError) in [try x.adaptiveMaxPool3d(outputSize: size).0] }[0]
  }

  /// The largest values, and where in its channel each of them stood.
  /// - Returns: the same as the layer itself, and int64 positions of the same shape.
  /// - Throws: `TorchError` where the input does not fit.
  public func withIndices(_ x: Tensor) throws(TorchError) -> (values: Tensor, indices: Tensor) {
    let results = try pooled(x) { (x, size) throws(TorchError) in
      let (values, indices) = try x.adaptiveMaxPool3d(outputSize: size)
      return [values, indices]
    }
    return (results[0], results[1])
  }
}
