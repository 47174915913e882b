public import Torch

/// Encoder and decoder (Vaswani et al. 2017, arXiv:1706.03762), PyTorch's `nn.Transformer` with its names and first values.
///
/// Source `[batch, source, dimension]`, target and output `[batch, length, dimension]` (without batch, too; length before batch with
/// `batchFirst: false`). State: `encoder.layers.…`, `encoder.norm.…`, `decoder.layers.…`, `decoder.norm.…`.
///
/// ```swift
/// let transformer = Transformer(64, heads: 4, encoderLayers: 2, decoderLayers: 2)
/// let y = try transformer(source, target, targetMasks: .causal)
/// ```
public final class Transformer: Module {
  /// Reads the source.
  public let encoder: TransformerEncoder
  /// Reads the target and what the encoder made.
  public let decoder: TransformerDecoder

  /// - Parameters:
  ///   - dimension: the size of each element of the sequences, a multiple of `heads`.
  ///   - heads: the heads of attention.
  ///   - encoderLayers: the number of layers of the encoder.
  ///   - decoderLayers: the number of layers of the decoder.
  ///   - feedForward: the size between the two maps of each layer.
  ///   - dropout: the probability that a value is set to zero in training.
  ///   - activation: the function between the two maps.
  ///   - eps: added to the variance in the norms.
  ///   - normFirst: whether norms come before what they belong to instead of after the sum.
  ///   - bias: whether maps and norms add a trained vector.
  ///   - batchFirst: whether the batch comes before the length. Unlike PyTorch's, this is the default, as everywhere in the package.
  public init(
    _ dimension: Int = 512, heads: Int = 8, encoderLayers: Int = 6, decoderLayers: Int = 6, feedForward: Int = 2048,
    dropout: Double = 0.1, activation: TransformerActivation = .relu, eps: Double = 1e-5, normFirst: Bool = false, bias: Bool = true,
    batchFirst: Bool = true
  ) {
    let settings = TransformerSettings(
      dimension: dimension, heads: heads, feedForward: feedForward, dropout: dropout, activation: activation, eps: eps,
      normFirst: normFirst, bias: bias, batchFirst: batchFirst)
    encoder = TransformerEncoder(Self.copies(encoderLayers) { TransformerEncoderLayer(settings) }, norm: settings.norm())
    decoder = TransformerDecoder(Self.copies(decoderLayers) { TransformerDecoderLayer(settings) }, norm: settings.norm())
    super.init()
    // A parameter that could not be made keeps its own error.
    try? initialize(.xavierUniform()) { _, parameter in parameter.shape.count > 1 }
  }

  /// Layers of equal first values: PyTorch copies the first, so only that one draws random numbers.
  private static func copies<Made: Module>(_ count: Int, _ make: () -> Made) -> [Made] {
    let first = make()
    guard count > 1, let random = try? RandomState.save(), let state = try? first.state() else { return count > 0 ? [first] : [] }
    let others = (1..<count).map { _ in make() }
    for other in others { _ = try? other.load(state) }
    try? RandomState.restore(random)
    return [first] + others
  }

  /// - Parameters:
  ///   - source: what the encoder reads.
  ///   - target: what the decoder reads.
  ///   - sourceMasks: what of the source is hidden from itself.
  ///   - targetMasks: what of the target is hidden from itself; `.causal` in training a language model.
  ///   - memoryMasks: what of the encoder's output is hidden from the target.
  /// - Returns: one vector for each position of the target.
  /// - Throws: `TorchError` where an input or a mask does not fit.
  public func callAsFunction(
    _ source: Tensor, _ target: Tensor, sourceMasks: AttentionMasks = .none, targetMasks: AttentionMasks = .none,
    memoryMasks: AttentionMasks = .none
  ) throws(TorchError) -> Tensor {
    try observed([source, target]) { (inputs) throws(TorchError) in
      [try decoder(target, memory: encoder(source, sourceMasks), targetMasks, memoryMasks: memoryMasks)]
    }[0]
  }

  /// A mask to add to the products: minus infinity where a position would see what comes later, `[size, size]`.
  public static func causalMask(_ size: Int) throws(TorchError) -> Tensor {
    try AttentionMask.added(AttentionMask.future(size, size, device: .cpu), like: Tensor.zeros([]))
  }
}
