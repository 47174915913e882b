import MartletCore
public import NN
public import Torch

/// The settings of DistilBERT; names in `config.json` as transformers writes them.
public struct DistilBertConfiguration: Sendable, Hashable {
  public var vocabulary = 30_522
  public var width = 768
  public var layers = 6
  public var heads = 12
  /// The width between a block's two linear layers.
  public var hidden = 3072
  public var activation = NamedActivation.gelu
  public var dropout = 0.1
  /// The probability of a zero among the attention's weights.
  public var attentionDropout = 0.1
  /// The same before the classifier of texts.
  public var classifierDropout = 0.2
  /// The same before the head that answers questions.
  public var answerDropout = 0.1
  public var maxPositions = 512
  public var padding: Int? = 0

  /// The settings of DistilBERT base.
  public init() {}

  init(_ reader: ConfigurationReader) throws(ModelError) {
    vocabulary = try reader.int("vocab_size", vocabulary)
    width = try reader.int("dim", width)
    layers = try reader.int("n_layers", layers, in: 1...10_000)
    heads = try reader.int("n_heads", heads)
    hidden = try reader.int("hidden_dim", hidden)
    activation = try reader.activation("activation", .gelu)
    dropout = try reader.probability("dropout", dropout)
    attentionDropout = try reader.probability("attention_dropout", attentionDropout)
    classifierDropout = try reader.probability("seq_classif_dropout", classifierDropout)
    answerDropout = try reader.probability("qa_dropout", answerDropout)
    maxPositions = try reader.int("max_position_embeddings", maxPositions)
    padding = try reader.optionalInt("pad_token_id") ?? 0
    try reader.checkHeads(width: width, heads: heads)
    try reader.checkPadding(padding, vocabulary: vocabulary)
  }
}

/// DistilBERT (Sanh et al. 2019, arXiv:1910.01108): BERT of half the layers, without types of tokens.
///
/// State names of transformers' `DistilBertModel`: `embeddings.…`, `transformer.layer.0.…`.
public final class DistilBert: LanguageBody {
  /// What the model was built from.
  public let configuration: DistilBertConfiguration
  private let embeddings: DistilBertEmbeddings
  private let transformer: DistilBertLayers

  public init(_ configuration: DistilBertConfiguration) {
    self.configuration = configuration
    embeddings = DistilBertEmbeddings(configuration)
    transformer = DistilBertLayers(configuration)
    super.init(
      width: configuration.width, vocabulary: configuration.vocabulary, isCausal: false, padding: configuration.padding)
  }

  public override var tokenTable: Embedding { embeddings.wordEmbeddings }

  public override func callAsFunction(_ input: TokenInput) throws(TorchError) -> Tensor {
    try check(input, positions: configuration.maxPositions)
    return try observed(input.ids) { (_) throws(TorchError) in
      let pattern = try AttentionPattern.bidirectional(input)
      var hidden = try embeddings(input, places(input))
      for layer in transformer.layer {
        hidden = try run(layer, [hidden]) { (inputs) throws(TorchError) in try layer(inputs[0], pattern) }
      }
      return hidden
    }
  }

  public override var details: String {
    "\(configuration.layers) layers, \(width) wide, \(configuration.heads) heads, \(vocabulary) tokens"
  }
}

private final class DistilBertEmbeddings: Module {
  let wordEmbeddings: Embedding
  private let positionEmbeddings: Embedding
  private let layerNorm: LayerNorm
  private let dropout: Dropout

  init(_ configuration: DistilBertConfiguration) {
    wordEmbeddings = Embedding(configuration.vocabulary, configuration.width, paddingIndex: configuration.padding)
    positionEmbeddings = Embedding(configuration.maxPositions, configuration.width)
    layerNorm = LayerNorm(configuration.width, eps: 1e-12)
    dropout = Dropout(configuration.dropout, keyed: true)
  }

  override class var stateNames: [String: String] { ["layerNorm": "LayerNorm"] }

  func callAsFunction(_ input: TokenInput, _ places: Tensor) throws(TorchError) -> Tensor {
    try dropout(layerNorm(wordEmbeddings(input.ids) + positionEmbeddings(places)))
  }
}

private final class DistilBertLayers: Module {
  let layer: [DistilBertLayer]

  init(_ configuration: DistilBertConfiguration) { layer = (0..<configuration.layers).map { _ in DistilBertLayer(configuration) } }
}

private final class DistilBertLayer: Module {
  private let attention: DistilBertAttention
  private let saLayerNorm: LayerNorm
  private let ffn: DistilBertFeedForward
  private let outputLayerNorm: LayerNorm

  init(_ configuration: DistilBertConfiguration) {
    attention = DistilBertAttention(configuration)
    saLayerNorm = LayerNorm(configuration.width, eps: 1e-12)
    ffn = DistilBertFeedForward(configuration)
    outputLayerNorm = LayerNorm(configuration.width, eps: 1e-12)
  }

  func callAsFunction(_ x: Tensor, _ pattern: AttentionPattern) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      let attended = try saLayerNorm(attention(x, pattern) + x)
      return try outputLayerNorm(ffn(attended) + attended)
    }
  }
}

private final class DistilBertAttention: Module, PrefixedAttention {
  private let qLin: Linear
  private let kLin: Linear
  private let vLin: Linear
  private let outLin: Linear
  private let heads: Int
  private let size: Int
  private let dropout: Double
  var prefix: AttentionPrefix? { didSet { structureChanged() } }
  var prefixShape: (heads: Int, size: Int) { (heads, size) }
  var sample: Parameter { kLin.weight }

  init(_ configuration: DistilBertConfiguration) {
    let width = configuration.width
    (qLin, kLin, vLin, outLin) = (Linear(width, width), Linear(width, width), Linear(width, width), Linear(width, width))
    heads = configuration.heads
    size = width / configuration.heads
    dropout = configuration.attentionDropout
  }

  func callAsFunction(_ x: Tensor, _ pattern: AttentionPattern) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      let attended = try attention(
        qLin(x).split(heads: heads, size: size), kLin(x).split(heads: heads, size: size), vLin(x).split(heads: heads, size: size),
        pattern, dropout: isTraining ? dropout : 0, prefix: prefix)
      return try outLin(attended.joinedHeads())
    }
  }
}

private final class DistilBertFeedForward: Module {
  private let lin1: Linear
  private let lin2: Linear
  private let dropout: Dropout
  private let activation: NamedActivation

  init(_ configuration: DistilBertConfiguration) {
    lin1 = Linear(configuration.width, configuration.hidden)
    lin2 = Linear(configuration.hidden, configuration.width)
    dropout = Dropout(configuration.dropout, keyed: true)
    activation = configuration.activation
  }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try dropout(lin2(activation(lin1(x)))) }
}
