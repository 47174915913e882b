public import Torch

/// Something small that is trained beside a linear layer's weight, which rests: LoRA and its like.
///
/// It is a member of the layer, so its parameters stand among the layer's own in the state.
open class LinearAdapter: Module {
  /// The output of the layer with the adapter, `[..., out]`.
  /// - Parameters:
  ///   - input: what the layer got, `[..., in]`.
  ///   - layer: the layer without the adapter.
  open func output(
    for input: Tensor, _ layer: (Tensor) throws(TorchError) -> Tensor
  ) throws(TorchError) -> Tensor { try layer(input) }
}

/// A linear layer that takes an adapter.
public protocol AdaptableLayer: Layer {
  /// The size of the last dimension of the input.
  var inputs: Int { get }
  /// The size of the last dimension of the output.
  var outputs: Int { get }
  /// The layer's own weight: `[out, in]`, or `[in, out]` where it is transposed.
  var weight: Parameter { get }
  /// `[out]`, or `nil`.
  var bias: Parameter? { get }
  /// Whether the weight is `[in, out]`.
  var hasTransposedWeight: Bool { get }
  /// What is trained beside the weight; `nil` for nothing.
  var adapter: LinearAdapter? { get set }
}
