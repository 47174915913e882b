public import NN
public import Torch

/// A linear layer whose weight lies the other way round, as GPT-2's files have it: `y = x W + b` (transformers' `Conv1D`).
///
/// Input `[..., in]`, output `[..., out]`. State: `weight` `[in, out]`, `bias` `[out]`.
public final class TransposedLinear: Module, Layer, AdaptableLayer {
  /// `[in, out]`.
  public let weight: Parameter
  /// `[out]`.
  public let bias: Parameter?
  public let inputs: Int
  public let outputs: Int
  public var adapter: LinearAdapter? { didSet { structureChanged() } }

  /// - Parameters:
  ///   - inputs: the size of the last dimension of the input.
  ///   - outputs: the size of the last dimension of the output.
  public init(_ inputs: Int, _ outputs: Int) {
    self.inputs = inputs
    self.outputs = outputs
    weight = Parameter(shape: [inputs, outputs], .normal(std: 0.02))
    bias = Parameter(shape: [outputs], .zeros)
  }

  public override class var stateNames: [String: String] { ["adapter": ""] }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      guard let adapter else { return try x.linear(weight.value.t(), bias?.value) }
      return try adapter.output(for: x) { (x) throws(TorchError) in try x.linear(weight.value.t(), bias?.value) }
    }
  }

  public var hasTransposedWeight: Bool { true }

  public override var details: String { "\(inputs)→\(outputs)" }
}
