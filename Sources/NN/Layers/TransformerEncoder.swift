public import Torch

/// Self-attention and two linear maps, each with a residual path and layer norm (Vaswani et al. 2017, arXiv:1706.03762), PyTorch's
/// `nn.TransformerEncoderLayer` with its names.
///
/// Input and output `[batch, length, dimension]` (without batch, too; length before batch with `batchFirst: false`).
public final class TransformerEncoderLayer: Module, Layer {
  /// The self-attention.
  public let selfAttn: MultiheadAttention
  /// The first of the two maps.
  public let linear1: Linear
  /// Between the two maps.
  public let dropout: Dropout
  /// The second of the two maps.
  public let linear2: Linear
  /// Of the attention.
  public let norm1: LayerNorm
  /// Of the maps.
  public let norm2: LayerNorm
  /// After the attention.
  public let dropout1: Dropout
  /// After the maps.
  public let dropout2: Dropout
  /// Whether norms come before what they belong to (as in ViT and GPT) instead of after the sum.
  public let normFirst: Bool
  /// The function between the two maps.
  public let activation: TransformerActivation

  /// - Parameters:
  ///   - dimension: the size of each element of the sequence, a multiple of `heads`.
  ///   - heads: the heads of attention.
  ///   - feedForward: the size between the two maps.
  ///   - dropout: the probability that a value is set to zero in training, everywhere in the layer.
  ///   - activation: the function between the two maps.
  ///   - eps: added to the variance in the norms.
  ///   - normFirst: whether norms come before what they belong to instead of after the sum.
  ///   - bias: whether maps and norms add a trained vector.
  ///   - batchFirst: whether the batch comes before the length. Unlike PyTorch's, this is the default, as everywhere in the package.
  public convenience init(
    _ dimension: Int, heads: Int, feedForward: Int = 2048, dropout: Double = 0.1, activation: TransformerActivation = .relu,
    eps: Double = 1e-5, normFirst: Bool = false, bias: Bool = true, batchFirst: Bool = true
  ) {
    self.init(
      TransformerSettings(
        dimension: dimension, heads: heads, feedForward: feedForward, dropout: dropout, activation: activation, eps: eps,
        normFirst: normFirst, bias: bias, batchFirst: batchFirst))
  }

  init(_ settings: TransformerSettings) {
    selfAttn = settings.attention()
    linear1 = Linear(settings.dimension, settings.feedForward, bias: settings.bias)
    dropout = Dropout(settings.dropout)
    linear2 = Linear(settings.feedForward, settings.dimension, bias: settings.bias)
    norm1 = settings.norm()
    norm2 = settings.norm()
    dropout1 = Dropout(settings.dropout)
    dropout2 = Dropout(settings.dropout)
    normFirst = settings.normFirst
    activation = settings.activation
  }

  /// The layer without masks.
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try callAsFunction(x, .none) }

  /// - Parameter masks: what is hidden from the self-attention.
  /// - Throws: `TorchError` where the input or a mask does not fit.
  public func callAsFunction(_ x: Tensor, _ masks: AttentionMasks) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      if normFirst {
        let attended = try x + attend(norm1(x), masks)
        return try attended + mapped(norm2(attended))
      }
      let attended = try norm1(x + attend(x, masks))
      return try norm2(attended + mapped(attended))
    }
  }

  private func attend(_ x: Tensor, _ masks: AttentionMasks) throws(TorchError) -> Tensor {
    try dropout1(selfAttn(x, x, x, mask: masks.mask, keyPaddingMask: masks.keyPaddingMask, isCausal: masks.isCausal))
  }

  private func mapped(_ x: Tensor) throws(TorchError) -> Tensor { try dropout2(linear2(dropout(activation(linear1(x))))) }

  public override var details: String { "\(selfAttn.details)" + (normFirst ? ", norm first" : "") }
}

/// Encoder layers one after the other, and a last norm if there is one: PyTorch's `nn.TransformerEncoder`.
///
/// State: `layers.0.…`, `layers.1.…` … and `norm.…`.
///
/// ```swift
/// let encoder = TransformerEncoder(layers: 6) { TransformerEncoderLayer(512, heads: 8) }
/// ```
public final class TransformerEncoder: Module, Layer {
  /// The layers in order.
  public let layers: [TransformerEncoderLayer]
  /// Applied to the last layer's output, or `nil`.
  public let norm: LayerNorm?

  /// - Parameters:
  ///   - count: the number of layers.
  ///   - norm: applied to the last layer's output.
  ///   - make: makes one layer; each gets first values of its own (PyTorch copies one layer's).
  public init(layers count: Int, norm: LayerNorm? = nil, _ make: () -> TransformerEncoderLayer) {
    layers = (0..<max(count, 0)).map { _ in make() }
    self.norm = norm
  }

  init(_ layers: [TransformerEncoderLayer], norm: LayerNorm?) {
    self.layers = layers
    self.norm = norm
  }

  /// All layers without masks.
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try callAsFunction(x, .none) }

  /// - Parameter masks: what is hidden from every layer's self-attention.
  /// - Throws: `TorchError` where the input or a mask does not fit.
  public func callAsFunction(_ x: Tensor, _ masks: AttentionMasks) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      var result = x
      for layer in layers { result = try layer(result, masks) }
      return try norm?(result) ?? result
    }
  }

  public override var details: String { "\(layers.count) layers" }
}
