public import NN
public import Torch

/// BERT (Devlin et al. 2018, arXiv:1810.04805) and RoBERTa (Liu et al. 2019, arXiv:1907.11692); MiniLM is a small BERT.
///
/// State names of transformers' `BertModel` and `RobertaModel`: `embeddings.…`, `encoder.layer.0.…`, `pooler.dense.…`.
public final class Bert: LanguageBody {
  /// What the model was built from.
  public let configuration: BertConfiguration
  private let embeddings: BertEmbeddings
  private let encoder: BertEncoder
  private let pooler: BertPooler?

  /// - Parameter pooler: whether there is a trained map behind the first token's vector, which classifiers of BERT use.
  public init(_ configuration: BertConfiguration, pooler: Bool = true) {
    self.configuration = configuration
    embeddings = BertEmbeddings(configuration)
    encoder = BertEncoder(configuration)
    self.pooler = pooler ? BertPooler(configuration.width) : nil
    super.init(
      width: configuration.width, vocabulary: configuration.vocabulary, isCausal: false, padding: configuration.padding)
  }

  public override var tokenTable: Embedding { embeddings.wordEmbeddings }

  public override func callAsFunction(_ input: TokenInput) throws(TorchError) -> Tensor {
    try check(input, positions: configuration.positions == .bert ? configuration.maxPositions : nil)
    return try observed(input.ids) { (_) throws(TorchError) in
      let pattern = try AttentionPattern.bidirectional(input)
      var hidden = try embeddings(input, behind: prefixLength)
      for layer in encoder.layer {
        hidden = try run(layer, [hidden]) { (inputs) throws(TorchError) in try layer(inputs[0], pattern) }
      }
      return hidden
    }
  }

  public override func pooled(_ hidden: Tensor) throws(TorchError) -> Tensor {
    let first = try hidden.select(dim: 1, index: 0)
    return try pooler?(first) ?? first
  }

  public override var details: String {
    "\(configuration.layers) layers, \(width) wide, \(configuration.heads) heads, \(vocabulary) tokens"
  }
}

private final class BertEmbeddings: Module {
  let wordEmbeddings: Embedding
  private let positionEmbeddings: Embedding
  private let tokenTypeEmbeddings: Embedding
  private let layerNorm: LayerNorm
  private let dropout: Dropout
  private let configuration: BertConfiguration

  init(_ configuration: BertConfiguration) {
    self.configuration = configuration
    wordEmbeddings = Embedding(configuration.vocabulary, configuration.width, paddingIndex: configuration.padding)
    positionEmbeddings = Embedding(
      configuration.maxPositions, configuration.width,
      paddingIndex: configuration.positions == .roberta ? configuration.padding : nil)
    tokenTypeEmbeddings = Embedding(configuration.types, configuration.width)
    layerNorm = LayerNorm(configuration.width, eps: configuration.eps)
    dropout = Dropout(configuration.dropout, keyed: true)
  }

  override class var stateNames: [String: String] { ["layerNorm": "LayerNorm"] }

  /// - Parameter prefix: places that a prefix takes before the text's tokens.
  func callAsFunction(_ input: TokenInput, behind prefix: Int) throws(TorchError) -> Tensor {
    let words = try wordEmbeddings(input.ids)
    // Without types all are of the first: its row is added as it is.
    let types: Tensor =
      if let types = input.types {
        try tokenTypeEmbeddings(types)
      } else {
        try tokenTypeEmbeddings.weight.value.select(dim: 0, index: 0)
      }
    return try dropout(layerNorm(words + types + positionEmbeddings(positions(input, behind: prefix))))
  }

