public import MartletCore

/// `martlet import`
public struct ImportRequest: Codable, Sendable, Hashable {
  /// A folder with `config.json` and safetensors, a GGUF file, or `hf:ORG/NAME[@REVISION][/FILE.gguf]`.
  public var source: String
  /// The model's name in the registry; `nil` makes one of the source's.
  public var name: String?
  /// Aliases for the new version.
  public var aliases: [String]
  /// Tags for the new version.
  public var tags: [String]
  /// A note for the new version.
  public var note: String
  public var surroundings: Surroundings
}

/// `martlet generate`, `martlet chat` and `martlet embed`: a version to be loaded.
public struct LanguageModelRequest: Codable, Sendable, Hashable {
  /// `NAME`, `NAME@3`, `NAME@production`.
  public var reference: String
  /// A smaller model that guesses what the model writes; `nil` for none.
  public var draft: String?
  public var surroundings: Surroundings
}

/// The document of `martlet import --json`.
public struct ImportSummary: Codable, Sendable, Hashable {
  /// The model's name.
  public var name: String
  /// Its new version.
  public var version: Int
  /// The bundle's kind.
  public var kind: String
  /// What the source calls it: `llama`, `bert` …
  public var architecture: String
  public var parameters: Int
  /// How the weights are stored: `float32`, `Q4_1` …
  public var precision: String
  /// The most tokens of a text, where the source says so.
  public var contextLength: Int?
  /// Tokens of the vocabulary.
  public var vocabulary: Int
  /// Bytes of the bundle.
  public var bytes: Int
  /// What was noticed.
  public var notes: [String]
  public var seconds: Double

  /// A version that was imported.
  public init(
    name: String, version: Int, kind: String, architecture: String, parameters: Int, precision: String, contextLength: Int?,
    vocabulary: Int,
    bytes: Int, notes: [String] = [], seconds: Double
  ) {
    self.name = name
    self.version = version
    self.kind = kind
    self.architecture = architecture
    self.parameters = parameters
    self.precision = precision
    self.contextLength = contextLength
    self.vocabulary = vocabulary
    self.bytes = bytes
    self.notes = notes
    self.seconds = seconds
  }
}

/// A version of the registry, verified and loaded.
public struct LoadedLanguageModel: Sendable {
  public var name: String
  public var version: Int
  /// What continues texts and answers conversations; `nil` for a model that only embeds.
  public var generator: (any TextGenerator)?
  /// What turns texts into vectors; `nil` for a model that only generates.
  public var embedder: (any TextEmbedder)?

  /// A model by its abilities.
  public init(name: String, version: Int, generator: (any TextGenerator)? = nil, embedder: (any TextEmbedder)? = nil) {
    self.name = name
    self.version = version
    self.generator = generator
    self.embedder = embedder
  }

  var reference: String { "\(name)@\(version)" }

  /// - Throws: `ArgumentError` for a model that only embeds.
  func requireGenerator() throws -> any TextGenerator {
    guard let generator else {
      throw ArgumentError("\(reference) does not write text", expected: "a language model", remedy: "martlet embed \(reference)")
    }
    return generator
  }

  /// - Throws: `ArgumentError` for a model that only generates.
  func requireEmbedder() throws -> any TextEmbedder {
    guard let embedder else {
      throw ArgumentError("\(reference) makes no vectors", expected: "a model that embeds texts", remedy: "martlet generate \(reference)")
    }
    return embedder
  }
}
