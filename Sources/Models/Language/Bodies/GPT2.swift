import MartletCore
public import NN
public import Torch

/// The settings of GPT-2; names in `config.json` as transformers writes them.
public struct GPT2Configuration: Sendable, Hashable {
  public var vocabulary = 50_257
  public var maxPositions = 1024
  public var width = 768
  public var layers = 12
  public var heads = 12
  /// The width between a block's two linear layers; four times `width` if `nil`.
  public var hidden: Int?
  public var activation = NamedActivation.geluNew
  /// The probability of a zero behind attention and feed-forward layers.
  public var residualDropout = 0.1
  /// The same behind the embeddings.
  public var embeddingDropout = 0.1
  /// The same among the attention's weights.
  public var attentionDropout = 0.1
  public var eps = 1e-5
  /// Whether products are divided by the square root of a head's size.
  public var scalesAttention = true
  /// Whether they are divided by the layer's number, too.
  public var scalesByLayer = false
  public var padding: Int?

  /// The settings of the smallest GPT-2.
  public init() {}

  init(_ reader: ConfigurationReader) throws(ModelError) {
    vocabulary = try reader.int("vocab_size", vocabulary)
    maxPositions = try reader.int("n_positions", maxPositions)
    width = try reader.int("n_embd", width)
    layers = try reader.int("n_layer", layers, in: 1...10_000)
    heads = try reader.int("n_head", heads)
    hidden = try reader.optionalInt("n_inner", in: 1...(1 << 31))
    activation = try reader.activation("activation_function", .geluNew)
    residualDropout = try reader.probability("resid_pdrop", residualDropout)
    embeddingDropout = try reader.probability("embd_pdrop", embeddingDropout)
    attentionDropout = try reader.probability("attn_pdrop", attentionDropout)
    eps = try reader.double("layer_norm_epsilon", eps, in: 0...1)
    scalesAttention = try reader.bool("scale_attn_weights", true)
    scalesByLayer = try reader.bool("scale_attn_by_inverse_layer_idx", false)
    padding = try reader.optionalInt("pad_token_id")
    try reader.checkHeads(width: width, heads: heads)
    try reader.checkPadding(padding, vocabulary: vocabulary)
    if try reader.bool("add_cross_attention", false) {
      throw ModelError("\(reader.source): a GPT-2 that looks at an encoder", expected: "'add_cross_attention' false")
    }
  }
}

/// GPT-2 (Radford et al. 2019): a decoder with learned positions.
///
/// State names of transformers' `GPT2Model`: `wte`, `wpe`, `h.0.…`, `ln_f`.
public final class GPT2: LanguageBody {
  /// What the model was built from.
  public let configuration: GPT2Configuration
  private let wte: Embedding
  private let wpe: Embedding
  private let drop: Dropout
  private let h: [GPT2Block]
  private let lnF: LayerNorm

  public init(_ configuration: GPT2Configuration) {
    self.configuration = configuration
    wte = Embedding(configuration.vocabulary, configuration.width)
    wpe = Embedding(configuration.maxPositions, configuration.width)
    drop = Dropout(configuration.embeddingDropout, keyed: true)
    h = (0..<configuration.layers).map { GPT2Block(configuration, layer: $0) }
    lnF = LayerNorm(configuration.width, eps: configuration.eps)
    super.init(width: configuration.width, vocabulary: configuration.vocabulary, isCausal: true, padding: configuration.padding)
  }

  public override var tokenTable: Embedding { wte }

  public override func callAsFunction(_ input: TokenInput) throws(TorchError) -> Tensor {
    try check(input, positions: configuration.maxPositions)
    return try observed(input.ids) { (_) throws(TorchError) in
      let pattern = try AttentionPattern.causal(input)
      var hidden = try wte(input.ids) + wpe(places(input))
      if let types = input.types { hidden = try hidden + wte(types) }
      hidden = try drop(hidden)
      for block in h {
        hidden = try run(block, [hidden]) { (inputs) throws(TorchError) in try block(inputs[0], pattern) }
      }
      return try lnF(hidden)
    }
  }

  public override var details: String {
    "\(configuration.layers) layers, \(width) wide, \(configuration.heads) heads, \(vocabulary) tokens"
  }
}

private final class GPT2Block: Module {
  private let ln1: LayerNorm
  private let attn: GPT2Attention
  private let ln2: LayerNorm
  private let mlp: GPT2FeedForward

  init(_ configuration: GPT2Configuration, layer: Int) {
    ln1 = LayerNorm(configuration.width, eps: configuration.eps)
    attn = GPT2Attention(configuration, layer: layer)
    ln2 = LayerNorm(configuration.width, eps: configuration.eps)
    mlp = GPT2FeedForward(configuration)
  }

  override class var stateNames: [String: String] { ["ln1": "ln_1", "ln2": "ln_2"] }

  func callAsFunction(_ x: Tensor, _ pattern: AttentionPattern) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      let h = try attn(ln1(x), pattern) + x
      return try h + mlp(ln2(h))
    }
  }
}

private final class GPT2Attention: Module, PrefixedAttention {
  private let cAttn: TransposedLinear
  private let cProj: TransposedLinear
  private let residual: Dropout
  private let heads: Int
  private let size: Int
  private let dropout: Double
  var prefix: AttentionPrefix? { didSet { structureChanged() } }
  var prefixShape: (heads: Int, size: Int) { (heads, size) }
  var sample: Parameter { cAttn.weight }
  private let scale: Double

  init(_ configuration: GPT2Configuration, layer: Int) {
    cAttn = TransposedLinear(configuration.width, 3 * configuration.width)
    cProj = TransposedLinear(configuration.width, configuration.width)
    residual = Dropout(configuration.residualDropout, keyed: true)
    heads = configuration.heads
    size = configuration.width / configuration.heads
    dropout = configuration.attentionDropout
    scale = (configuration.scalesAttention ? 1 / Double(size).squareRoot() : 1) / (configuration.scalesByLayer ? Double(layer + 1) : 1)
  }

  func callAsFunction(_ x: Tensor, _ pattern: AttentionPattern) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      let parts = try cAttn(x).chunk(3, dim: -1)
      let attended = try attention(
        parts[0].split(heads: heads, size: size), parts[1].split(heads: heads, size: size), parts[2].split(heads: heads, size: size),
        pattern, dropout: isTraining ? dropout : 0, scale: scale, prefix: prefix)
      return try residual(cProj(attended.joinedHeads()))
    }
  }
}

private final class GPT2FeedForward: Module {
  private let cFc: TransposedLinear
  private let cProj: TransposedLinear
  private let dropout: Dropout
  private let activation: NamedActivation

  init(_ configuration: GPT2Configuration) {
    let hidden = configuration.hidden ?? 4 * configuration.width
    cFc = TransposedLinear(configuration.width, hidden)
    cProj = TransposedLinear(hidden, configuration.width)
    dropout = Dropout(configuration.residualDropout, keyed: true)
    activation = configuration.activation
  }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try dropout(cProj(activation(cFc(x)))) }
}
