import MartletCore

/// The settings of BERT and RoBERTa; names in `config.json` as transformers writes them.
public struct BertConfiguration: Sendable, Hashable {
  /// Where a token's place in its text is counted from.
  public enum Positions: String, Sendable, Hashable {
    /// 0, 1, 2 …
    case bert
    /// From the padding id plus 1, padding not counted.
    case roberta
  }

  public var vocabulary = 30_522
  public var width = 768
  public var layers = 12
  public var heads = 12
  /// The width between a block's two linear layers.
  public var hidden = 3072
  public var activation = NamedActivation.gelu
  public var dropout = 0.1
  /// The probability of a zero among the attention's weights.
  public var attentionDropout = 0.1
  /// The same before a classifier; `dropout` if `nil`.
  public var classifierDropout: Double?
  public var maxPositions = 512
  public var types = 2
  public var eps = 1e-12
  public var padding: Int? = 0
  public var positions = Positions.bert

  /// The settings of BERT base.
  public init() {}

  init(_ reader: ConfigurationReader, positions: Positions) throws(ModelError) {
    self.positions = positions
    vocabulary = try reader.int("vocab_size", positions == .bert ? 30_522 : 50_265)
    width = try reader.int("hidden_size", width)
    layers = try reader.int("num_hidden_layers", layers, in: 1...10_000)
    heads = try reader.int("num_attention_heads", heads)
    hidden = try reader.int("intermediate_size", hidden)
    activation = try reader.activation("hidden_act", .gelu)
    dropout = try reader.probability("hidden_dropout_prob", dropout)
    attentionDropout = try reader.probability("attention_probs_dropout_prob", attentionDropout)
    classifierDropout = try reader.value("classifier_dropout") == nil ? nil : reader.probability("classifier_dropout", 0)
    maxPositions = try reader.int("max_position_embeddings", maxPositions)
    types = try reader.int("type_vocab_size", types)
    eps = try reader.double("layer_norm_eps", eps, in: 0...1)
    padding = try reader.optionalInt("pad_token_id") ?? (positions == .bert ? 0 : 1)
    try reader.checkHeads(width: width, heads: heads)
    try reader.checkPadding(padding, vocabulary: vocabulary)
    if let kind = reader.value("position_embedding_type")?.stringValue, kind != "absolute" {
      throw ModelError("\(reader.source): positions of kind '\(kind)'", expected: "'absolute'")
    }
    if try reader.bool("is_decoder", false) { throw ModelError("\(reader.source): a BERT that is a decoder", expected: "an encoder") }
  }
}

extension ConfigurationReader {
  func checkHeads(width: Int, heads: Int) throws(ModelError) {
    guard width % heads == 0 else {
      throw ModelError("\(source): \(heads) heads do not divide the width \(width)", expected: "a width that is a multiple of the heads")
    }
  }

  func checkPadding(_ padding: Int?, vocabulary: Int) throws(ModelError) {
    if let padding, padding >= vocabulary {
      throw ModelError("\(source): the padding id \(padding) is not in the vocabulary", expected: "0…\(vocabulary - 1)")
    }
  }
}
