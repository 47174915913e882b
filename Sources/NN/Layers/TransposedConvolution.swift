import Torch

/// What `ConvTranspose1d`, `ConvTranspose2d` and `ConvTranspose3d` share.
///
/// Each size of the output is `(size - 1) · stride - 2 · padding + dilation · (kernel - 1) + outputPadding + 1`.
public class TransposedConvolution: Module {
  /// `[in, out / groups, kernel…]`.
  public let weight: Parameter
  /// `[out]`, or `nil`.
  public let bias: Parameter?
  /// Channels of the input.
  public let inputs: Int
  /// Channels of the output.
  public let outputs: Int
  /// The filter's size along each spatial dimension.
  public let kernel: [Int]
  /// The step along each spatial dimension.
  public let stride: [Int]
  /// What the output loses on both sides.
  public let padding: [Int]
  /// What the output gets at its end.
  public let outputPadding: [Int]
  /// The distance between the filter's points along each spatial dimension.
  public let dilation: [Int]
  /// Groups of channels that do not see each other.
  public let groups: Int

  init(
    _ inputs: Int, _ outputs: Int, rank: Int, kernel: some SpatialExtent, stride: some SpatialExtent, padding: some SpatialExtent,
    outputPadding: some SpatialExtent, groups: Int, bias: Bool, dilation: some SpatialExtent
  ) {
    self.inputs = inputs
    self.outputs = outputs
    self.kernel = kernel.extents(rank)
    self.stride = stride.extents(rank)
    self.padding = padding.extents(rank)
    self.outputPadding = outputPadding.extents(rank)
    self.dilation = dilation.extents(rank)
    self.groups = groups
    let problem = ConvolutionSettings.problem(
      inputs: inputs, outputs: outputs, rank: rank, groups: groups, extents: [self.kernel, self.stride, self.dilation])
    let amounts = [self.padding, self.outputPadding].first { $0.count != rank || $0.contains { $0 < 0 } }
    if let problem = problem ?? amounts.map({ "\($0) is no padding in \(rank) dimensions" }) {
      weight = Parameter(failing: .layer(problem, in: "ConvTranspose\(rank)d"))
      self.bias = nil
    } else {
      let shape = [inputs, outputs / groups] + self.kernel
      weight = Parameter(shape: shape, .pyTorchWeight)
      self.bias = bias ? Parameter(shape: [outputs], .pyTorchBias(fanIn: shape.dropFirst().reduce(1, *))) : nil
    }
  }

  /// The layer's work; `outputSize` picks among the sizes that the stride leaves open.
  final func transposed(_ x: Tensor, outputSize: [Int]?) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      let weight = try weight.value, bias = try bias?.value
      let extra = try outputSize.map { (size) throws(TorchError) in try added(for: size, input: x.shape) } ?? outputPadding
      return switch kernel.count {
      case 1:
        try x.convTranspose1d(
          weight, bias, stride: stride, padding: padding, outputPadding: extra, groups: groups, dilation: dilation)
      case 2:
        try x.convTranspose2d(
          weight, bias, stride: stride, padding: padding, outputPadding: extra, groups: groups, dilation: dilation)
      default:
        try x.convTranspose3d(
          weight, bias, stride: stride, padding: padding, outputPadding: extra, groups: groups, dilation: dilation)
      }
    }
  }

  /// The output padding that gives a size.
  private func added(for size: [Int], input shape: [Int]) throws(TorchError) -> [Int] {
    let rank = kernel.count
    guard shape.count > rank else { throw TorchError.layer("got \(shape)", expected: expectation(inputs: [shape])) }
    var least: [Int] = [], most: [Int] = []
    for axis in 0..<rank {
      let reach = (shape[shape.count - rank + axis] - 1) * stride[axis] + dilation[axis] * (kernel[axis] - 1) + 1
      least.append(reach - 2 * padding[axis])
      most.append(reach - 2 * padding[axis] + stride[axis] - 1)
    }
    guard size.count == rank, (0..<rank).allSatisfy({ least[$0] <= size[$0] && size[$0] <= most[$0] }) else {
      throw TorchError.layer("the output size \(size) cannot be had from \(shape)", expected: "a size from \(least) to \(most)")
    }
    return zip(size, least).map { $0 - $1 }
  }

  public override var details: String {
    "\(inputs)→\(outputs), kernel \(kernel.map(String.init).joined(separator: "×")), stride "
      + stride.map(String.init).joined(separator: "×")
  }

  public override func expectation(inputs shapes: [[Int]]) -> String? {
    ConvolutionSettings.expectation(shape: shapes.first ?? [], channels: inputs, rank: kernel.count)
  }

  public override func multiplyAdds(inputs shapes: [[Int]], outputs: [[Int]]) -> Int {
    (shapes.first?.reduce(1, *) ?? 0) * (self.outputs / max(groups, 1)) * kernel.reduce(1, *)
  }
}
