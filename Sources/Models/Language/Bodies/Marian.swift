import Foundation
import MartletCore
public import NN
public import Torch

/// The settings of Marian's translation models; names in `config.json` as transformers writes them.
public struct MarianConfiguration: Sendable, Hashable {
  /// One half of the network.
  public struct Side: Sendable, Hashable {
    public var layers = 12
    public var heads = 16
    /// The width between a block's two linear layers.
    public var hidden = 4096
  }

  public var vocabulary = 58_101
  /// Token ids of the decoder; the same as `vocabulary` where both share a table.
  public var decoderVocabulary = 58_101
  public var width = 1024
  public var encoder = Side()
  public var decoder = Side()
  public var maxPositions = 1024
  public var activation = NamedActivation.gelu
  public var dropout = 0.1
  public var attentionDropout = 0.0
  public var activationDropout = 0.0
  /// Whether the tokens' vectors are multiplied with the square root of the width.
  public var scalesEmbedding = false
  /// Whether encoder and decoder have one table.
  public var sharesTables = true
  public var padding: Int? = 58_100
  public var decoderStart = 58_100

  /// transformers' usual settings.
  public init() {}

  init(_ reader: ConfigurationReader) throws(ModelError) {
    vocabulary = try reader.int("vocab_size", vocabulary)
    decoderVocabulary = try reader.int("decoder_vocab_size", vocabulary)
    width = try reader.int("d_model", width, in: 2...(1 << 20))
    encoder = try Self.side(reader, "encoder", width: width)
    decoder = try Self.side(reader, "decoder", width: width)
    maxPositions = try reader.int("max_position_embeddings", maxPositions)
    activation = try reader.activation("activation_function", .gelu)
    dropout = try reader.probability("dropout", dropout)
    attentionDropout = try reader.probability("attention_dropout", attentionDropout)
    activationDropout = try reader.probability("activation_dropout", activationDropout)
    scalesEmbedding = try reader.bool("scale_embedding", false)
    sharesTables = try reader.bool("share_encoder_decoder_embeddings", true)
    padding = try reader.optionalInt("pad_token_id") ?? 58_100
    decoderStart = try reader.optionalInt("decoder_start_token_id") ?? padding ?? 0
    try reader.checkPadding(padding, vocabulary: vocabulary)
    let hasOtherNorms = [try reader.bool("normalize_before", false), try reader.bool("normalize_embedding", false)]
    if hasOtherNorms.contains(true) {
      throw ModelError("\(reader.source): norms before the layers or over the embeddings", expected: "norms behind the layers")
    }
  }

  private static func side(_ reader: ConfigurationReader, _ name: String, width: Int) throws(ModelError) -> Side {
    let heads = try reader.int("\(name)_attention_heads", 16)
    try reader.checkHeads(width: width, heads: heads)
    return Side(
      layers: try reader.int("\(name)_layers", 12, in: 1...10_000), heads: heads, hidden: try reader.int("\(name)_ffn_dim", 4096))
  }
}

/// A translation model as Marian trains them (Junczys-Dowmunt et al. 2018, arXiv:1804.00344): the transformer of Vaswani et al. 2017.
///
/// State names of transformers' `MarianModel`: `shared`, `encoder.layers.0.self_attn.q_proj` …; positions are computed, not stored.
public final class Marian: LanguageBody, EncoderDecoder {
  /// What the model was built from.
  public let configuration: MarianConfiguration
  private let shared: Embedding?
  private let encoder: MarianStack
  private let decoder: MarianStack

  public init(_ configuration: MarianConfiguration) {
    self.configuration = configuration
    func table(_ count: Int) -> Embedding {
      Embedding(count, configuration.width, paddingIndex: configuration.padding.flatMap { $0 < count ? $0 : nil })
    }
    let first = table(configuration.vocabulary)
    shared = configuration.sharesTables ? first : nil
    encoder = MarianStack(configuration, configuration.encoder, table: first, isDecoder: false)
    decoder = MarianStack(
      configuration, configuration.decoder, table: configuration.sharesTables ? first : table(configuration.decoderVocabulary),
      isDecoder: true)
    super.init(width: configuration.width, vocabulary: configuration.vocabulary, isCausal: false, padding: configuration.padding)
  }

  public override var tokenTable: Embedding { decoder.embedTokens }

  public var decoderStart: Int { configuration.decoderStart }

  public override func callAsFunction(_ input: TokenInput) throws(TorchError) -> Tensor {
    try check(input, positions: configuration.maxPositions)
    return try observed(input.ids) { (_) throws(TorchError) in try translate(input) }
  }

  public func encode(_ input: TokenInput) throws(TorchError) -> Tensor {
    try check(input, positions: configuration.maxPositions)
    return try encoder(input.ids, .bidirectional(input), memory: nil, .init(mask: nil, isCausal: false), run)
  }

  public func decode(_ ids: Tensor, mask: Tensor?, memory: Tensor, memoryMask: Tensor?) throws(TorchError) -> Tensor {
    let input = TokenInput(ids, mask: mask)
    try check(input, positions: configuration.maxPositions)
    return try decoder(ids, .causal(input), memory: memory, .cross(memoryMask), run)
  }

  public override var details: String {
    "\(configuration.encoder.layers) + \(configuration.decoder.layers) layers, \(width) wide, \(vocabulary) tokens"
  }
}

private typealias MarianRun = (Module, [Tensor], @escaping ([Tensor]) throws(TorchError) -> Tensor) throws(TorchError) -> Tensor

