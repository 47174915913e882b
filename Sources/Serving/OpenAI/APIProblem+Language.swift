import HTTPTypes
import MartletCore
import Web

extension APIProblem {
  /// What OpenAI's clients expect for an error of a language model.
  /// - Parameter input: the member of the request that has the text.
  init(_ error: LanguageRequestError, input: String) {
    let english = error.description.prefix(1).uppercased() + error.description.dropFirst() + "."
    func refused(_ chinese: String, param: String?, code: String? = "invalid_value") -> APIProblem {
      APIProblem(Sentence(english, zh: chinese), param: param, code: code)
    }
    switch error.kind {
    case .contextTooLong(let limit, let prompt, let output):
      self = Self.contextTooLong(limit: limit, prompt: prompt, output: output, input: input)
    case .inputTooLong(let index, let limit, let tokens):
      self = APIProblem(
        Sentence(
          "This model's maximum context length is \(limit) tokens, however input \(index) has \(tokens) tokens. Please reduce its length.",
          zh: "该模型最多读取 \(limit) 个词元，而第 \(index) 个输入有 \(tokens) 个，请缩短文本。"),
        param: input, code: "context_length_exceeded")
    case .emptyPrompt: self = refused("提示为空。", param: input, code: "empty_string")
    case .unknownToken(let token, let vocabulary): self = refused("词元 \(token) 不在模型的 \(vocabulary) 个词元之中。", param: input)
    case .unknownRole(let role): self = refused("模型的对话模板不接受角色为“\(role)”的消息。", param: "messages")
    case .template(let reason): self = refused("模型的对话模板拒绝了这段对话：\(reason)。", param: "messages")
    case .noTemplate:
      self = APIProblem(
        Sentence(
          "This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to use v1/completions?",
          zh: "该模型不是对话模型，不支持 v1/chat/completions。您是否想用 v1/completions？"),
        status: .notFound, param: "model")
    case .badSchema(let reason): self = refused("无法按该 JSON 模式约束输出：\(reason)。", param: "response_format", code: "invalid_json_schema")
    case .badGrammar(let reason): self = refused("无法按该语法约束输出：\(reason)。", param: "response_format")
    case .badTool(let name, let reason): self = refused("无法提供工具“\(name)”：\(reason)。", param: "tools", code: "invalid_function_parameters")
    case .badSetting(let name, let value, let expected): self = refused("\(name) 的值为 \(value)，应为 \(expected)。", param: Self.member(name))
    case .badDimensions(let dimensions, let expected):
      self = refused("dimensions 的值为 \(dimensions)，应为 \(expected)。", param: "dimensions")
    case .unsupported(let setting):
      self = refused("模型不支持“\(Self.member(setting))”。", param: Self.member(setting), code: "unsupported_parameter")
    case .busy(let waiting): self = .busy(waiting)
    case .deadline: self = .deadline
    case .stopping: self = .stopping
    }
  }

  /// A setting of `GenerationRequest` as OpenAI's clients call it.
  private static func member(_ setting: String) -> String {
    switch setting {
    case "format": "response_format"
    case "choices": "n"
    case "beams": "num_beams"
    case "maxTokens": "max_tokens"
    case "topLogProbabilities": "top_logprobs"
    case "echoesPrompt": "echo"
    default: setting
    }
  }

  private static func contextTooLong(limit: Int, prompt: Int, output: Int, input: String) -> APIProblem {
    let sentence =
      output > 0
      ? Sentence(
        "This model's maximum context length is \(limit) tokens. However, you requested \(prompt + output) tokens (\(prompt) in the "
          + "prompt, \(output) in the completion). Please reduce the length of the prompt or completion.",
        zh: "该模型的最大上下文长度为 \(limit) 个词元，而请求共需 \(prompt + output) 个（提示 \(prompt) 个，生成 \(output) 个），请缩短提示或减少生成的词元数。")
      : Sentence(
        "This model's maximum context length is \(limit) tokens. However, your prompt resulted in \(prompt) tokens. Please reduce the "
          + "length of the prompt.",
        zh: "该模型的最大上下文长度为 \(limit) 个词元，而提示有 \(prompt) 个，请缩短提示。")
    return APIProblem(sentence, param: input, code: "context_length_exceeded")
  }
}
