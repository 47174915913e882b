import MartletCore
import NN

/// The families of language models that are known, by the `model_type` of their `config.json`.
public enum LanguageArchitecture: String, Sendable, CaseIterable {
  case bert
  case roberta
  /// RoBERTa for many languages.
  case xlmRoberta = "xlm-roberta"
  /// RoBERTa for French.
  case camembert
  case distilBert = "distilbert"
  case gpt2
  /// Llama and SmolLM.
  case llama
  case qwen2
  case qwen3
  case mistral
  case t5
  /// T5 for many languages.
  case mt5
  case marian

  init(_ reader: ConfigurationReader) throws(ModelError) {
    let name = try reader.string("model_type")
    guard let found = Self(rawValue: name) else {
      let known = Self.allCases.map(\.rawValue)
      throw ModelError(
        "\(reader.source): the model is of type '\(name)', which is not known", expected: known.joined(separator: ", "),
        remedy: NearestName.of(name, among: known).map { "'\($0)', if that is what it is" })
    }
    self = found
  }

  /// What the body is called in the state of a model with a head.
  func prefix(for task: LanguageTask) -> String {
    switch task {
    case .hiddenStates, .embedding: return ""
    default: break
    }
    switch self {
    case .bert: return "bert"
    case .roberta, .xlmRoberta, .camembert: return "roberta"
    case .distilBert: return "distilbert"
    case .gpt2: return "transformer"
    case .llama, .qwen2, .qwen3: return task == .questionAnswering ? "transformer" : "model"
    case .mistral, .marian: return "model"
    case .t5, .mt5: return ""
    }
  }

  /// The prefixes under which files hold the body.
  var knownPrefixes: [String] {
    switch self {
    case .bert: ["bert."]
    case .roberta, .xlmRoberta, .camembert: ["roberta."]
    case .distilBert: ["distilbert."]
    case .gpt2: ["transformer."]
    case .llama, .qwen2, .qwen3, .mistral: ["model.", "transformer."]
    case .marian: ["model."]
    case .t5, .mt5: []
    }
  }

  /// How classes in transformers begin.
  var className: String {
    switch self {
    case .bert: "Bert"
    case .roberta: "Roberta"
    case .xlmRoberta: "XLMRoberta"
    case .camembert: "Camembert"
    case .distilBert: "DistilBert"
    case .gpt2: "GPT2"
    case .llama: "Llama"
    case .qwen2: "Qwen2"
    case .qwen3: "Qwen3"
    case .mistral: "Mistral"
    case .t5: "T5"
    case .mt5: "MT5"
    case .marian: "Marian"
    }
  }

  /// The body and the head of a model.
  /// - Throws: `ModelError` for a task that the architecture is not made for, or settings that do not fit.
  func parts(
    _ reader: ConfigurationReader, _ task: LanguageTask, dense: [EmbeddingHead.Dense]
  ) throws(ModelError) -> (LanguageBody, LanguageHead) {
    if let labels = task.labels, labels < 1 { throw ModelError("a head for \(labels) classes", expected: "1 or more") }
    switch self {
    case .bert, .roberta, .xlmRoberta, .camembert: return try bert(reader, task, dense)
    case .distilBert: return try distilBert(reader, task, dense)
    case .gpt2:
      let body = GPT2(try GPT2Configuration(reader))
      let isTied = try reader.bool("tie_word_embeddings", true)
      return (body, try decoderHead(reader, body, task, table: isTied ? "wte.weight" : nil, token: "classifier", dense))
    case .llama, .qwen2, .qwen3, .mistral:
      let body = Llama(try LlamaConfiguration(reader, type: rawValue))
      let isTied = try reader.bool("tie_word_embeddings", false)
      return (body, try decoderHead(reader, body, task, table: isTied ? "embed_tokens.weight" : nil, token: "score", dense))
    case .t5, .mt5:
      let configuration = try T5Configuration(reader)
      let body = T5(configuration)
      guard task == .sequenceToSequence else { return (body, try plainHead(task, dense)) }
      let scale = configuration.scalesOutput ? 1 / Double(configuration.width).squareRoot() : 1
      return (body, NextTokenHead(body, table: "shared.weight", scale: scale))
    case .marian:
      let configuration = try MarianConfiguration(reader)
      let body = Marian(configuration)
      guard task == .sequenceToSequence else { return (body, try plainHead(task, dense)) }
      let table = configuration.sharesTables ? "shared.weight" : "decoder.embed_tokens.weight"
      let count = configuration.sharesTables ? configuration.vocabulary : configuration.decoderVocabulary
      return (body, NextTokenHead(body, count: count, table: table, bias: true))
    }
  }

