import NN
import Torch

/// A dense layer, its activation, a norm, and scores of all tokens by the table of the tokens' vectors: BERT's head under
/// `cls.predictions`, RoBERTa's under `lm_head`, DistilBERT's under three names of its own.
final class MaskedTokenHead: LanguageHead {
  enum Names {
    case bert, roberta, distilBert
  }

  private let names: Names
  private let dense: Linear
  private let norm: LayerNorm
  private let decoder: OutputLayer
  private let activation: NamedActivation

  init(_ body: LanguageBody, names: Names, activation: NamedActivation, eps: Double) {
    self.names = names
    dense = Linear(body.width, body.width)
    norm = LayerNorm(body.width, eps: eps)
    decoder = OutputLayer(body.width, body.vocabulary, weight: body.tokenTable.weight, bias: true)
    self.activation = activation
  }

  override func stateMembers() -> [(name: String, member: Any)] {
    switch names {
    case .bert:
      [
        ("cls.predictions.bias", decoder.bias as Any), ("cls.predictions.transform.dense", dense),
        ("cls.predictions.transform.LayerNorm", norm), ("cls.predictions.decoder", decoder),
      ]
    case .roberta:
      [("lm_head.bias", decoder.bias as Any), ("lm_head.dense", dense), ("lm_head.layer_norm", norm), ("lm_head.decoder", decoder)]
    case .distilBert: [("vocab_transform", dense), ("vocab_layer_norm", norm), ("vocab_projector", decoder)]
    }
  }

  override var ties: [StateTie] {
    let table = ".embeddings.word_embeddings.weight"
    func bias(_ place: String) -> StateTie { StateTie(name: "\(place).decoder.bias", same: "\(place).bias", untie: nil) }
    let untie = { [decoder] () throws(TorchError) in try decoder.untie() }
    return switch names {
    case .bert: [StateTie(name: "cls.predictions.decoder.weight", same: table, untie: untie), bias("cls.predictions")]
    case .roberta: [StateTie(name: "lm_head.decoder.weight", same: table, untie: untie), bias("lm_head")]
    case .distilBert: [StateTie(name: "vocab_projector.weight", same: table, untie: untie)]
    }
  }

  override func callAsFunction(_ hidden: Tensor, _ input: TokenInput, _ body: LanguageBody) throws(TorchError) -> Tensor {
    try decoder(norm(activation(dense(hidden))))
  }
}

/// Scores of the next token.
final class NextTokenHead: LanguageHead {
  private let lmHead: OutputLayer
  private let finalLogitsBias: Buffer?
  private let scale: Double
  private let table: String?

  /// - Parameters:
  ///   - table: the name of the body's parameter that is the head's, too; `nil` where it has its own.
  ///   - scale: what the vectors are multiplied with.
  ///   - bias: whether there are numbers that are added to the scores and not trained.
  init(_ body: LanguageBody, count: Int? = nil, table: String?, scale: Double = 1, bias: Bool = false) {
    let count = count ?? body.vocabulary
    lmHead = OutputLayer(body.width, count, weight: table == nil ? nil : body.tokenTable.weight, bias: false)
    finalLogitsBias = bias ? Buffer { () throws(TorchError) in try Tensor.zeros([1, count]) } : nil
    self.scale = scale
    self.table = table
  }

  override var ties: [StateTie] {
    guard let table else { return [] }
    return [
      StateTie(name: "lm_head.weight", same: "." + table, untie: { [lmHead] () throws(TorchError) in try lmHead.untie() })
    ]
  }

  override func callAsFunction(_ hidden: Tensor, _ input: TokenInput, _ body: LanguageBody) throws(TorchError) -> Tensor {
    let scores = try lmHead(scale == 1 ? hidden : hidden * scale)
    return try finalLogitsBias.map { (bias) throws(TorchError) in try scores + bias.value } ?? scores
  }
}
