public import Torch

/// The transpose of a convolution over images: it makes them larger where ``Conv2d`` makes them smaller.
///
/// Input `[batch, in, height, width]`, output `[batch, out, height', width']` with
/// `height' = (height - 1) · stride - 2 · padding + dilation · (kernel - 1) + outputPadding + 1`. State: `weight`
/// `[in, out / groups, kernel height, kernel width]`, `bias` `[out]`, starting as in PyTorch.
public final class ConvTranspose2d: Module, Layer {
  /// `[in, out / groups, kernel height, kernel width]`.
  public let weight: Parameter
  /// `[out]`, or `nil`.
  public let bias: Parameter?
  /// Channels of the input.
  public let inputs: Int
  /// Channels of the output.
  public let outputs: Int

  private let kernel: [Int], stride: [Int], padding: [Int], outputPadding: [Int], dilation: [Int]
  private let groups: Int

  /// - Parameters:
  ///   - inputs: channels of the input.
  ///   - outputs: channels of the output.
  ///   - outputPadding: added to one side of the output, where several input sizes give the same.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: some SpatialExtent, stride: some SpatialExtent = 1, padding: some SpatialExtent = 0,
    outputPadding: some SpatialExtent = 0, groups: Int = 1, bias: Bool = true, dilation: some SpatialExtent = 1
  ) {
    self.inputs = inputs
    self.outputs = outputs
    self.kernel = kernel.extents(2)
    self.stride = stride.extents(2)
    self.padding = padding.extents(2)
    self.outputPadding = outputPadding.extents(2)
    self.dilation = dilation.extents(2)
    self.groups = groups
    let problem = ConvolutionSettings.problem(
      inputs: inputs, outputs: outputs, rank: 2, groups: groups, extents: [self.kernel, self.stride, self.dilation])
    if let problem {
      weight = Parameter(failing: .layer(problem, in: "ConvTranspose2d"))
      self.bias = nil
    } else {
      let shape = [inputs, outputs / groups] + self.kernel
      weight = Parameter(shape: shape, .pyTorchWeight)
      self.bias = bias ? Parameter(shape: [outputs], .pyTorchBias(fanIn: shape.dropFirst().reduce(1, *))) : nil
    }
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      try x.convTranspose2d(
        weight.value, bias?.value, stride: stride, padding: padding, outputPadding: outputPadding, groups: groups, dilation: dilation)
    }
  }

  public override var details: String {
    "\(inputs)→\(outputs), kernel \(kernel.map(String.init).joined(separator: "×")), stride "
      + stride.map(String.init).joined(separator: "×")
  }

  public override func expectation(inputs shapes: [[Int]]) -> String? {
    ConvolutionSettings.expectation(shape: shapes.first ?? [], channels: inputs, rank: 2)
  }

  public override func multiplyAdds(inputs shapes: [[Int]], outputs: [[Int]]) -> Int {
    (shapes.first?.reduce(1, *) ?? 0) * (self.outputs / max(groups, 1)) * kernel.reduce(1, *)
  }
}
