public import Torch

/// What `MaxUnpool1d`, `MaxUnpool2d` and `MaxUnpool3d` share: they put the largest values back where they stood, zeros elsewhere.
public class Unpooling: Module {
  private let window: PoolingWindow

  init(_ window: PoolingWindow) { self.window = window }

  /// - Parameters:
  ///   - x: the largest values, as pooling gave them.
  ///   - indices: where they stood, from `withIndices`.
  ///   - outputSize: the sizes of the spatial dimensions; the least that the window gives if `nil`.
  /// - Throws: `TorchError` where values and positions do not fit.
  public final func callAsFunction(_ x: Tensor, _ indices: Tensor, outputSize: [Int]? = nil) throws(TorchError) -> Tensor {
    try observed([x, indices]) { (inputs) throws(TorchError) in
      try window.check(x)
      let rank = window.rank
      guard indices.shape == x.shape else {
        throw TorchError.layer("got values \(x.shape) and positions \(indices.shape)", expected: "equal shapes")
      }
      let given = Array(x.shape.suffix(rank))
      let size = outputSize ?? (0..<rank).map { (given[$0] - 1) * window.stride[$0] - 2 * window.padding[$0] + window.kernel[$0] }
      guard size.count == rank, size.allSatisfy({ $0 > 0 }) else {
        throw TorchError.layer("\(size) is no size in \(rank) dimensions", expected: "\(rank) sizes above zero")
      }
      let result =
        switch rank {
        case 1: try x.unsqueeze(-1).maxUnpool2d(indices.unsqueeze(-1), outputSize: size + [1]).squeeze(dim: -1)
        case 2: try x.maxUnpool2d(indices, outputSize: size)
        default: try x.maxUnpool3d(indices, outputSize: size, stride: window.stride, padding: window.padding)
        }
      return [result]
    }[0]
  }

  public override var details: String { window.details }
}

/// Undoes ``MaxPool1d`` as far as its positions tell. Values and positions `[batch, channels, length]` (or without batch).
public final class MaxUnpool1d: Unpooling {
  /// - Parameters:
  ///   - kernel: the window's size: a number.
  ///   - stride: the step; the window's size if `nil`.
  ///   - padding: what was added around the input.
  public init(_ kernel: some SpatialExtent, stride: (any SpatialExtent)? = nil, padding: some SpatialExtent = 0) {
    super.init(PoolingWindow(rank: 1, kernel, stride: stride, padding: padding, ceilMode: false))
  }
}

/// Undoes ``MaxPool2d`` as far as its positions tell. Values and positions `[batch, channels, height, width]` (or without batch).
public final class MaxUnpool2d: Unpooling {
  /// - Parameters:
  ///   - kernel: the window's size: one number, or `[height, width]`.
  ///   - stride: the step; the window's size if `nil`.
  ///   - padding: what was added around the input.
  public init(_ kernel: some SpatialExtent, stride: (any SpatialExtent)? = nil, padding: some SpatialExtent = 0) {
    super.init(PoolingWindow(rank: 2, kernel, stride: stride, padding: padding, ceilMode: false))
  }
}

/// Undoes ``MaxPool3d`` as far as its positions tell. Values and positions `[batch, channels, depth, height, width]` (or without batch).
public final class MaxUnpool3d: Unpooling {
  /// - Parameters:
  ///   - kernel: the window's size: one number, or `[depth, height, width]`.
  ///   - stride: the step; the window's size if `nil`.
  ///   - padding: what was added around the input.
  public init(_ kernel: some SpatialExtent, stride: (any SpatialExtent)? = nil, padding: some SpatialExtent = 0) {
    super.init(PoolingWindow(rank: 3, kernel, stride: stride, padding: padding, ceilMode: false))
  }
}
