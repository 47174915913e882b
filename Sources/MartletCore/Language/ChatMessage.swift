/// One message of a conversation with a language model.
public struct ChatMessage: Sendable, Hashable, Codable {
  /// Who speaks.
  public enum Role: String, Sendable, Hashable, Codable, CaseIterable {
    /// What the model is told about its task. OpenAI calls it `developer` for some models.
    case system
    case user
    case assistant
    /// The result of a tool that the model called.
    case tool
  }

  public var role: Role
  /// The text; `nil` where the assistant only called tools.
  public var content: String?
  /// The speaker's name among several of one role.
  public var name: String?
  /// What the assistant called, in its own order.
  public var toolCalls: [ToolCall]
  /// The call that a message of role `tool` answers.
  public var toolCallID: String?

  /// A message by its parts.
  public init(_ role: Role, _ content: String?, name: String? = nil, toolCalls: [ToolCall] = [], toolCallID: String? = nil) {
    self.role = role
    self.content = content
    self.name = name
    self.toolCalls = toolCalls
    self.toolCallID = toolCallID
  }
}

/// A call of a tool by a model.
public struct ToolCall: Sendable, Hashable, Codable {
  /// What the tool's answer refers to.
  public var id: String
  public var name: String
  /// The arguments as JSON, in the model's own spelling. A model may write broken JSON.
  public var arguments: String

  /// A call by its parts.
  public init(id: String, name: String, arguments: String) {
    self.id = id
    self.name = name
    self.arguments = arguments
  }
}

/// A function that a model may call.
public struct ToolDefinition: Sendable, Hashable, Codable {
  public var name: String
  public var description: String?
  /// A JSON schema of the arguments; `nil` for a function without any.
  public var parameters: JSONValue?
  /// The arguments must fit the schema, by constrained output.
  public var isStrict: Bool
  /// The definition as the client wrote it, in OpenAI's form `{"type": "function", "function": {…}}`. `JSONValue` forgets the order of
  /// members, and a model reads them in an order.
  public var source: String

  /// A function by its parts.
  /// - Parameter source: by default the definition with sorted members.
  public init(name: String, description: String? = nil, parameters: JSONValue? = nil, isStrict: Bool = false, source: String? = nil) {
    self.name = name
    self.description = description
    self.parameters = parameters
    self.isStrict = isStrict
    self.source = source ?? Self.standardSource(name, description, parameters)
  }

  private static func standardSource(_ name: String, _ description: String?, _ parameters: JSONValue?) -> String {
    var function: [String: JSONValue] = ["name": .string(name)]
    if let description { function["description"] = .string(description) }
    if let parameters { function["parameters"] = parameters }
    let whole: JSONValue = ["type": "function", "function": .object(function)]
    // Strings, numbers and containers can always be written.
    return (try? JSON.encode(whole, pretty: false)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}

/// Whether the model calls tools.
public enum ToolChoice: Sendable, Hashable, Codable {
  /// As the model likes.
  case auto
  /// No calls.
  case none
  /// At least one call of any tool.
  case required
  /// A call of the named tool.
  case named(String)
}
