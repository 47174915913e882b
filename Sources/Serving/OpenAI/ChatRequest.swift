import MartletCore
import NIOCore
import Web

/// `POST /v1/chat/completions`
struct ChatRequest: Sendable {
  let model: String
  let generation: GenerationRequest
  let isStreamed: Bool
  /// One more chunk with the usage at the end.
  let includesUsage: Bool
  let hasLogProbabilities: Bool

  /// - Throws: `APIProblem` that names the member; `JSONProblem` where the body is no JSON.
  init(_ body: ByteBuffer, limits: LanguageLimits) throws {
    let (members, sources) = try JSONSource.read(body, keeping: ["tools", "response_format"])
    let fields = RequestFields(members)
    model = try fields.required("model", try fields.string("model"))
    let messages = try fields.required("messages", try fields.array("messages", atMost: limits.messages))
    guard !messages.isEmpty else { throw fields.empty("messages") }
    var request = GenerationRequest(.chat(try MessageReader.read(messages)))
    try SettingsReader.read(fields, sources: sources, into: &request, limits: limits)
    request.maxTokens = try SettingsReader.maxTokens(fields, ["max_completion_tokens", "max_tokens"], limits: limits)
    try Self.readTools(fields, source: sources["tools"], into: &request, limits: limits)
    let top = try fields.integer("top_logprobs", in: 0...20)
    hasLogProbabilities = try fields.bool("logprobs") ?? false
    if top != nil, !hasLogProbabilities {
      throw APIProblem(
        Sentence("Invalid 'top_logprobs': it goes with 'logprobs': true.", zh: "“top_logprobs”只能与“logprobs”: true 一起使用。"),
        param: "top_logprobs",
        code: "invalid_value")
    }
    request.topLogProbabilities = hasLogProbabilities ? top ?? 0 : nil
    if try fields.object("chat_template_kwargs") != nil {
      request.templateVariables = fields.members["chat_template_kwargs"]?.objectValue ?? [:]
    }
    generation = request
    isStreamed = try fields.bool("stream") ?? false
    includesUsage = try fields.object("stream_options")?.bool("include_usage") ?? false
    try Self.refuse(fields)
  }

  /// Members that would change the answer if they were heeded, and cannot be.
  private static func refuse(_ fields: RequestFields) throws(APIProblem) {
    for (old, new) in [("functions", "tools"), ("function_call", "tool_choice")] where fields.has(old) {
      throw .unsupported(old, "Unsupported parameter: '\(old)'. Use '\(new)' instead.", zh: "不支持参数“\(old)”，请改用“\(new)”。")
    }
    for modality in try fields.array("modalities") ?? [] where modality != "text" {
      throw .unsupported("modalities", "Unsupported value in 'modalities'. This model writes text only.", zh: "该模型只输出文本。")
    }
  }

  private static func readTools(
    _ fields: RequestFields, source: String?, into request: inout GenerationRequest, limits: LanguageLimits
  ) throws(APIProblem) {
    let sources = source.map { JSONSource.elements(of: $0) } ?? []
    var names: Set<String> = []
    for (index, value) in (try fields.array("tools", atMost: limits.tools) ?? []).enumerated() {
      let tool = try RequestFields(value, at: "tools[\(index)]")
      _ = try tool.required("type", try tool.word("type", among: ["function"]))
      let function = try tool.required("function", try tool.object("function"))
      let name = try function.required("name", try function.string("name"))
      guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy(isNameByte), names.insert(name).inserted else {
        throw APIProblem(
          Sentence(
            "Invalid '\(function.place("name"))': expected a name of its own of 1 to 64 letters, digits, underscores and dashes.",
            zh: "“\(function.place("name"))”无效：应为 1 至 64 个字母、数字、下划线或连字符，且不得重复。"), param: function.place("name"), code: "invalid_value")
      }
      // The schema as it is: a `null` in it means something.
      let parameters = try function.object("parameters") == nil ? nil : function.members["parameters"]
      request.tools.append(
        ToolDefinition(
          name: name, description: try function.string("description"), parameters: parameters,
          isStrict: try function.bool("strict") ?? false, source: sources.indices.contains(index) ? sources[index] : nil))
    }
    request.allowsParallelToolCalls = try fields.bool("parallel_tool_calls") ?? true
    if fields.has("tool_choice") { try readToolChoice(fields, into: &request) }
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  private static func readToolChoice(_ fields: RequestFields, into request: inout GenerationRequest) throws(APIProblem) {
    if case .string? = fields.members["tool_choice"] {
      switch try fields.word("tool_choice", among: ["none", "auto", "required"]) {
      case "none": request.toolChoice = .none
      case "required": request.toolChoice = .required
      default: request.toolChoice = .auto
      }
    } else if let choice = try fields.object("tool_choice") {
      switch try choice.required("type", try choice.word("type", among: ["function", "allowed_tools"])) {
      case "allowed_tools":
        let allowed = try choice.required("allowed_tools", try choice.object("allowed_tools"))
        let mode = try allowed.required("mode", try allowed.word("mode", among: ["auto", "required"]))
        var names: Set<String> = []
        for (index, value) in (try allowed.array("tools") ?? []).enumerated() {
          let tool = try RequestFields(value, at: allowed.place("tools[\(index)]"))
          let function = try tool.required("function", try tool.object("function"))
          names.insert(try known(function, request))
        }
        request.tools.removeAll { !names.contains($0.name) }
        request.toolChoice = mode == "required" ? .required : .auto
      default:
        let function = try choice.required("function", try choice.object("function"))
        request.toolChoice = .named(try known(function, request))
      }
    }
    if request.tools.isEmpty, request.toolChoice == .required {
      throw APIProblem(
        Sentence("'tool_choice' is only allowed when 'tools' are specified.", zh: "只有给出“tools”时才能使用“tool_choice”。"), param: "tool_choice",
        code: "invalid_value")
    }
  }

  /// The name of a function that is among the tools.
  private static func known(_ function: RequestFields, _ request: GenerationRequest) throws(APIProblem) -> String {
    let name = try function.required("name", try function.string("name"))
    guard request.tools.contains(where: { $0.name == name }) else {
      throw APIProblem(
        Sentence(
          "Invalid value for 'tool_choice': there is no function '\(excerpt(name))' in 'tools'.", zh: "“tools”中没有函数“\(excerpt(name))”。"),
        param: "tool_choice", code: "invalid_value")
    }
    return name
  }
}
