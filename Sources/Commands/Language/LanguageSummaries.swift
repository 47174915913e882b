import MartletCore

/// The document of `martlet generate --json`.
public struct GenerateSummary: Codable, Sendable, Hashable {
  /// The model's name.
  public var model: String
  public var version: Int
  public var prompt: String
  /// What was generated, without the prompt.
  public var text: String
  /// `stop`, `length`, or `interrupted`.
  public var reason: String
  public var promptTokens: Int
  public var completionTokens: Int
  /// From the request to the first token.
  public var firstTokenSeconds: Double?
  /// Tokens in a second after the first.
  public var tokensPerSecond: Double?
  public var seconds: Double
}

/// The document of `martlet chat --json`, printed when the conversation is over.
public struct ChatSummary: Codable, Sendable, Hashable {
  /// What somebody said.
  public struct Message: Codable, Sendable, Hashable {
    /// `system`, `user` or `assistant`.
    public var role: String
    public var content: String
  }

  /// The model's name.
  public var model: String
  public var version: Int
  /// The conversation as the model knew it at the end.
  public var messages: [Message]
  /// Tokens that were generated, over all answers.
  public var completionTokens: Int
}

/// The document of `martlet embed --json`.
public struct EmbedSummary: Codable, Sendable, Hashable {
  /// The model's name.
  public var model: String
  public var version: Int
  /// How many texts.
  public var texts: Int
  public var dimensions: Int
  /// Tokens that were read.
  public var tokens: Int
  /// The file that was written.
  public var output: String?
  /// In the order of the texts; empty where they went into a file.
  public var vectors: [[Float]]
  public var seconds: Double
}
