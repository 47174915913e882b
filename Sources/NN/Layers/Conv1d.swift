public import Torch

/// A convolution along one dimension.
///
/// Input `[batch, in, length]` (or without batch), output `[batch, out, length']`. State: `weight` `[out, in / groups, kernel]`, `bias`
/// `[out]`, both starting uniform in ±1/√(in / groups · kernel), as in PyTorch.
public final class Conv1d: Convolution, Layer {
  /// - Parameters:
  ///   - inputs: channels of the input.
  ///   - outputs: channels of the output.
  ///   - kernel: the filter's length.
  ///   - padding: a number, `.same` (keeps the length, stride 1 only) or `.valid`.
  ///   - groups: groups of channels that do not see each other.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: some SpatialExtent, stride: some SpatialExtent = 1, padding: some ConvolutionPadding = 0,
    dilation: some SpatialExtent = 1, groups: Int = 1, bias: Bool = true, paddingMode: PaddingMode = .zeros
  ) {
    super.init(
      inputs, outputs, rank: 1, kernel: kernel, stride: stride, padding: padding, dilation: dilation, groups: groups, bias: bias,
      paddingMode: paddingMode, name: "Conv1d")
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      try padded(x).conv1d(weight.value, bias?.value, stride: stride, padding: symmetricPadding, dilation: dilation, groups: groups)
    }
  }
}
