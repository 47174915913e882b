import NN
import Torch

/// One vector for a text: pooling, linear maps that some models have behind it, and length 1.
final class EmbeddingHead: LanguageHead {
  /// A linear map behind the pooling.
  final class Dense: Module {
    let linear: Linear
    private let activation: NamedActivation

    init(_ inputs: Int, _ outputs: Int, bias: Bool, activation: NamedActivation) {
      linear = Linear(inputs, outputs, bias: bias)
      self.activation = activation
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try activation(linear(x)) }
  }

  let settings: EmbeddingSettings
  private let dense: [Dense]

  init(_ settings: EmbeddingSettings, dense: [Dense] = []) {
    self.settings = settings
    self.dense = dense
  }

  override func callAsFunction(_ hidden: Tensor, _ input: TokenInput, _ body: LanguageBody) throws(TorchError) -> Tensor {
    var parts: [Tensor] = []
    for pooling in settings.pooling { parts.append(try pooling(hidden, mask: input.mask)) }
    var vector = try parts.count == 1 ? parts[0] : Tensor.cat(parts, dim: 1)
    for layer in dense { vector = try layer(vector) }
    guard settings.normalizes else { return vector }
    return try vector / vector.linalgVectorNorm(dims: [1], keepDim: true).clampMin(1e-12)
  }
}
