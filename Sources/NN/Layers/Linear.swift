public import Torch

/// An affine map of the last dimension: `y = x Wᵀ + b`.
///
/// Input `[..., in]`, output `[..., out]`. State: `weight` `[out, in]`, `bias` `[out]`. Both start uniform in ±1/√in, as in PyTorch.
public final class Linear: Module, AdaptableLayer {
  /// `[out, in]`. Settable, so that two layers can share one.
  public var weight: Parameter { didSet { structureChanged() } }
  /// `[out]`, or `nil`.
  public let bias: Parameter?
  /// The size of the last dimension of the input.
  public let inputs: Int
  /// The size of the last dimension of the output.
  public let outputs: Int
  /// What is trained beside the weight, which then rests; `nil` for nothing.
  public var adapter: LinearAdapter? { didSet { structureChanged() } }

  /// - Parameters:
  ///   - inputs: the size of the last dimension of the input.
  ///   - outputs: the size of the last dimension of the output.
  ///   - bias: whether a trained vector is added.
  public init(_ inputs: Int, _ outputs: Int, bias: Bool = true) {
    self.inputs = inputs
    self.outputs = outputs
    weight = Parameter(shape: [outputs, inputs], .pyTorchWeight)
    self.bias = bias ? Parameter(shape: [outputs], .pyTorchBias(fanIn: inputs)) : nil
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      guard let adapter else { return try x.linear(weight.value, bias?.value) }
      return try adapter.output(for: x) { (x) throws(TorchError) in try x.linear(weight.value, bias?.value) }
    }
  }

  public var hasTransposedWeight: Bool { false }

  public override class var stateNames: [String: String] { ["adapter": ""] }

  public override var details: String { "\(inputs)→\(outputs)" + (bias == nil ? ", no bias" : "") }

  public override func expectation(inputs shapes: [[Int]]) -> String? {
    shapes.first?.last == inputs ? nil : "\(inputs) features in the last dimension"
  }

  public override func multiplyAdds(inputs shapes: [[Int]], outputs: [[Int]]) -> Int {
    (outputs.first?.reduce(1, *) ?? 0) * inputs
  }
}
