public import Torch

/// The transpose of a convolution along one dimension: it makes larger what ``Conv1d`` makes smaller.
///
/// Input `[batch, in, length]` (or without batch), output `[batch, out, length']`, each size
/// `(size - 1) · stride - 2 · padding + dilation · (kernel - 1) + outputPadding + 1`. State: `weight` `[in, out / groups, kernel…]`,
/// `bias` `[out]`, starting as in PyTorch.
public final class ConvTranspose1d: TransposedConvolution, Layer {
  /// - Parameters:
  ///   - inputs: channels of the input.
  ///   - outputs: channels of the output.
  ///   - kernel: the filter's size: a number.
  ///   - stride: how far the output moves for each step in the input.
  ///   - padding: what the output loses on both sides.
  ///   - outputPadding: added to one side of the output, where several input sizes give the same.
  ///   - groups: groups of channels that do not see each other.
  ///   - bias: whether each channel adds a trained number.
  ///   - dilation: the distance between the filter's points.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: some SpatialExtent, stride: some SpatialExtent = 1, padding: some SpatialExtent = 0,
    outputPadding: some SpatialExtent = 0, groups: Int = 1, bias: Bool = true, dilation: some SpatialExtent = 1
  ) {
    super.init(
      inputs, outputs, rank: 1, kernel: kernel, stride: stride, padding: padding, outputPadding: outputPadding, groups: groups,
      bias: bias, dilation: dilation)
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try transposed(x, outputSize: nil) }

  /// The same with an output of a given size, where the stride leaves several open.
  /// - Parameter outputSize: `[length]` of the output.
  /// - Throws: `TorchError` where that size cannot be had.
  public func callAsFunction(_ x: Tensor, outputSize: [Int]) throws(TorchError) -> Tensor {
    try transposed(x, outputSize: outputSize)
  }
}
