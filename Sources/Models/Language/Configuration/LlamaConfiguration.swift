import MartletCore

/// The settings of Llama and its relatives: Llama, SmolLM, Qwen2, Qwen3, Mistral. Names in `config.json` as transformers writes them.
public struct LlamaConfiguration: Sendable, Hashable {
  public var vocabulary = 32_000
  public var width = 4096
  /// The width between a block's linear layers.
  public var hidden = 11_008
  public var layers = 32
  public var heads = 32
  /// Heads of key and value, each of which serves several of the query.
  public var keyValueHeads = 32
  /// The size of each head.
  public var headDimension = 128
  public var activation = NamedActivation.silu
  public var maxPositions = 2048
  /// Added to the mean square in norms.
  public var eps = 1e-6
  public var rotary = RotaryScaling(dimension: 128, maxPositions: 2048)
  /// Whether the maps to query, key and value add a vector.
  public var hasInputBias = false
  /// Whether the map of the heads' results adds one.
  public var hasOutputBias = false
  /// Whether the feed-forward layers add one.
  public var hasFeedForwardBias = false
  /// Whether queries and keys are normalised head by head, as in Qwen3.
  public var normalizesHeads = false
  /// The probability of a zero among the attention's weights in training.
  public var attentionDropout = 0.0
  /// How many tokens each layer's attention looks back, itself included; `nil` for all.
  public var windows: [Int?] = Array(repeating: nil, count: 32)
  public var padding: Int?

  /// The settings of Llama 7B; every field can be set.
  public init() {}

  init(_ reader: ConfigurationReader, type: String) throws(ModelError) {
    vocabulary = try reader.int("vocab_size", type.hasPrefix("qwen") ? 151_936 : 32_000)
    width = try reader.int("hidden_size", 4096)
    hidden = try reader.int("intermediate_size", type == "mistral" ? 14_336 : type.hasPrefix("qwen") ? 22_016 : 11_008)
    layers = try reader.int("num_hidden_layers", 32, in: 1...10_000)
    heads = try reader.int("num_attention_heads", 32)
    let usual = type == "mistral" ? 8 : type.hasPrefix("qwen") ? 32 : heads
    keyValueHeads =
      try reader.values["num_key_value_heads"] == .null ? heads : reader.int("num_key_value_heads", usual)
    if reader.value("head_dim") == nil { try reader.checkHeads(width: width, heads: heads) }
    headDimension = try reader.int("head_dim", type == "qwen3" ? 128 : width / heads)
    guard heads % keyValueHeads == 0 else {
      throw ModelError(
        "\(reader.source): \(keyValueHeads) heads of key and value for \(heads) heads of the query",
        expected: "a number that divides \(heads)")
    }
    activation = try reader.activation("hidden_act", .silu)
    maxPositions = try reader.int(
      "max_position_embeddings", type == "mistral" ? 131_072 : type.hasPrefix("qwen") ? 32_768 : 2048)
    eps = try reader.double("rms_norm_eps", 1e-6, in: 0...1)
    rotary = try RotaryScaling(reader, headDimension: headDimension, maxPositions: maxPositions)
    let bias = try reader.bool("attention_bias", false)
    hasInputBias = type == "qwen2" || (type != "mistral" && bias)
    hasOutputBias = type != "qwen2" && type != "mistral" && bias
    hasFeedForwardBias = type == "llama" ? try reader.bool("mlp_bias", false) : false
    normalizesHeads = type == "qwen3"
    attentionDropout = try reader.probability("attention_dropout", 0)
    windows = try Self.windows(reader, type: type, layers: layers)
    padding = try reader.optionalInt("pad_token_id")
    try reader.checkPadding(padding, vocabulary: vocabulary)
  }

  private static func windows(_ reader: ConfigurationReader, type: String, layers: Int) throws(ModelError) -> [Int?] {
    let none = [Int?](repeating: nil, count: layers)
    if type == "mistral" {
      // Written as null it is none, left out it is the first Mistral's.
      if reader.values["sliding_window"] == .null { return none }
      return Array(repeating: try reader.int("sliding_window", 4096), count: layers)
    }
    guard type.hasPrefix("qwen"), try reader.bool("use_sliding_window", false) else { return none }
    let window = try reader.int("sliding_window", 4096)
    if let kinds = try reader.strings("layer_types") {
      guard kinds.count == layers, kinds.allSatisfy({ ["full_attention", "sliding_attention"].contains($0) }) else {
        throw ModelError("\(reader.source): 'layer_types' does not fit", expected: "full_attention or sliding_attention, \(layers) times")
      }
      return kinds.map { $0 == "sliding_attention" ? window : nil }
    }
    let first = try reader.int("max_window_layers", 28, in: 0...10_000)
    return (0..<layers).map { $0 >= first ? window : nil }
  }
}
