public import NN
public import Torch

/// The part of a language model that makes its answer of the body's vectors.
///
/// Its members stand at the top of the model's state, under transformers' names (`classifier.weight`, `lm_head.weight`).
open class LanguageHead: Module {
  /// The answer; see ``LanguageTask`` for shapes.
  /// - Parameters:
  ///   - hidden: what the body gave, `[batch, length, width]`.
  ///   - input: what the model was called with.
  ///   - body: gives whole texts' vectors (``LanguageBody/pooled(_:)``).
  /// - Throws: `TorchError` where something does not fit.
  open func callAsFunction(_ hidden: Tensor, _ input: TokenInput, _ body: LanguageBody) throws(TorchError) -> Tensor { hidden }

  /// Parameters that are one with the body's.
  var ties: [StateTie] { [] }
}

/// Two names of a state that stand for one parameter.
struct StateTie {
  /// The name that files may leave out.
  let name: String
  /// The name that stands for both; of the body where it begins with a dot.
  let same: String
  /// Gives the first one values of its own, for files in which they differ.
  let untie: (() throws(TorchError) -> Void)?
}

/// A linear layer whose weight may be another layer's. State: `weight` `[out, in]`, `bias` `[out]`.
final class OutputLayer: Module {
  private(set) var weight: Parameter { didSet { structureChanged() } }
  let bias: Parameter?

  /// - Parameter weight: shared with a table of tokens; a new one if `nil`.
  init(_ inputs: Int, _ outputs: Int, weight: Parameter?, bias: Bool) {
    self.weight = weight ?? Parameter(shape: [outputs, inputs], .normal(std: 0.02))
    self.bias = bias ? Parameter(shape: [outputs], .zeros) : nil
  }

  func untie() throws(TorchError) {
    let copy = try weight.value.detach().clone()
    weight = Parameter { copy }
  }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try x.linear(weight.value, bias?.value) }
  }
}
