public import Torch

/// A convolution over images.
///
/// Input `[batch, in, height, width]` (or without batch), output `[batch, out, height', width']`. State: `weight`
/// `[out, in / groups, kernel height, kernel width]`, `bias` `[out]`, both starting uniform in ±1/√(in / groups · kernel
/// area), as in PyTorch.
public final class Conv2d: Convolution, Layer {
  /// - Parameters:
  ///   - inputs: channels of the input.
  ///   - outputs: channels of the output.
  ///   - kernel: the filter's size: one number, or `[height, width]`.
  ///   - padding: a number, `[height, width]`, `.same` (keeps the size, stride 1 only) or `.valid`.
  ///   - groups: groups of channels that do not see each other; `inputs` of them make a depthwise convolution.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: some SpatialExtent, stride: some SpatialExtent = 1, padding: some ConvolutionPadding = 0,
    dilation: some SpatialExtent = 1, groups: Int = 1, bias: Bool = true, paddingMode: PaddingMode = .zeros
  ) {
    super.init(
      inputs, outputs, rank: 2, kernel: kernel, stride: stride, padding: padding, dilation: dilation, groups: groups, bias: bias,
      paddingMode: paddingMode, name: "Conv2d")
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      try padded(x).conv2d(weight.value, bias?.value, stride: stride, padding: symmetricPadding, dilation: dilation, groups: groups)
    }
  }
}
