public import Torch

/// Self-attention, attention to an encoder's output and two linear maps, each with a residual path and layer norm (Vaswani et al. 2017,
/// arXiv:1706.03762), PyTorch's `nn.TransformerDecoderLayer` with its names.
///
/// Input and output `[batch, length, dimension]`, memory `[batch, source, dimension]` (without batch, too; length before batch with
/// `batchFirst: false`).
public final class TransformerDecoderLayer: Module {
  /// The self-attention.
  public let selfAttn: MultiheadAttention
  /// The attention to the memory.
  public let multiheadAttn: MultiheadAttention
  /// The first of the two maps.
  public let linear1: Linear
  /// Between the two maps.
  public let dropout: Dropout
  /// The second of the two maps.
  public let linear2: Linear
  /// Of the self-attention.
  public let norm1: LayerNorm
  /// Of the attention to the memory.
  public let norm2: LayerNorm
  /// Of the maps.
  public let norm3: LayerNorm
  /// After the self-attention.
  public let dropout1: Dropout
  /// After the attention to the memory.
  public let dropout2: Dropout
  /// After the maps.
  public let dropout3: Dropout
  /// Whether norms come before what they belong to instead of after the sum.
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
    multiheadAttn = settings.attention()
    linear1 = Linear(settings.dimension, settings.feedForward, bias: settings.bias)
    dropout = Dropout(settings.dropout)
    linear2 = Linear(settings.feedForward, settings.dimension, bias: settings.bias)
    norm1 = settings.norm()
    norm2 = settings.norm()
    norm3 = settings.norm()
    dropout1 = Dropout(settings.dropout)
    dropout2 = Dropout(settings.dropout)
    dropout3 = Dropout(settings.dropout)
    normFirst = settings.normFirst
    activation = settings.activation
  }

  /// - Parameters:
  ///   - memory: the encoder's output.
  ///   - masks: what is hidden from the self-attention.
  ///   - memoryMasks: what of the memory is hidden.
  /// - Throws: `TorchError` where an input or a mask does not fit.
  public func callAsFunction(
    _ x: Tensor, memory: Tensor, _ masks: AttentionMasks = .none, memoryMasks: AttentionMasks = .none
  ) throws(TorchError) -> Tensor {
    try observed([x, memory]) { (inputs) throws(TorchError) in
      if normFirst {
        let attended = try x + attend(norm1(x), masks)
        let informed = try attended + attend(norm2(attended), to: memory, memoryMasks)
        return [try informed + mapped(norm3(informed))]
      }
      let attended = try norm1(x + attend(x, masks))
      let informed = try norm2(attended + attend(attended, to: memory, memoryMasks))
      return [try norm3(informed + mapped(informed))]
    }[0]
  }

  private func attend(_ x: Tensor, _ masks: AttentionMasks) throws(TorchError) -> Tensor {
    try dropout1(selfAttn(x, x, x, mask: masks.mask, keyPaddingMask: masks.keyPaddingMask, isCausal: masks.isCausal))
  }

  private func attend(_ x: Tensor, to memory: Tensor, _ masks: AttentionMasks) throws(TorchError) -> Tensor {
    try dropout2(
      multiheadAttn(x, memory, memory, mask: masks.mask, keyPaddingMask: masks.keyPaddingMask, isCausal: masks.isCausal))
  }

  private func mapped(_ x: Tensor) throws(TorchError) -> Tensor { try dropout3(linear2(dropout(activation(linear1(x))))) }

  public override var details: String { "\(selfAttn.details)" + (normFirst ? ", norm first" : "") }
}

/// Decoder layers one after the other, and a last norm if there is one: PyTorch's `nn.TransformerDecoder`.
///
/// State: `layers.0.…`, `layers.1.…` … and `norm.…`.
public final class TransformerDecoder: Module {
  /// The layers in order.
  public let layers: [TransformerDecoderLayer]
  /// Applied to the last layer's output, or `nil`.
  public let norm: LayerNorm?

  /// - Parameters:
  ///   - count: the number of layers.
  ///   - norm: applied to the last layer's output.
  ///   - make: makes one layer; each gets first values of its own (PyTorch copies one layer's).
  public init(layers count: Int, norm: LayerNorm? = nil, _ make: () -> TransformerDecoderLayer) {
    layers = (0..<max(count, 0)).map { _ in make() }
    self.norm = norm
  }

  init(_ layers: [TransformerDecoderLayer], norm: LayerNorm?) {
    self.layers = layers
    self.norm = norm
  }

  /// - Parameters:
  ///   - memory: the encoder's output.
  ///   - masks: what is hidden from every layer's self-attention.
  ///   - memoryMasks: what of the memory is hidden.
  /// - Throws: `TorchError` where an input or a mask does not fit.
  public func callAsFunction(
    _ x: Tensor, memory: Tensor, _ masks: AttentionMasks = .none, memoryMasks: AttentionMasks = .none
  ) throws(TorchError) -> Tensor {
    try observed([x, memory]) { (inputs) throws(TorchError) in
      var result = x
      for layer in layers { result = try layer(result, memory: memory, masks, memoryMasks: memoryMasks) }
      return [try norm?(result) ?? result]
    }[0]
  }

  public override var details: String { "\(layers.count) layers" }
}
