public import NN
public import Torch

/// Llama (Touvron et al. 2023, arXiv:2302.13971) and its relatives: a decoder with rotary positions, RMS norms, grouped queries and SwiGLU.
///
/// State names of transformers' `LlamaModel`: `embed_tokens`, `layers.0.self_attn.q_proj`, `layers.0.mlp.gate_proj`, `norm`.
public final class Llama: LanguageBody {
  /// What the model was built from.
  public let configuration: LlamaConfiguration
  private let embedTokens: Embedding
  private let layers: [LlamaLayer]
  private let norm: RMSNorm

  public init(_ configuration: LlamaConfiguration) {
    self.configuration = configuration
    embedTokens = Embedding(configuration.vocabulary, configuration.width, paddingIndex: configuration.padding)
    layers = (0..<configuration.layers).map { _ in LlamaLayer(configuration) }
    norm = RMSNorm(configuration.width, eps: configuration.eps)
    super.init(width: configuration.width, vocabulary: configuration.vocabulary, isCausal: true, padding: configuration.padding)
  }

  public override var tokenTable: Embedding { embedTokens }

  public override func callAsFunction(_ input: TokenInput) throws(TorchError) -> Tensor {
    try check(input, positions: nil)
    return try observed(input.ids) { (_) throws(TorchError) in
      var hidden = try embedTokens(input.ids)
      let longest = try input.positions.map { (positions) throws(TorchError) in try positions.max().int() + 1 } ?? input.ids.shape[1]
      let rotary = try RotaryPositions(
        configuration.rotary, positions: places(input), longest: longest + prefixLength, dtype: hidden.dtype)
      var patterns: [Int: AttentionPattern] = [:]
      for (layer, window) in zip(layers, configuration.windows) {
        if patterns[window ?? 0] == nil { patterns[window ?? 0] = try AttentionPattern.causal(input, window: window) }
        guard let pattern = patterns[window ?? 0] else { continue }
        hidden = try run(layer, [hidden]) { (inputs) throws(TorchError) in try layer(inputs[0], pattern, rotary) }
      }
      return try norm(hidden)
    }
  }

  public override var details: String {
    let heads = "\(configuration.heads) heads, \(configuration.keyValueHeads) for key and value"
    return "\(configuration.layers) layers, \(width) wide, \(heads), \(vocabulary) tokens"
  }
}

private final class LlamaLayer: Module {
  private let inputLayernorm: RMSNorm
  private let selfAttn: LlamaAttention
  private let postAttentionLayernorm: RMSNorm
  private let mlp: LlamaFeedForward

  init(_ configuration: LlamaConfiguration) {
    inputLayernorm = RMSNorm(configuration.width, eps: configuration.eps)
    selfAttn = LlamaAttention(configuration)
    postAttentionLayernorm = RMSNorm(configuration.width, eps: configuration.eps)
    mlp = LlamaFeedForward(configuration)
  }

  func callAsFunction(_ x: Tensor, _ pattern: AttentionPattern, _ rotary: RotaryPositions) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      let h = try x + selfAttn(inputLayernorm(x), pattern, rotary)
      return try h + mlp(postAttentionLayernorm(h))
    }
  }
}

private final class LlamaAttention: Module, PrefixedAttention {
  private let qProj: Linear
  private let kProj: Linear
  private let vProj: Linear
  private let oProj: Linear
  private let qNorm: RMSNorm?
  private let kNorm: RMSNorm?
  private let heads: Int
  private let keyValueHeads: Int
  private let size: Int
  private let dropout: Double
  var prefix: AttentionPrefix? { didSet { structureChanged() } }
  var prefixShape: (heads: Int, size: Int) { (keyValueHeads, size) }
  var sample: Parameter { kProj.weight }

  init(_ configuration: LlamaConfiguration) {
    heads = configuration.heads
    keyValueHeads = configuration.keyValueHeads
    size = configuration.headDimension
    dropout = configuration.attentionDropout
    qProj = Linear(configuration.width, heads * size, bias: configuration.hasInputBias)
    kProj = Linear(configuration.width, keyValueHeads * size, bias: configuration.hasInputBias)
    vProj = Linear(configuration.width, keyValueHeads * size, bias: configuration.hasInputBias)
    oProj = Linear(heads * size, configuration.width, bias: configuration.hasOutputBias)
    qNorm = configuration.normalizesHeads ? RMSNorm(size, eps: configuration.eps) : nil
    kNorm = configuration.normalizesHeads ? RMSNorm(size, eps: configuration.eps) : nil
  }

  func callAsFunction(_ x: Tensor, _ pattern: AttentionPattern, _ rotary: RotaryPositions) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      var query = try qProj(x).split(heads: heads, size: size)
      var key = try kProj(x).split(heads: keyValueHeads, size: size)
      if let qNorm, let kNorm { (query, key) = (try qNorm(query), try kNorm(key)) }
      let value = try vProj(x).split(heads: keyValueHeads, size: size)
      let attended = try attention(rotary(query), rotary(key), value, pattern, dropout: isTraining ? dropout : 0, prefix: prefix)
      return try oProj(attended.joinedHeads())
    }
  }
}

private final class LlamaFeedForward: Module {
  private let gateProj: Linear
  private let upProj: Linear
  private let downProj: Linear
  private let activation: NamedActivation

  init(_ configuration: LlamaConfiguration) {
    gateProj = Linear(configuration.width, configuration.hidden, bias: configuration.hasFeedForwardBias)
    upProj = Linear(configuration.width, configuration.hidden, bias: configuration.hasFeedForwardBias)
    downProj = Linear(configuration.hidden, configuration.width, bias: configuration.hasFeedForwardBias)
    activation = configuration.activation
  }

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try downProj(activation(gateProj(x)) * upProj(x)) }
  }
}