  private func positions(_ input: TokenInput, behind prefix: Int) throws(TorchError) -> Tensor {
    guard configuration.positions == .roberta, input.positions == nil else {
      let counted = try input.countedPositions()
      return prefix == 0 ? counted : try counted + prefix
    }
    let padding = configuration.padding ?? 1
    let isToken = try input.ids.ne(.int(padding)).to(.int64)
    let positions = try (isToken.cumsum(dim: 1) + prefix) * isToken + padding
    let last = input.ids.shape[1] + prefix + padding
    if last >= configuration.maxPositions, try positions.max().int() >= configuration.maxPositions {
      throw TorchError(
        .value, "Roberta", "a text of \(input.ids.shape[1]) tokens",
        expected: "at most \(configuration.maxPositions - padding - prefix - 1)",
        remedy: "truncate the text, or cut it into pieces")
    }
    return positions
  }
}

private final class BertEncoder: Module {
  let layer: [BertLayer]

  init(_ configuration: BertConfiguration) { layer = (0..<configuration.layers).map { _ in BertLayer(configuration) } }
}

private final class BertLayer: Module {
  private let attention: BertAttention
  private let intermediate: BertDense
  private let output: BertOutput
  private let activation: NamedActivation

  init(_ configuration: BertConfiguration) {
    attention = BertAttention(configuration)
    intermediate = BertDense(configuration.width, configuration.hidden)
    output = BertOutput(configuration.hidden, configuration)
    activation = configuration.activation
  }

  func callAsFunction(_ x: Tensor, _ pattern: AttentionPattern) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      let attended = try attention(x, pattern)
      return try output(activation(intermediate.dense(attended)), beside: attended)
    }
  }
}

private final class BertDense: Module {
  let dense: Linear

  init(_ inputs: Int, _ outputs: Int) { dense = Linear(inputs, outputs) }
}

private final class BertAttention: Module {
  private let selfAttention: BertSelfAttention
  private let output: BertOutput

  init(_ configuration: BertConfiguration) {
    selfAttention = BertSelfAttention(configuration)
    output = BertOutput(configuration.width, configuration)
  }

  override class var stateNames: [String: String] { ["selfAttention": "self"] }

  func callAsFunction(_ x: Tensor, _ pattern: AttentionPattern) throws(TorchError) -> Tensor {
    try output(selfAttention(x, pattern), beside: x)
  }
}

private final class BertSelfAttention: Module, PrefixedAttention {
  private let query: Linear
  private let key: Linear
  private let value: Linear
  private let heads: Int
  private let size: Int
  private let dropout: Double
  var prefix: AttentionPrefix? { didSet { structureChanged() } }
  var prefixShape: (heads: Int, size: Int) { (heads, size) }
  var sample: Parameter { key.weight }

  init(_ configuration: BertConfiguration) {
    query = Linear(configuration.width, configuration.width)
    key = Linear(configuration.width, configuration.width)
    value = Linear(configuration.width, configuration.width)
    heads = configuration.heads
    size = configuration.width / configuration.heads
    dropout = configuration.attentionDropout
  }

  func callAsFunction(_ x: Tensor, _ pattern: AttentionPattern) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      try attention(
        query(x).split(heads: heads, size: size), key(x).split(heads: heads, size: size), value(x).split(heads: heads, size: size),
        pattern, dropout: isTraining ? dropout : 0, prefix: prefix
      ).joinedHeads()
    }
  }
}

/// A linear layer, dropout, the shortcut, and layer norm over all.
private final class BertOutput: Module {
  private let dense: Linear
  private let layerNorm: LayerNorm
  private let dropout: Dropout

  init(_ inputs: Int, _ configuration: BertConfiguration) {
    dense = Linear(inputs, configuration.width)
    layerNorm = LayerNorm(configuration.width, eps: configuration.eps)
    dropout = Dropout(configuration.dropout, keyed: true)
  }

  override class var stateNames: [String: String] { ["layerNorm": "LayerNorm"] }

  func callAsFunction(_ x: Tensor, beside shortcut: Tensor) throws(TorchError) -> Tensor {
    try layerNorm(dropout(dense(x)) + shortcut)
  }
}

private final class BertPooler: Module {
  private let dense: Linear

  init(_ width: Int) { dense = Linear(width, width) }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try dense(x).tanh() }
}
