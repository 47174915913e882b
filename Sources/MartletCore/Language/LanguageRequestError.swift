/// Why a language model does not serve a request.
public struct LanguageRequestError: MartletError, Hashable {
  /// What is wrong.
  public enum Kind: Sendable, Hashable {
    /// The prompt alone, or with the output that was asked for, is longer than the context.
    case contextTooLong(limit: Int, prompt: Int, output: Int)
    /// An input of a batch is longer than the model reads.
    case inputTooLong(index: Int, limit: Int, tokens: Int)
    /// There is nothing to continue.
    case emptyPrompt
    /// A token that the vocabulary does not have.
    case unknownToken(Int, vocabulary: Int)
    /// The chat template does not know the role, or not at this place.
    case unknownRole(String)
    /// The chat template refuses the conversation, in its own words.
    case template(String)
    /// The model has no chat template.
    case noTemplate
    /// The output cannot be held to this JSON schema, with the reason.
    case badSchema(String)
    /// The output cannot be held to this grammar, with the reason.
    case badGrammar(String)
    /// A tool cannot be offered, with the reason.
    case badTool(name: String, reason: String)
    /// A setting out of its range.
    case badSetting(name: String, value: String, expected: String)
    /// Vectors of this length cannot be made.
    case badDimensions(Int, expected: String)
    /// The model cannot do what the setting asks for.
    case unsupported(setting: String)
    /// As many requests as are allowed wait already.
    case busy(waiting: Int)
    /// The request's time was over before its end.
    case deadline
    /// The model is being put away.
    case stopping
  }

  /// What is wrong.
  public let kind: Kind

  /// An error of the kind.
  public init(_ kind: Kind) { self.kind = kind }

  public var problem: String {
    switch kind {
    case .contextTooLong(let limit, let prompt, let output):
      output > 0 && prompt <= limit
        ? "\(prompt) tokens of prompt and \(output) of output are \(prompt + output), and the model's context is \(limit)"
        : "the prompt has \(prompt) tokens, and the model's context is \(limit)"
    case .inputTooLong(let index, let limit, let tokens): "input \(index) has \(tokens) tokens, and the model reads \(limit)"
    case .emptyPrompt: "the prompt is empty"
    case .unknownToken(let token, let vocabulary): "token \(token) is not one of the model's \(vocabulary)"
    case .unknownRole(let role): "the model's chat template has no place for a message of role '\(role)'"
    case .template(let reason): "the model's chat template refuses the conversation: \(reason)"
    case .noTemplate: "the model has no chat template"
    case .badSchema(let reason): "the JSON schema cannot be held to: \(reason)"
    case .badGrammar(let reason): "the grammar cannot be held to: \(reason)"
    case .badTool(let name, let reason): "tool '\(name)' cannot be offered: \(reason)"
    case .badSetting(let name, let value, _): "\(name) is \(value)"
    case .badDimensions(let dimensions, _): "dimensions is \(dimensions)"
    case .unsupported(let setting): "the model cannot do what '\(setting)' asks for"
    case .busy(let waiting): "the model is busy and \(waiting) requests wait already"
    case .deadline: "the time for the request is over"
    case .stopping: "the model is being put away"
    }
  }

  public var expected: String? {
    switch kind {
    case .contextTooLong(let limit, let prompt, let output) where output > 0 && prompt < limit: "an output of at most \(limit - prompt)"
    case .badSetting(_, _, let expected), .badDimensions(_, let expected): expected
    case .unknownToken(_, let vocabulary): "0 to \(vocabulary - 1)"
    default: nil
    }
  }

  public var remedy: String? {
    switch kind {
    case .contextTooLong, .inputTooLong: "a shorter text"
    case .noTemplate: "a text to continue instead of a conversation"
    case .busy, .stopping: "again later"
    case .deadline: "fewer tokens, or again later"
    default: nil
    }
  }
}
