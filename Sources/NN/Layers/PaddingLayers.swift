public import Torch

/// What the padding layers share. Amounts come in pairs, last dimension first: `[left, right, top, bottom, front, back]`; negative
/// amounts cut off.
public class PaddingLayer: Module {
  private let amounts: [Int]
  private let rank: Int
  private let mode: PaddingMode
  private let value: Double

  /// - Parameter amounts: one number for all sides, or one for each.
  init(_ amounts: some SpatialExtent, rank: Int, mode: PaddingMode, value: Double = 0) {
    self.amounts = amounts.extents(2 * rank)
    self.rank = rank
    self.mode = mode
    self.value = value
  }

  final func padded(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      guard amounts.count == 2 * rank else {
        throw TorchError.layer("\(amounts) are no amounts in \(rank) dimensions", expected: "one number, or \(2 * rank)")
      }
      guard mode != .zeros else {
        guard x.ndim >= rank else { throw TorchError.layer("got \(x.shape)", expected: "\(rank) dimensions or more") }
        return try x.constantPadNd(pad: amounts, value: Scalar(value))
      }
      // libtorch tells by the number of dimensions how many to pad; a volume without batch would pass for an image.
      guard PoolingShape.expectation([x.shape], rank: rank) == nil else {
        throw TorchError.layer("got \(x.shape)", expected: PoolingShape.names(rank))
      }
      let isBatched = x.ndim == rank + 2
      let result = try (isBatched ? x : x.unsqueeze(0)).pad(amounts, mode: mode.rawValue)
      return isBatched ? result : try result.squeeze(dim: 0)
    }
  }

  public override var details: String { Set(amounts).count == 1 ? "\(amounts[0])" : "\(amounts)" }
}

/// Adds one value around sequences of any shape with 1 dimensions or more.
public final class ConstantPad1d: PaddingLayer, Layer {
  /// - Parameters:
  ///   - amounts: how much is added: one number for all sides, or `[left, right]`.
  ///   - value: what is added.
  public init(_ amounts: some SpatialExtent, value: Double) { super.init(amounts, rank: 1, mode: .zeros, value: value) }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try padded(x) }
}

/// Adds one value around images of any shape with 2 dimensions or more.
public final class ConstantPad2d: PaddingLayer, Layer {
  /// - Parameters:
  ///   - amounts: how much is added: one number for all sides, or `[left, right, top, bottom]`.
  ///   - value: what is added.
  public init(_ amounts: some SpatialExtent, value: Double) { super.init(amounts, rank: 2, mode: .zeros, value: value) }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try padded(x) }
}

/// Adds one value around volumes of any shape with 3 dimensions or more.
public final class ConstantPad3d: PaddingLayer, Layer {
  /// - Parameters:
  ///   - amounts: how much is added: one number for all sides, or `[left, right, top, bottom, front, back]`.
  ///   - value: what is added.
  public init(_ amounts: some SpatialExtent, value: Double) { super.init(amounts, rank: 3, mode: .zeros, value: value) }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try padded(x) }
}

/// Adds zeros around sequences of any shape with 1 dimensions or more.
public final class ZeroPad1d: PaddingLayer, Layer {
  /// - Parameter amounts: how much is added: one number for all sides, or `[left, right]`.
  public init(_ amounts: some SpatialExtent) { super.init(amounts, rank: 1, mode: .zeros) }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try padded(x) }
}

/// Adds zeros around images of any shape with 2 dimensions or more.
public final class ZeroPad2d: PaddingLayer, Layer {
  /// - Parameter amounts: how much is added: one number for all sides, or `[left, right, top, bottom]`.
  public init(_ amounts: some SpatialExtent) { super.init(amounts, rank: 2, mode: .zeros) }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try padded(x) }
}

/// Adds zeros around volumes of any shape with 3 dimensions or more.
public final class ZeroPad3d: PaddingLayer, Layer {
  /// - Parameter amounts: how much is added: one number for all sides, or `[left, right, top, bottom, front, back]`.
  public init(_ amounts: some SpatialExtent) { super.init(amounts, rank: 3, mode: .zeros) }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try padded(x) }
}

/// Adds the input mirrored at its edge, the edge itself not repeated, around sequences `[batch, channels, length]` (or without batch).
public final class ReflectionPad1d: PaddingLayer, Layer {
  /// - Parameter amounts: how much is added: one number for all sides, or `[left, right]`.
  public init(_ amounts: some SpatialExtent) { super.init(amounts, rank: 1, mode: .reflect) }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try padded(x) }
}

/// Adds the input mirrored at its edge, the edge itself not repeated, around images `[batch, channels, height, width]` (or without batch).
public final class ReflectionPad2d: PaddingLayer, Layer {
  /// - Parameter amounts: how much is added: one number for all sides, or `[left, right, top, bottom]`.
  public init(_ amounts: some SpatialExtent) { super.init(amounts, rank: 2, mode: .reflect) }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try padded(x) }
}

/// Adds the input mirrored at its edge, the edge itself not repeated, around volumes `[batch, channels, depth, height, width]` (or
/// without batch).
public final class ReflectionPad3d: PaddingLayer, Layer {
  /// - Parameter amounts: how much is added: one number for all sides, or `[left, right, top, bottom, front, back]`.
  public init(_ amounts: some SpatialExtent) { super.init(amounts, rank: 3, mode: .reflect) }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try padded(x) }
}

/// Adds the value at the edge around sequences `[batch, channels, length]` (or without batch).
public final class ReplicationPad1d: PaddingLayer, Layer {
  /// - Parameter amounts: how much is added: one number for all sides, or `[left, right]`.
  public init(_ amounts: some SpatialExtent) { super.init(amounts, rank: 1, mode: .replicate) }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try padded(x) }
}

/// Adds the value at the edge around images `[batch, channels, height, width]` (or without batch).
public final class ReplicationPad2d: PaddingLayer, Layer {
  /// - Parameter amounts: how much is added: one number for all sides, or `[left, right, top, bottom]`.
  public init(_ amounts: some SpatialExtent) { super.init(amounts, rank: 2, mode: .replicate) }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try padded(x) }
}

/// Adds the value at the edge around volumes `[batch, channels, depth, height, width]` (or without batch).
public final class ReplicationPad3d: PaddingLayer, Layer {
  /// - Parameter amounts: how much is added: one number for all sides, or `[left, right, top, bottom, front, back]`.
  public init(_ amounts: some SpatialExtent) { super.init(amounts, rank: 3, mode: .replicate) }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try padded(x) }
}

/// Adds the input's other end around sequences `[batch, channels, length]` (or without batch).
public final class CircularPad1d: PaddingLayer, Layer {
  /// - Parameter amounts: how much is added: one number for all sides, or `[left, right]`.
  public init(_ amounts: some SpatialExtent) { super.init(amounts, rank: 1, mode: .circular) }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try padded(x) }
}

/// Adds the input's other end around images `[batch, channels, height, width]` (or without batch).
public final class CircularPad2d: PaddingLayer, Layer {
  /// - Parameter amounts: how much is added: one number for all sides, or `[left, right, top, bottom]`.
  public init(_ amounts: some SpatialExtent) { super.init(amounts, rank: 2, mode: .circular) }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try padded(x) }
}

/// Adds the input's other end around volumes `[batch, channels, depth, height, width]` (or without batch).
public final class CircularPad3d: PaddingLayer, Layer {
  /// - Parameter amounts: how much is added: one number for all sides, or `[left, right, top, bottom, front, back]`.
  public init(_ amounts: some SpatialExtent) { super.init(amounts, rank: 3, mode: .circular) }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try padded(x) }
}