  private func bert(
    _ reader: ConfigurationReader, _ task: LanguageTask, _ dense: [EmbeddingHead.Dense]
  ) throws(ModelError) -> (LanguageBody, LanguageHead) {
    let configuration = try BertConfiguration(reader, positions: self == .bert ? .bert : .roberta)
    let needsPooler: Bool
    switch task {
    case .hiddenStates: needsPooler = true
    case .classification(_, nil): needsPooler = self == .bert
    default: needsPooler = false
    }
    let body = Bert(configuration, pooler: needsPooler)
    let dropout = configuration.classifierDropout ?? configuration.dropout
    switch task {
    case .classification(let labels, nil) where self != .bert:
      return (body, RobertaClassifier(body.width, labels: labels, dropout: dropout))
    case .classification(let labels, let pooling):
      return (body, TextClassifier(body.width, labels: labels, dropout: dropout, pooling: pooling))
    case .tokenClassification(let labels): return (body, TokenClassifier(body.width, labels: labels, dropout: dropout))
    case .questionAnswering: return (body, AnswerHead(body.width))
    case .maskedLanguageModel:
      let activation = self == .bert ? configuration.activation : .gelu
      let head = MaskedTokenHead(body, names: self == .bert ? .bert : .roberta, activation: activation, eps: configuration.eps)
      return (body, head)
    default: return (body, try plainHead(task, dense))
    }
  }

  private func distilBert(
    _ reader: ConfigurationReader, _ task: LanguageTask, _ dense: [EmbeddingHead.Dense]
  ) throws(ModelError) -> (LanguageBody, LanguageHead) {
    let configuration = try DistilBertConfiguration(reader)
    let body = DistilBert(configuration)
    switch task {
    case .classification(let labels, nil):
      return (body, DistilBertClassifier(body.width, labels: labels, dropout: configuration.classifierDropout))
    case .classification(let labels, let pooling):
      return (body, TextClassifier(body.width, labels: labels, dropout: configuration.classifierDropout, pooling: pooling))
    case .tokenClassification(let labels):
      return (body, TokenClassifier(body.width, labels: labels, dropout: configuration.dropout))
    case .questionAnswering: return (body, AnswerHead(body.width, dropout: configuration.answerDropout))
    case .maskedLanguageModel:
      return (body, MaskedTokenHead(body, names: .distilBert, activation: configuration.activation, eps: 1e-12))
    default: return (body, try plainHead(task, dense))
    }
  }

  private func decoderHead(
    _ reader: ConfigurationReader, _ body: LanguageBody, _ task: LanguageTask, table: String?, token: String,
    _ dense: [EmbeddingHead.Dense]
  ) throws(ModelError) -> LanguageHead {
    let dropout = try reader.probability("classifier_dropout", reader.probability("hidden_dropout", 0.1))
    switch task {
    case .classification(let labels, nil): return LastTokenClassifier(body.width, labels: labels)
    case .classification(let labels, let pooling):
      return TextClassifier(body.width, labels: labels, dropout: dropout, pooling: pooling)
    case .tokenClassification(let labels): return TokenClassifier(body.width, labels: labels, dropout: dropout, name: token)
    case .questionAnswering: return AnswerHead(body.width)
    case .causalLanguageModel: return NextTokenHead(body, table: table)
    default: return try plainHead(task, dense)
    }
  }

  /// The heads that every architecture can have.
  private func plainHead(_ task: LanguageTask, _ dense: [EmbeddingHead.Dense]) throws(ModelError) -> LanguageHead {
    switch task {
    case .hiddenStates: return LanguageHead()
    case .embedding(let settings):
      guard !settings.pooling.isEmpty else { throw ModelError("an embedding without a pooling", expected: "one or more") }
      return EmbeddingHead(settings, dense: dense)
    default:
      throw ModelError("a model of type '\(rawValue)' has no head for \(task.name)", expected: "a task that it is made for")
    }
  }

  /// Names in the body that stand for one table of tokens.
  var bodyTies: [StateTie] {
    switch self {
    case .t5, .mt5, .marian:
      ["encoder.embed_tokens.weight", "decoder.embed_tokens.weight"].map {
        StateTie(name: "." + $0, same: ".shared.weight", untie: nil)
      }
    default: []
    }
  }
}
