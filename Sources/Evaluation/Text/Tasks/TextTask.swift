/// Questions of one kind to a model of texts, with what would be right.
public struct TextTask: Sendable, Hashable {
  /// What is asked, and so what is measured.
  public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    /// `{"prompt", "choices", "answer"}`: the choice that the model finds likeliest.
    case multipleChoice = "multiple-choice"
    /// `{"prompt", "target"}`: what the model writes.
    case generation
    /// `{"text"}`: how much a text surprises the model.
    case perplexity
    /// `{"query", "positives"}` with `"negatives"` or `"corpus"`: which texts are nearest.
    case retrieval
    /// `{"a", "b", "score"}`: whether near texts are similar ones.
    case similarity
    /// `{"tags", "predicted"}`: names and other spans that something found.
    case spans
  }

  /// A question with choices.
  public struct Choice: Sendable, Hashable {
    public var prompt: String
    public var choices: [String]
    /// Which of the choices is right.
    public var answer: Int
    /// Stands between prompt and choice where neither has white space there.
    public var separator: String
  }

  /// A question with an answer in words.
  public struct Answer: Sendable, Hashable {
    public var prompt: String
    /// Any of them is right.
    public var targets: [String]
    /// Strings that end what the model writes.
    public var stop: [String]
    public var maxTokens: Int?
    /// What was answered already; the model is not asked then.
    public var prediction: String?
  }

  /// A question that texts answer.
  public struct Query: Sendable, Hashable {
    public var query: String
    public var positives: [String]
    /// What else is to choose from; `nil` is the positives of all queries.
    public var others: [String]?
  }

  /// Two texts and how similar people find them.
  public struct Pair: Sendable, Hashable {
    public var a: String
    public var b: String
    public var score: Double
  }

  /// The tags of a text's words, and those that were found.
  public struct Tags: Sendable, Hashable {
    public var truth: [String]
    public var predicted: [String]
  }

  /// All questions, in order.
  public enum Records: Sendable, Hashable {
    case choices([Choice])
    case answers([Answer])
    case texts([String])
    case queries([Query])
    case pairs([Pair])
    case tags([Tags])
  }

  public let name: String
  public let records: Records

  /// A task of records that are there already.
  public init(name: String, records: Records) {
    self.name = name
    self.records = records
  }

  public var kind: Kind {
    switch records {
    case .choices: .multipleChoice
    case .answers: .generation
    case .texts: .perplexity
    case .queries: .retrieval
    case .pairs: .similarity
    case .tags: .spans
    }
  }

  /// How many records.
  public var count: Int {
    switch records {
    case .choices(let all): all.count
    case .answers(let all): all.count
    case .texts(let all): all.count
    case .queries(let all): all.count
    case .pairs(let all): all.count
    case .tags(let all): all.count
    }
  }

  /// Something of the model is asked for: not where answers are in the file.
  public var needsGenerator: Bool {
    switch records {
    case .choices, .texts: true
    case .answers(let all): all.contains { $0.prediction == nil }
    case .queries, .pairs, .tags: false
    }
  }

  /// The model must make vectors.
  public var needsEmbedder: Bool { kind == .retrieval || kind == .similarity }

  /// The first records only.
  public func prefix(_ count: Int) -> TextTask {
    let records: Records =
      switch records {
      case .choices(let all): .choices(Array(all.prefix(count)))
      case .answers(let all): .answers(Array(all.prefix(count)))
      case .texts(let all): .texts(Array(all.prefix(count)))
      case .queries(let all): .queries(Array(all.prefix(count)))
      case .pairs(let all): .pairs(Array(all.prefix(count)))
      case .tags(let all): .tags(Array(all.prefix(count)))
      }
    return TextTask(name: name, records: records)
  }
}
