/// What a model is for.
public enum ProjectTask: String, Codable, Sendable, Hashable, CaseIterable {
  /// One of several classes for each picture.
  case imageClassification = "image-classification"
  /// One of several classes for each row of a table.
  case classification
  /// A number for each row of a table.
  case regression
  /// Groups of rows that nobody named.
  case clustering
  /// How unusual each row of a table is.
  case anomalyDetection = "anomaly-detection"
  /// The next token of a text, or hidden ones.
  case languageModel = "language-model"
  /// One or several of several classes for each text.
  case textClassification = "text-classification"
  /// A class for each word of a text: names of people, places …
  case tokenClassification = "token-classification"
  /// A vector for each text, near to those of texts that mean the same.
  case embedding
  /// A text in another language for each text.
  case translation
  /// Several of the tasks of texts at once, by heads on one body.
  case multiTask = "multi-task"

  /// One sentence for a person.
  var meaning: String {
    switch self {
    case .imageClassification: "One of several classes for each picture."
    case .classification: "One of several classes for each row of a table."
    case .regression: "A number for each row of a table."
    case .clustering: "Groups of rows that nobody named."
    case .anomalyDetection: "How unusual each row of a table is."
    case .languageModel: "The next token of a text, or tokens that are hidden in it."
    case .textClassification: "One or several of several classes for each text."
    case .tokenClassification: "A class for each word of a text, such as names of people and places."
    case .embedding: "A vector for each text, near to those of texts that mean the same."
    case .translation: "A text in another language, or another text, for each text."
    case .multiTask: "Several answers for each text, by heads on one body: classes, words' classes, vectors."
    }
  }

  /// What learns is a language model, and what it learns from are texts.
  public var isText: Bool {
    switch self {
    case .languageModel, .textClassification, .tokenClassification, .embedding, .translation, .multiTask: true
    default: false
    }
  }

  /// What learns is a model of tables.
  public var isTable: Bool { self != .imageClassification && !isText }

  /// Something is learnt that the table tells, so that it can be judged.
  public var hasTarget: Bool { self != .clustering && self != .anomalyDetection }
}
