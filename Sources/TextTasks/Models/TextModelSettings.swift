import Foundation
import MartletCore
public import Models

/// What a model of texts is for, as it lies beside the model in `text.json`.
public struct TextModelSettings: Sendable, Hashable, Codable {
  /// What it does.
  public enum Task: String, Sendable, Hashable, Codable, CaseIterable {
    case causal = "language-model"
    case masked = "masked-language-model"
    case classification = "text-classification"
    case tags = "token-classification"
    case embedding
    case translation
  }

  public var task: Task
  /// The classes' names.
  public var labels: [String]
  /// A text may have several classes.
  public var hasSeveral: Bool
  /// Tokens that a text is cut to.
  public var length: Int
  /// How a text's vector is made, for classes and embeddings; `nil` for the architecture's own way.
  public var pooling: Pooling?
  /// Learned keys and values before those of each layer.
  public var prefix: Int?

  public init(
    _ task: Task, labels: [String] = [], hasSeveral: Bool = false, length: Int, pooling: Pooling? = nil, prefix: Int? = nil
  ) {
    self.task = task
    self.labels = labels
    self.hasSeveral = hasSeveral
    self.length = length
    self.pooling = pooling
    self.prefix = prefix
  }

  public static let file = "text.json"

  /// Reads `text.json` of a model's folder.
  /// - Throws: `FileError` where it is missing or damaged.
  public init(folder: String) throws { self = try Self.read(folder) }

  /// Reads what `text.json` of a model's folder holds.
  static func read<Settings: Decodable>(_ folder: String) throws -> Settings {
    let path = folder + "/" + file
    guard let data = FileManager.default.contents(atPath: path) else {
      throw FileError(path: folder, problem: "has no \(file)", expected: "the folder of a model that learnt a task of texts")
    }
    return try JSON.decode(Settings.self, from: data, source: path)
  }

  /// The head that the model needs.
  public var languageTask: LanguageTask {
    switch task {
    case .causal: .causalLanguageModel
    case .masked: .maskedLanguageModel
    case .classification: .classification(labels: labels.count, pooling: pooling)
    case .tags: .tokenClassification(labels: labels.count)
    case .embedding: .embedding(EmbeddingSettings(pooling: [pooling ?? .mean]))
    case .translation: .sequenceToSequence
    }
  }
}
