public import Torch

/// A convolution over volumes or short films.
///
/// Input `[batch, in, depth, height, width]` (or without batch), output `[batch, out, depth', height', width']`. State: `weight`
/// `[out, in / groups, kernel…]`, `bias` `[out]`, both starting uniform in ±1/√(in / groups · kernel volume), as in PyTorch.
public final class Conv3d: Convolution, Layer {
  /// - Parameters:
  ///   - inputs: channels of the input.
  ///   - outputs: channels of the output.
  ///   - kernel: the filter's size: one number, or `[depth, height, width]`.
  ///   - stride: the filter's step.
  ///   - padding: a number, `[depth, height, width]`, `.same` (keeps the size, stride 1 only) or `.valid`.
  ///   - dilation: the distance between the filter's points.
  ///   - groups: groups of channels that do not see each other.
  ///   - bias: whether each channel adds a trained number.
  ///   - paddingMode: what stands in the padding.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: some SpatialExtent, stride: some SpatialExtent = 1, padding: some ConvolutionPadding = 0,
    dilation: some SpatialExtent = 1, groups: Int = 1, bias: Bool = true, paddingMode: PaddingMode = .zeros
  ) {
    super.init(
      inputs, outputs, rank: 3, kernel: kernel, stride: stride, padding: padding, dilation: dilation, groups: groups, bias: bias,
      paddingMode: paddingMode, name: "Conv3d")
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      try padded(x).conv3d(weight.value, bias?.value, stride: stride, padding: symmetricPadding, dilation: dilation, groups: groups)
    }
  }
}
