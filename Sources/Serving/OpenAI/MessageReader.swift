import MartletCore
import Web

/// Reads the messages of a conversation.
enum MessageReader {
  private static let roles = ["system", "developer", "user", "assistant", "tool", "function"]

  static func read(_ values: [JSONValue]) throws(APIProblem) -> [ChatMessage] {
    var messages: [ChatMessage] = []
    // Calls that a message of a tool may answer.
    var calls: Set<String> = []
    for (index, value) in values.enumerated() {
      let fields = try RequestFields(value, at: "messages[\(index)]")
      let role = try fields.required("role", try fields.word("role", among: roles))
      let content = try content(fields)
      let name = try fields.string("name")
      switch role {
      case "system", "developer":
        messages.append(ChatMessage(.system, try fields.required("content", content), name: name))
      case "user": messages.append(ChatMessage(.user, try fields.required("content", content), name: name))
      case "assistant":
        let made = try toolCalls(fields)
        // What a model refused to say is what it said.
        let said: String?
        if let content { said = content } else { said = try fields.string("refusal") }
        if made.isEmpty { _ = try fields.required("content", said) }
        calls.formUnion(made.map(\.id))
        messages.append(ChatMessage(.assistant, said, name: name, toolCalls: made))
      case "tool":
        let id = try fields.required("tool_call_id", try fields.string("tool_call_id"))
        guard calls.contains(id) else {
          throw APIProblem(
            Sentence(
              "Invalid parameter: messages with role 'tool' must be a response to a preceding message with 'tool_calls'.",
              zh: "参数无效：角色为“tool”的消息必须回应之前带有“tool_calls”的消息。"), param: fields.place("tool_call_id"), code: "invalid_value")
        }
        messages.append(ChatMessage(.tool, try fields.required("content", content), name: name, toolCallID: id))
      default:
        // The old form of a tool's answer.
        messages.append(
          ChatMessage(.tool, try fields.required("content", content), name: try fields.required("name", name)))
      }
    }
    return messages
  }

  /// A text, or the texts of an array of parts, a line each.
  private static func content(_ fields: RequestFields) throws(APIProblem) -> String? {
    guard let value = fields.members["content"] else { return nil }
    switch value {
    case .string(let text): return text
    case .array(let parts):
      guard !parts.isEmpty else { throw fields.empty("content") }
      var texts: [String] = []
      for (index, part) in parts.enumerated() {
        let part = try RequestFields(part, at: fields.place("content[\(index)]"))
        switch try part.required("type", try part.string("type")) {
        case "text": texts.append(try part.required("text", try part.string("text")))
        case "refusal": texts.append(try part.required("refusal", try part.string("refusal")))
        case let type:
          throw APIProblem(
            Sentence(
              "Invalid content type '\(excerpt(type))'. This model reads content parts of type 'text' only.",
              zh: "该模型只接受类型为“text”的内容片段，不支持“\(excerpt(type))”。"), param: part.place("type"), code: "invalid_value")
        }
      }
      return texts.joined(separator: "\n")
    default: throw RequestFields.wrongType(fields.place("content"), "a string or an array of content parts", value)
    }
  }

  private static func toolCalls(_ fields: RequestFields) throws(APIProblem) -> [ToolCall] {
    var calls: [ToolCall] = []
    for (index, value) in (try fields.array("tool_calls") ?? []).enumerated() {
      let call = try RequestFields(value, at: fields.place("tool_calls[\(index)]"))
      _ = try call.required("type", try call.word("type", among: ["function"]))
      let function = try call.required("function", try call.object("function"))
      calls.append(
        ToolCall(
          id: try call.required("id", try call.string("id")), name: try function.required("name", try function.string("name")),
          arguments: try function.required("arguments", try function.string("arguments"))))
    }
    return calls
  }
}
