import NN
import Torch

/// Dropout and a linear map of the text's vector, as BERT has it, or of what a pooling gives.
final class TextClassifier: LanguageHead {
  private let classifier: Linear
  private let dropout: Dropout
  private let pooling: Pooling?

  init(_ width: Int, labels: Int, dropout: Double, pooling: Pooling? = nil) {
    classifier = Linear(width, labels)
    self.dropout = Dropout(dropout, keyed: true)
    self.pooling = pooling
  }

  override func callAsFunction(_ hidden: Tensor, _ input: TokenInput, _ body: LanguageBody) throws(TorchError) -> Tensor {
    guard let pooling else { return try classifier(dropout(body.pooled(hidden))) }
    return try classifier(dropout(pooling(hidden, mask: input.mask)))
  }
}

/// Two linear maps with a hyperbolic tangent between them, as RoBERTa has it.
final class RobertaClassifier: LanguageHead {
  private final class Layers: Module {
    let dense: Linear
    let outProj: Linear

    init(_ width: Int, labels: Int) {
      dense = Linear(width, width)
      outProj = Linear(width, labels)
    }
  }

  private let classifier: Layers
  private let dropout: Dropout

  init(_ width: Int, labels: Int, dropout: Double) {
    classifier = Layers(width, labels: labels)
    self.dropout = Dropout(dropout, keyed: true)
  }

  override func callAsFunction(_ hidden: Tensor, _ input: TokenInput, _ body: LanguageBody) throws(TorchError) -> Tensor {
    let first = try dropout(hidden.select(dim: 1, index: 0))
    return try classifier.outProj(dropout(classifier.dense(first).tanh()))
  }
}

/// Two linear maps with a ReLU between them, as DistilBERT has it.
final class DistilBertClassifier: LanguageHead {
  private let preClassifier: Linear
  private let classifier: Linear
  private let dropout: Dropout

  init(_ width: Int, labels: Int, dropout: Double) {
    preClassifier = Linear(width, width)
    classifier = Linear(width, labels)
    self.dropout = Dropout(dropout, keyed: true)
  }

  override func callAsFunction(_ hidden: Tensor, _ input: TokenInput, _ body: LanguageBody) throws(TorchError) -> Tensor {
    let first = try preClassifier(hidden.select(dim: 1, index: 0)).relu()
    return try classifier(dropout(first))
  }
}

/// A linear map of the last token's vector, as decoders have it.
final class LastTokenClassifier: LanguageHead {
  private let score: Linear

  init(_ width: Int, labels: Int) { score = Linear(width, labels, bias: false) }

  override func callAsFunction(_ hidden: Tensor, _ input: TokenInput, _ body: LanguageBody) throws(TorchError) -> Tensor {
    // As in transformers the padding id decides, where the model has one.
    let mask = try body.padding.map { (padding) throws(TorchError) in try input.ids.ne(.int(padding)) } ?? input.mask
    return try score(Pooling.rows(hidden, at: Pooling.lastTokens(mask, hidden)))
  }
}

/// Dropout and a linear map of each token's vector, under one of two names.
final class TokenClassifier: LanguageHead {
  private let classifier: Linear
  private let dropout: Dropout
  private let name: String

  init(_ width: Int, labels: Int, dropout: Double, name: String = "classifier") {
    classifier = Linear(width, labels)
    self.dropout = Dropout(dropout, keyed: true)
    self.name = name
  }

  override func stateMembers() -> [(name: String, member: Any)] { [(name, classifier), ("dropout", dropout)] }

  override func callAsFunction(_ hidden: Tensor, _ input: TokenInput, _ body: LanguageBody) throws(TorchError) -> Tensor {
    try classifier(dropout(hidden))
  }
}

/// Two scores of each token: as the answer's first and as its last.
final class AnswerHead: LanguageHead {
  private let qaOutputs: Linear
  private let dropout: Dropout

  init(_ width: Int, dropout: Double = 0) {
    qaOutputs = Linear(width, 2)
    self.dropout = Dropout(dropout, keyed: true)
  }

  override func callAsFunction(_ hidden: Tensor, _ input: TokenInput, _ body: LanguageBody) throws(TorchError) -> Tensor {
    try qaOutputs(dropout(hidden))
  }
}
