import Torch

/// What `Conv1d`, `Conv2d` and `Conv3d` share: the filters, the settings and what they mean for shapes.
public class Convolution: Module {
  /// `[out, in / groups, kernel…]`.
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
  /// The distance between the filter's points along each spatial dimension.
  public let dilation: [Int]
  /// Groups of channels that do not see each other.
  public let groups: Int
  /// What stands in the padding.
  public let paddingMode: PaddingMode

  /// What libtorch itself pads on both sides.
  final let symmetricPadding: [Int]
  /// What has to be padded before, last dimension first, both sides of each; `nil` where libtorch can do it.
  final let explicitPadding: [Int]?

  init(
    _ inputs: Int, _ outputs: Int, rank: Int, kernel: some SpatialExtent, stride: some SpatialExtent, padding: some ConvolutionPadding,
    dilation: some SpatialExtent, groups: Int, bias: Bool, paddingMode: PaddingMode, name: String
  ) {
    self.inputs = inputs
    self.outputs = outputs
    self.kernel = kernel.extents(rank)
    self.stride = stride.extents(rank)
    self.dilation = dilation.extents(rank)
    self.groups = groups
    self.paddingMode = paddingMode
    let problem = ConvolutionSettings.problem(
      inputs: inputs, outputs: outputs, rank: rank, groups: groups, extents: [self.kernel, self.stride, self.dilation])
    let amounts = problem == nil ? padding.amounts(kernel: self.kernel, stride: self.stride, dilation: self.dilation) : []
    if let amounts, amounts.allSatisfy({ $0.before == $0.after }), paddingMode == .zeros {
      symmetricPadding = amounts.map(\.before)
      explicitPadding = nil
    } else {
      symmetricPadding = [Int](repeating: 0, count: rank)
      explicitPadding = amounts?.reversed().flatMap { [$0.before, $0.after] }
    }
    if let problem = problem ?? (amounts == nil ? "padding \(padding) does not go with kernel \(self.kernel), stride \(self.stride)" : nil)
    {
      let error = TorchError.layer(problem, in: name, expected: "\(rank) sizes of each kind, and stride 1 with padding .same")
      weight = Parameter(failing: error)
      self.bias = nil
    } else {
      let shape = [outputs, inputs / groups] + self.kernel
      weight = Parameter(shape: shape, .pyTorchWeight)
      self.bias = bias ? Parameter(shape: [outputs], .pyTorchBias(fanIn: shape.dropFirst().reduce(1, *))) : nil
    }
  }

  /// The input with its padding where libtorch's convolution cannot add it.
  final func padded(_ x: Tensor) throws(TorchError) -> Tensor {
    guard let explicitPadding else { return x }
    return try x.pad(explicitPadding, mode: paddingMode == .zeros ? "constant" : paddingMode.rawValue)
  }

  public override var details: String {
    var text = "\(inputs)→\(outputs), kernel \(kernel.map(String.init).joined(separator: "×"))"
    if stride.contains(where: { $0 != 1 }) { text += ", stride \(stride.map(String.init).joined(separator: "×"))" }
    if dilation.contains(where: { $0 != 1 }) { text += ", dilation \(dilation.map(String.init).joined(separator: "×"))" }
    if groups != 1 { text += ", \(groups) groups" }
    return text
  }

  public override func expectation(inputs shapes: [[Int]]) -> String? {
    ConvolutionSettings.expectation(shape: shapes.first ?? [], channels: inputs, rank: kernel.count)
  }

  public override func multiplyAdds(inputs shapes: [[Int]], outputs: [[Int]]) -> Int {
    (outputs.first?.reduce(1, *) ?? 0) * (inputs / groups) * kernel.reduce(1, *)
  }
}

/// Checks that all convolutions share.
enum ConvolutionSettings {
  /// What is wrong with the settings, or `nil`.
  static func problem(inputs: Int, outputs: Int, rank: Int, groups: Int, extents: [[Int]]) -> String? {
    if inputs < 1 || outputs < 1 { return "\(inputs)→\(outputs) channels cannot be" }
    if groups < 1 || inputs % groups != 0 || outputs % groups != 0 { return "\(groups) groups do not divide \(inputs)→\(outputs) channels" }
    for sizes in extents where sizes.count != rank || sizes.contains(where: { $0 < 1 }) {
      return "\(sizes) is no size, stride or dilation in \(rank) dimensions"
    }
    return nil
  }

  /// What the input should look like, if it does not.
  static func expectation(shape: [Int], channels: Int, rank: Int) -> String? {
    let names = ["batch", "channels"] + [["length"], ["height", "width"], ["depth", "height", "width"]][min(max(rank, 1), 3) - 1]
    let dimension = shape.count - rank - 1
    if (0...1).contains(dimension), shape[dimension] == channels { return nil }
    return "\(channels) channels in [\(names.joined(separator: ", "))]"
  }
}
