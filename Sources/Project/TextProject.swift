/// A project over texts as `martlet.yml` describes it, with every default filled in.
///
/// A project of several heads has one such project for each of them, see ``headProjects()``.
public struct TextProject: Codable, Sendable, Hashable {
  /// The model's name in the registry.
  public var name: String
  /// What the model does.
  public var task: ProjectTask
  /// One line about the model.
  public var description: String?
  /// The texts and what is to be learnt from them.
  public var data: TextData
  /// How texts become tokens: `characters`, `bpe`, or `model` for those of the model that it starts from.
  public var tokenizer: NamedChoice?
  /// What learns: `pretrained`, `decoder`, `encoder`, `encoder-decoder`.
  public var model: NamedChoice
  /// What of it learns: `whole`, `head`, `lora`, `prefix`.
  public var adapter: NamedChoice
  /// What a language model is asked: `causal` or `masked`.
  public var objective: NamedChoice?
  /// What embeddings learn by.
  public var loss: NamedChoice?
  /// What several heads learn at once, by their names: each a task with its data; `nil` for a single task.
  public var heads: [String: NamedChoice]?
  /// How the heads share an epoch: `proportional`, `turns`, `together`; `nil` for a single task.
  public var mixing: String?
  /// Whose answers the model learns beside the truth; `nil` for nobody's.
  public var teacher: NamedChoice?
  /// Layers keep only their inputs and are computed again in the backward pass.
  public var recompute: Bool
  /// How training texts are changed; `nil` leaves them alone.
  public var augment: TextAugmentation?
  /// How it learns.
  public var training: ProjectTraining
  /// How it is judged.
  public var evaluation: TextJudging
  /// What must hold before a version gets an alias; `nil` asks for nothing.
  public var gates: [String]?
  /// Where the server listens.
  public var serve: ProjectServing
  /// Where messages come from and answers go; `nil` says nothing.
  public var stream: ProjectStream?
  /// The folder for reports, logs and checkpoints, relative to the project file.
  public var output: String
}

/// The texts of a project. Exactly one of `file` and `dataset` says where they come from, or both: a file of a data set.
public struct TextData: Codable, Sendable, Hashable {
  /// A data set that `scripts/fetch-data` brought.
  public var dataset: String?
  /// Files or folders.
  public var file: OneOrMany<String>?
  /// What one text of a text file is.
  public var unit: TextUnit
  /// The column of texts.
  public var text: String
  /// The column of classes.
  public var label: String?
  /// What parts several classes of one text in `label`; `nil` where each has one.
  public var separator: String?
  /// The columns of words and of their tags.
  public var words: String?
  public var tags: String?
  /// The columns of texts, of texts that mean the same, and of texts that do not.
  public var anchor: String?
  public var positive: String?
  public var negative: String?
  /// The column that says how much anchor and positive mean the same.
  public var score: String?
  /// The columns of texts and of their translations.
  public var source: String?
  public var translation: String?
  /// Longer texts are cut to so many tokens; `nil` for what the model can read.
  public var length: Int?
  /// The most texts to use, drawn by chance.
  public var limit: Int?
  /// The share of the training part that is watched.
  public var validation: Double
  /// The texts to judge by: a share, or a file.
  public var test: TextTest

  /// What one text of a text file is.
  public enum TextUnit: String, Codable, Sendable, Hashable, CaseIterable { case line, file }
}

/// The texts to judge by.
public enum TextTest: Codable, Sendable, Hashable {
  case share(Double)
  case file(String)

  private enum CodingKeys: CodingKey { case file }

  public init(from decoder: any Decoder) throws {
    if let share = try? decoder.singleValueContainer().decode(Double.self) {
      self = .share(share)
    } else {
      self = .file(try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .file))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .share(let share):
      var container = encoder.singleValueContainer()
      try container.encode(share)
    case .file(let file):
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(file, forKey: .file)
    }
  }
}

/// How training texts are changed, anew in every epoch. The texts that judge stay as they are.
public struct TextAugmentation: Codable, Sendable, Hashable {
  /// How likely a word is left out.
  public var deletion: Double
  /// How likely a word changes places with the next.
  public var swap: Double
  /// How likely a word with synonyms becomes one of them.
  public var replacement: Double
  /// A JSON file of synonyms by word.
  public var synonyms: String?
  /// Texts in other words, by translation there and back; `nil` for none.
  public var backTranslation: BackTranslationChoice?

  private enum CodingKeys: String, CodingKey {
    case deletion, swap, replacement, synonyms
    case backTranslation = "back-translation"
  }
}

/// Which models translate training texts there and back, and how often a text is said in the words that came back.
public struct BackTranslationChoice: Codable, Sendable, Hashable {
  /// The version that translates into the other language.
  public var there: String
  /// The version that translates out of it.
  public var back: String
  /// How likely a text is said in other words.
  public var probability: Double
  /// The share of training texts that are translated.
  public var share: Double
  /// What language models are asked, with `{text}` in it.
  public var prompt: String
}

/// How a model of texts is judged.
public struct TextJudging: Codable, Sendable, Hashable {
  /// How many texts the report shows: samples of a language model, translations, the worst mistakes.
  public var examples: Int
  /// What samples of a language model begin with.
  public var prompts: [String]
  /// By metric, what the test part has to show before a version is registered.
  public var require: [String: Double]
}
