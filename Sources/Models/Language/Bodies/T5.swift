import MartletCore
public import NN
public import Torch

/// The settings of T5; names in `config.json` as transformers writes them.
public struct T5Configuration: Sendable, Hashable {
  public var vocabulary = 32_128
  public var width = 512
  /// The size of each head.
  public var headDimension = 64
  /// The width between a block's two linear layers.
  public var hidden = 2048
  public var layers = 6
  public var decoderLayers = 6
  public var heads = 8
  /// Distances are told apart by that many numbers …
  public var buckets = 32
  /// … up to this one.
  public var maxDistance = 128
  public var dropout = 0.1
  public var eps = 1e-6
  public var activation = NamedActivation.relu
  /// Whether the activation is multiplied with a second map (T5 1.1, Shazeer 2020).
  public var isGated = false
  /// Whether the decoder's vectors are divided by the square root of the width before the output layer (as where it shares the table).
  public var scalesOutput = true
  public var padding: Int? = 0
  public var decoderStart = 0

  /// The settings of T5 small.
  public init() {}

  init(_ reader: ConfigurationReader) throws(ModelError) {
    vocabulary = try reader.int("vocab_size", vocabulary)
    width = try reader.int("d_model", width)
    headDimension = try reader.int("d_kv", headDimension)
    hidden = try reader.int("d_ff", hidden)
    layers = try reader.int("num_layers", layers, in: 1...10_000)
    decoderLayers = try reader.int("num_decoder_layers", layers, in: 1...10_000)
    heads = try reader.int("num_heads", heads)
    buckets = try reader.int("relative_attention_num_buckets", buckets, in: 4...(1 << 20))
    maxDistance = try reader.int("relative_attention_max_distance", maxDistance)
    // The decoder has no half for what lies ahead.
    guard maxDistance > buckets / 2 else {
      throw ModelError("\(reader.source): distances up to \(maxDistance) in \(buckets) numbers", expected: "above \(buckets / 2)")
    }
    dropout = try reader.probability("dropout_rate", dropout)
    eps = try reader.double("layer_norm_epsilon", eps, in: 0...1)
    (activation, isGated) = try Self.feedForward(reader)
    // Older files say it by not sharing the table.
    scalesOutput = try reader.bool("scale_decoder_outputs", reader.bool("tie_word_embeddings", true))
    padding = try reader.optionalInt("pad_token_id") ?? 0
    decoderStart = try reader.optionalInt("decoder_start_token_id") ?? padding ?? 0
    try reader.checkPadding(padding, vocabulary: vocabulary)
  }

  private static func feedForward(_ reader: ConfigurationReader) throws(ModelError) -> (NamedActivation, Bool) {
    let kind = try reader.string("feed_forward_proj", "relu")
    if kind == "gated-gelu" { return (.geluNew, true) }
    let isGated = kind.hasPrefix("gated-")
    guard let activation = NamedActivation(rawValue: isGated ? String(kind.dropFirst(6)) : kind) else {
      throw ModelError(
        "\(reader.source): 'feed_forward_proj' is '\(kind)'",
        expected: "an activation (\(NamedActivation.allCases.map(\.rawValue).joined(separator: ", "))) with or without 'gated-' before it")
    }
    return (activation, isGated)
  }
}

/// T5 (Raffel et al. 2019, arXiv:1910.10683): an encoder and a decoder whose attention learns what distances mean.
///
/// State names of transformers' `T5Model`: `shared`, `encoder.block.0.layer.0.SelfAttention.q` …
public final class T5: LanguageBody, EncoderDecoder {
  /// What the model was built from.
  public let configuration: T5Configuration
  private let shared: Embedding
  private let encoder: T5Stack
  private let decoder: T5Stack

