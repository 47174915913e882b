import MartletCore

/// What a language model is asked to do: which head stands on its body.
public enum LanguageTask: Sendable, Hashable {
  /// Vectors of the tokens, `[batch, length, width]`: no head.
  case hiddenStates
  /// Scores of classes for a text, `[batch, labels]`.
  ///
  /// Without a pooling the head is the architecture's own (first token for encoders, last one for decoders), under transformers' names.
  /// With one it is a single linear map of what the pooling gives.
  case classification(labels: Int, pooling: Pooling? = nil)
  /// Scores of classes for each token, `[batch, length, labels]`.
  case tokenClassification(labels: Int)
  /// Scores of each token as the answer's first and as its last, `[batch, length, 2]`.
  case questionAnswering
  /// Scores of all tokens at each place, `[batch, length, vocabulary]`, from both sides.
  case maskedLanguageModel
  /// Scores of the next token at each place, `[batch, length, vocabulary]`.
  case causalLanguageModel
  /// Scores of the next token of the text that is written, `[batch, target length, vocabulary]`.
  case sequenceToSequence
  /// One vector for a text, `[batch, dimension]`.
  case embedding(EmbeddingSettings = EmbeddingSettings())

  /// The task in words, for messages.
  public var name: String {
    switch self {
    case .hiddenStates: "hidden states"
    case .classification: "classification"
    case .tokenClassification: "token classification"
    case .questionAnswering: "question answering"
    case .maskedLanguageModel: "masked language model"
    case .causalLanguageModel: "causal language model"
    case .sequenceToSequence: "sequence to sequence"
    case .embedding: "embedding"
    }
  }

  /// The number of classes, where there are any.
  public var labels: Int? {
    switch self {
    case .classification(let labels, _), .tokenClassification(let labels): labels
    default: nil
    }
  }

  /// What the class of a model in transformers is made for: `BertForSequenceClassification`.
  init?(architecture name: String, labels: Int) {
    let endings: [(String, LanguageTask)] = [
      ("ForSequenceClassification", .classification(labels: labels)), ("ForTokenClassification", .tokenClassification(labels: labels)),
      ("ForQuestionAnswering", .questionAnswering), ("ForMaskedLM", .maskedLanguageModel), ("ForPreTraining", .maskedLanguageModel),
      ("ForCausalLM", .causalLanguageModel), ("LMHeadModel", .causalLanguageModel), ("ForConditionalGeneration", .sequenceToSequence),
      ("MTModel", .sequenceToSequence), ("Model", .hiddenStates),
    ]
    guard let found = endings.first(where: { name.hasSuffix($0.0) }) else { return nil }
    self = found.1
  }

  /// The ending of the class in transformers that has such a head.
  func architecture(of type: LanguageArchitecture) -> String {
    switch self {
    case .hiddenStates, .embedding: "Model"
    case .classification: "ForSequenceClassification"
    case .tokenClassification: "ForTokenClassification"
    case .questionAnswering: "ForQuestionAnswering"
    case .maskedLanguageModel: "ForMaskedLM"
    case .causalLanguageModel: type == .gpt2 ? "LMHeadModel" : "ForCausalLM"
    case .sequenceToSequence: type == .marian ? "MTModel" : "ForConditionalGeneration"
    }
  }
}
