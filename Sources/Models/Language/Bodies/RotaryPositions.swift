import Torch

/// The sines and cosines that turn queries and keys by their positions.
struct RotaryPositions {
  /// `[batch or 1, 1, length, dimension]`.
  private let cosine: Tensor
  private let sine: Tensor
  private let dimension: Int

  /// - Parameter positions: `[batch or 1, length]`, whole numbers.
  init(_ scaling: RotaryScaling, positions: Tensor, longest: Int, dtype: DType) throws(TorchError) {
    let (angles, scale) = scaling.frequencies(length: longest)
    let turns = try positions.to(.float32).unsqueeze(-1) * Tensor(angles, device: positions.device)
    let both = try Tensor.cat([turns, turns], dim: -1).unsqueeze(1)
    cosine = try (both.cos() * scale).to(dtype)
    sine = try (both.sin() * scale).to(dtype)
    dimension = 2 * angles.count
  }

  /// Heads `[batch, heads, length, size]`, turned; dimensions behind the turned ones stay as they are.
  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    let size = x.shape[3]
    guard dimension < size else { return try turned(x) }
    let first = try x.narrow(dim: 3, start: 0, length: dimension)
    return try Tensor.cat([turned(first), x.narrow(dim: 3, start: dimension, length: size - dimension)], dim: 3)
  }

  private func turned(_ x: Tensor) throws(TorchError) -> Tensor {
    let halves = try x.chunk(2, dim: -1)
    return try x * cosine + Tensor.cat([-halves[1], halves[0]], dim: -1) * sine
  }
}