  public init(_ configuration: T5Configuration) {
    self.configuration = configuration
    shared = Embedding(configuration.vocabulary, configuration.width)
    encoder = T5Stack(configuration, table: shared, isDecoder: false)
    decoder = T5Stack(configuration, table: shared, isDecoder: true)
    super.init(width: configuration.width, vocabulary: configuration.vocabulary, isCausal: false, padding: configuration.padding)
  }

  public override var tokenTable: Embedding { shared }

  public var decoderStart: Int { configuration.decoderStart }

  public override func callAsFunction(_ input: TokenInput) throws(TorchError) -> Tensor {
    try check(input, positions: nil)
    return try observed(input.ids) { (_) throws(TorchError) in try translate(input) }
  }

  public func encode(_ input: TokenInput) throws(TorchError) -> Tensor {
    try check(input, positions: nil)
    return try encoder(shared(input.ids), .bidirectional(input), memory: nil, .init(mask: nil, isCausal: false), run)
  }

  public func decode(_ ids: Tensor, mask: Tensor?, memory: Tensor, memoryMask: Tensor?) throws(TorchError) -> Tensor {
    try decoder(shared(ids), .causal(TokenInput(ids, mask: mask)), memory: memory, .cross(memoryMask), run)
  }

  public override var details: String {
    "\(configuration.layers) + \(configuration.decoderLayers) layers, \(width) wide, \(configuration.heads) heads, \(vocabulary) tokens"
  }
}

private typealias T5Run = (Module, [Tensor], @escaping ([Tensor]) throws(TorchError) -> Tensor) throws(TorchError) -> Tensor

private final class T5Stack: Module {
  /// The same table as the model's; files of others name it here, too.
  private let embedTokens: Embedding
  private let block: [T5Block]
  private let finalLayerNorm: RMSNorm
  private let dropout: Dropout

  init(_ configuration: T5Configuration, table: Embedding, isDecoder: Bool) {
    embedTokens = table
    block = (0..<(isDecoder ? configuration.decoderLayers : configuration.layers)).map {
      T5Block(configuration, isDecoder: isDecoder, isFirst: $0 == 0)
    }
    finalLayerNorm = RMSNorm(configuration.width, eps: configuration.eps)
    dropout = Dropout(configuration.dropout, keyed: true)
  }

  func callAsFunction(
    _ x: Tensor, _ pattern: AttentionPattern, memory: Tensor?, _ cross: AttentionPattern, _ run: T5Run
  ) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      let length = x.shape[1]
      var bias = try block[0].bias(length)
      if let added = try pattern.added(length: length, source: length, dtype: x.dtype, device: x.device) { bias = try bias + added }
      let seen = try memory.flatMap { (memory) throws(TorchError) in
        try cross.added(length: length, source: memory.shape[1], dtype: x.dtype, device: x.device)
      }
      var hidden = try dropout(x)
      for layer in block {
        // The bias is learned, so that it has to be an input of what is computed again.
        hidden = try run(layer, [hidden, bias] + (memory.map { [$0] } ?? [])) { (inputs) throws(TorchError) in
          try layer(inputs[0], bias: inputs[1], memory: inputs.count > 2 ? inputs[2] : nil, seen: seen)
        }
      }
      return try dropout(finalLayerNorm(hidden))
    }
  }
}

private final class T5Block: Module {
  private let layer: [T5Sublayer]

  init(_ configuration: T5Configuration, isDecoder: Bool, isFirst: Bool) {
    let attention = T5SelfAttention(configuration, T5Attention(configuration, isDecoder: isDecoder, hasBias: isFirst))
    let feedForward = T5FeedForward(configuration)
    layer =
      isDecoder ? [attention, T5CrossAttention(configuration), feedForward] : [attention, feedForward]
  }

  func bias(_ length: Int) throws(TorchError) -> Tensor { try layer[0].bias(length) }

  func callAsFunction(_ x: Tensor, bias: Tensor, memory: Tensor?, seen: Tensor?) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      var hidden = x
      for part in layer { hidden = try part(hidden, bias: bias, memory: memory, seen: seen) }
      return hidden
    }
  }
}