private final class MarianStack: Module {
  let embedTokens: Embedding
  private let embedPositions: SinusoidalPositions
  private let layers: [MarianLayer]
  private let scale: Double
  private let dropout: Dropout

  init(_ configuration: MarianConfiguration, _ side: MarianConfiguration.Side, table: Embedding, isDecoder: Bool) {
    embedTokens = table
    embedPositions = SinusoidalPositions(configuration.maxPositions, configuration.width)
    layers = (0..<side.layers).map { _ in MarianLayer(configuration, side, isDecoder: isDecoder) }
    scale = configuration.scalesEmbedding ? Double(configuration.width).squareRoot() : 1
    dropout = Dropout(configuration.dropout, keyed: true)
  }

  func callAsFunction(
    _ ids: Tensor, _ pattern: AttentionPattern, memory: Tensor?, _ cross: AttentionPattern, _ run: MarianRun
  ) throws(TorchError) -> Tensor {
    try observed(ids) { (ids) throws(TorchError) in
      var hidden = try embedTokens(ids)
      if scale != 1 { hidden = try hidden * scale }
      hidden = try dropout(hidden + embedPositions(ids.shape[1]).to(hidden.dtype))
      for layer in layers {
        hidden = try run(layer, [hidden] + (memory.map { [$0] } ?? [])) { (inputs) throws(TorchError) in
          try layer(inputs[0], pattern, memory: inputs.count > 1 ? inputs[1] : nil, cross)
        }
      }
      return hidden
    }
  }
}

/// Sines in the first half of the dimensions, cosines in the second. A table that no file needs to hold.
package final class SinusoidalPositions: Module {
  private let weight: Buffer

  init(_ count: Int, _ dimension: Int) {
    weight = Buffer(persistent: false) { () throws(TorchError) in try Tensor(Self.values(count, dimension), shape: [count, dimension]) }
  }

  func callAsFunction(_ length: Int) throws(TorchError) -> Tensor { try weight.value.narrow(dim: 0, start: 0, length: length) }

  /// The table, row by row.
  package static func values(_ count: Int, _ dimension: Int) -> [Float] {
    let half = (dimension + 1) / 2
    var values = [Float](repeating: 0, count: count * dimension)
    for position in 0..<count {
      for index in 0..<dimension {
        let angle = Double(position) / pow(10_000, Double(2 * (index / 2)) / Double(dimension))
        let place = index % 2 == 0 ? index / 2 : half + index / 2
        values[position * dimension + place] = Float(index % 2 == 0 ? sin(angle) : cos(angle))
      }
    }
    return values
  }
}

private final class MarianLayer: Module {
  private let selfAttn: MarianAttention
  private let selfAttnLayerNorm: LayerNorm
  private let encoderAttn: MarianAttention?
  private let encoderAttnLayerNorm: LayerNorm?
  private let fc1: Linear
  private let fc2: Linear
  private let finalLayerNorm: LayerNorm
  private let activation: NamedActivation
  private let dropout: Dropout
  private let activationDropout: Dropout

  init(_ configuration: MarianConfiguration, _ side: MarianConfiguration.Side, isDecoder: Bool) {
    func attention() -> MarianAttention {
      MarianAttention(configuration.width, heads: side.heads, dropout: configuration.attentionDropout)
    }
    selfAttn = attention()
    selfAttnLayerNorm = LayerNorm(configuration.width)
    encoderAttn = isDecoder ? attention() : nil
    encoderAttnLayerNorm = isDecoder ? LayerNorm(configuration.width) : nil
    fc1 = Linear(configuration.width, side.hidden)
    fc2 = Linear(side.hidden, configuration.width)
    finalLayerNorm = LayerNorm(configuration.width)
    activation = configuration.activation
    dropout = Dropout(configuration.dropout, keyed: true)
    activationDropout = Dropout(configuration.activationDropout, keyed: true)
  }

  func callAsFunction(
    _ x: Tensor, _ pattern: AttentionPattern, memory: Tensor?, _ cross: AttentionPattern
  ) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      var hidden = try selfAttnLayerNorm(x + dropout(selfAttn(x, from: x, pattern)))
      if let memory, let encoderAttn, let encoderAttnLayerNorm {
        hidden = try encoderAttnLayerNorm(hidden + dropout(encoderAttn(hidden, from: memory, cross)))
      }
      let mapped = try fc2(activationDropout(activation(fc1(hidden))))
      return try finalLayerNorm(hidden + dropout(mapped))
    }
  }
}

private final class MarianAttention: Module {
  private let kProj: Linear
  private let vProj: Linear
  private let qProj: Linear
  private let outProj: Linear
  private let heads: Int
  private let size: Int
  private let dropout: Double

  init(_ width: Int, heads: Int, dropout: Double) {
    (kProj, vProj, qProj, outProj) = (Linear(width, width), Linear(width, width), Linear(width, width), Linear(width, width))
    self.heads = heads
    size = width / heads
    self.dropout = dropout
  }

  func callAsFunction(_ x: Tensor, from source: Tensor, _ pattern: AttentionPattern) throws(TorchError) -> Tensor {
    try observed([x, source]) { (inputs) throws(TorchError) in
      let attended = try attention(
        qProj(inputs[0]).split(heads: heads, size: size), kProj(inputs[1]).split(heads: heads, size: size),
        vProj(inputs[1]).split(heads: heads, size: size), pattern, dropout: isTraining ? dropout : 0)
      return [try outProj(attended.joinedHeads())]
    }[0]
  }
}
