import Models

/// The sizes of a model that generates, whatever its family.
public struct DecoderConfiguration: Sendable, Hashable {
  /// Tokens that are written.
  public var vocabulary: Int
  /// Tokens that an encoder reads; the same where there is none.
  public var sourceVocabulary: Int
  /// The length of a token's vector.
  public var width: Int
  /// The width between a block's two linear layers.
  public var hidden: Int
  public var layers: Int
  public var heads: Int
  /// Heads of key and value, each of which serves several of the query.
  public var keyValueHeads: Int
  /// The size of each head.
  public var headDimension: Int
  /// The most tokens of a text that is written, and of one that is read by an encoder.
  public var maxPositions: Int
  /// The id that texts begin with, for models that read one text and write another; `nil` for those that continue texts.
  public var decoderStart: Int?

  init(_ llama: LlamaConfiguration) {
    self.init(
      vocabulary: llama.vocabulary, width: llama.width, hidden: llama.hidden, layers: llama.layers, heads: llama.heads,
      keyValueHeads: llama.keyValueHeads, headDimension: llama.headDimension, maxPositions: llama.maxPositions)
  }

  init(
    vocabulary: Int, sourceVocabulary: Int? = nil, width: Int, hidden: Int, layers: Int, heads: Int, keyValueHeads: Int? = nil,
    headDimension: Int, maxPositions: Int, decoderStart: Int? = nil
  ) {
    self.vocabulary = vocabulary
    self.sourceVocabulary = sourceVocabulary ?? vocabulary
    self.width = width
    self.hidden = hidden
    self.layers = layers
    self.heads = heads
    self.keyValueHeads = keyValueHeads ?? heads
    self.headDimension = headDimension
    self.maxPositions = maxPositions
    self.decoderStart = decoderStart
  }
}
