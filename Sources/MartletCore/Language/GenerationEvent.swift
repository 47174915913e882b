/// What comes out while a language model writes.
///
/// First `started`, as soon as it is clear that the request can be served and before anything is computed; then text and tool calls of all
/// choices as they come; `finished` once for each choice; at last `usage`.
public enum GenerationEvent: Sendable, Hashable {
  /// The request is accepted. Errors about the request come instead of it, never after it.
  case started(promptTokens: Int)
  case text(TextDelta)
  case toolCall(ToolCallDelta)
  case finished(choice: Int, reason: FinishReason)
  case usage(GenerationUsage)
}

/// A piece of a choice's text.
public struct TextDelta: Sendable, Hashable {
  public var choice: Int
  /// Whole characters only: a character that takes several tokens comes with the last of them. May be empty.
  public var text: String
  /// The tokens since the last piece, with their log-probabilities where those were asked for.
  public var tokens: [GeneratedToken]

  /// A piece by its parts.
  public init(choice: Int = 0, text: String, tokens: [GeneratedToken] = []) {
    self.choice = choice
    self.text = text
    self.tokens = tokens
  }
}

/// A token of the output.
public struct GeneratedToken: Sendable, Hashable {
  /// A token that was possible, and how likely it was.
  public struct Candidate: Sendable, Hashable {
    public var id: Int
    /// The token's bytes, which may be part of a character only.
    public var bytes: [UInt8]
    /// Natural logarithm of the probability.
    public var logProbability: Double

    /// A candidate by its parts.
    public init(id: Int, bytes: [UInt8], logProbability: Double) {
      self.id = id
      self.bytes = bytes
      self.logProbability = logProbability
    }
  }

  public var id: Int
  /// The token's bytes, which may be part of a character only.
  public var bytes: [UInt8]
  /// Natural logarithm of the probability; `nil` where it was not asked for, and for the first token of a prompt, which follows nothing.
  public var logProbability: Double?
  /// The most likely tokens at this place, the likeliest first.
  public var top: [Candidate]

  /// A token by its parts.
  public init(id: Int, bytes: [UInt8] = [], logProbability: Double? = nil, top: [Candidate] = []) {
    self.id = id
    self.bytes = bytes
    self.logProbability = logProbability
    self.top = top
  }
}

/// A piece of a tool call. The first piece of a call has its id and name; the arguments may come in many pieces.
public struct ToolCallDelta: Sendable, Hashable {
  public var choice: Int
  /// Which call of the choice, from 0.
  public var index: Int
  public var id: String?
  public var name: String?
  /// More of the arguments' JSON; may be empty.
  public var arguments: String

  /// A piece by its parts.
  public init(choice: Int = 0, index: Int, id: String? = nil, name: String? = nil, arguments: String = "") {
    self.choice = choice
    self.index = index
    self.id = id
    self.name = name
    self.arguments = arguments
  }
}

/// Why a choice has ended.
public enum FinishReason: String, Sendable, Hashable, Codable {
  /// The model's end, or a stop string.
  case stop
  /// The most tokens, or the end of the context.
  case length
  case toolCalls = "tool_calls"
  case contentFilter = "content_filter"
}

/// Tokens of one request.
public struct GenerationUsage: Sendable, Hashable, Codable {
  /// Of the prompt, once, however many choices there are.
  public var promptTokens: Int
  /// Of all choices.
  public var completionTokens: Int
  /// Those of the prompt that another request had computed already.
  public var cachedTokens: Int

  /// Tokens by their counts.
  public init(promptTokens: Int, completionTokens: Int, cachedTokens: Int = 0) {
    self.promptTokens = promptTokens
    self.completionTokens = completionTokens
    self.cachedTokens = cachedTokens
  }
}
