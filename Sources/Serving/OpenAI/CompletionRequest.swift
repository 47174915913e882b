import MartletCore
import NIOCore
import Web

/// `POST /v1/completions`
struct CompletionRequest: Sendable {
  let model: String
  /// One for each prompt.
  let generations: [GenerationRequest]
  let isStreamed: Bool
  let includesUsage: Bool
  /// Choices to give for each prompt, out of those that are generated.
  let choices: Int
  /// The prompts themselves where they come before what is generated and the model need not be asked about them.
  let echo: [String]?
  let hasLogProbabilities: Bool

  /// - Throws: `APIProblem` that names the member; `JSONProblem` where the body is no JSON.
  init(_ body: ByteBuffer, limits: LanguageLimits) throws {
    let (members, sources) = try JSONSource.read(body, keeping: ["response_format"])
    let fields = RequestFields(members)
    model = try fields.required("model", try fields.string("model"))
    let prompts = try Self.prompts(fields, limit: limits.choices)
    var request = GenerationRequest(.text(""))
    try SettingsReader.read(fields, sources: sources, into: &request, limits: limits)
    let echoes = try fields.bool("echo") ?? false
    request.maxTokens = try SettingsReader.maxTokens(fields, ["max_tokens"], least: echoes ? 0 : 1, limits: limits) ?? 16
    request.suffix = try fields.string("suffix")
    let top = try Self.logProbabilities(fields)
    isStreamed = try fields.bool("stream") ?? false
    includesUsage = try fields.object("stream_options")?.bool("include_usage") ?? false
    choices = request.choices
    hasLogProbabilities = top != nil
    request.topLogProbabilities = top
    if let candidates = try fields.integer("best_of", in: 1...max(1, limits.choices)), candidates != choices {
      try Self.check(candidates: candidates, choices: choices, isStreamed: isStreamed)
      request.choices = candidates
      // They are compared by their log-probabilities.
      request.topLogProbabilities = top ?? 0
    }
    guard prompts.count * request.choices <= max(1, limits.choices) else {
      throw APIProblem(
        Sentence(
          "Invalid 'prompt': \(prompts.count) prompts with \(request.choices) choices each are too many. Expected at most "
            + "\(limits.choices) together.", zh: "\(prompts.count) 个提示各 \(request.choices) 个选项过多，总共最多 \(limits.choices) 个。"),
        param: "prompt", code: "array_above_max_length")
    }
    let texts = prompts.compactMap { if case .text(let text) = $0 { text } else { nil } }
    let isPlain = echoes && top == nil && texts.count == prompts.count
    request.echoesPrompt = echoes && !isPlain
    echo = isPlain ? texts : nil
    let settings = request
    generations = prompts.map { prompt in
      var request = settings
      request.prompt = prompt
      return request
    }
  }

  private static func check(candidates: Int, choices: Int, isStreamed: Bool) throws(APIProblem) {
    guard candidates > choices else {
      throw APIProblem(
        Sentence(
          "Invalid 'best_of': expected at least 'n', which is \(choices), but got \(candidates).", zh: "“best_of”不得小于“n”（\(choices)）。"),
        param: "best_of", code: "invalid_value")
    }
    guard !isStreamed else {
      throw APIProblem(
        Sentence("Invalid 'best_of': the best choices are known at the end only and cannot be streamed.", zh: "使用“best_of”时不能流式输出。"),
        param: "best_of", code: "invalid_value")
    }
  }

  /// A number, as OpenAI has it here, or a switch as in conversations.
  private static func logProbabilities(_ fields: RequestFields) throws(APIProblem) -> Int? {
    if case .bool(let isWanted)? = fields.members["logprobs"] {
      return isWanted ? try fields.integer("top_logprobs", in: 0...20) ?? 0 : nil
    }
    return try fields.integer("logprobs", in: 0...20)
  }

  /// A text, tokens, texts, or arrays of tokens.
  private static func prompts(_ fields: RequestFields, limit: Int) throws(APIProblem) -> [GenerationRequest.Prompt] {
    guard let value = fields.members["prompt"] else { throw try missing(fields) }
    return try TextOrTokens.read(value, "prompt", limit: limit, fields: fields).map { input in
      switch input {
      case .text(let text): .text(text)
      case .tokens(let tokens): .tokens(tokens)
      }
    }
  }

  private static func missing(_ fields: RequestFields) throws(APIProblem) -> APIProblem {
    _ = try fields.required("prompt", nil as JSONValue?)
    return fields.empty("prompt")
  }
}

/// What completions and embeddings take: a text, tokens, or an array of either.
enum TextOrTokens {
  static func read(_ value: JSONValue, _ key: String, limit: Int, fields: RequestFields) throws(APIProblem) -> [EmbeddingInput] {
    switch value {
    case .string(let text): return [.text(text)]
    case .array(let elements):
      guard let first = elements.first else { throw fields.empty(key) }
      if first.doubleValue != nil { return [.tokens(try tokens(elements, key))] }
      guard elements.count <= limit else { throw fields.tooLong(key, elements.count, limit) }
      var inputs: [EmbeddingInput] = []
      for (index, element) in elements.enumerated() {
        switch element {
        case .string(let text): inputs.append(.text(text))
        case .array(let numbers):
          guard !numbers.isEmpty else { throw fields.empty("\(key)[\(index)]") }
          inputs.append(.tokens(try tokens(numbers, "\(key)[\(index)]")))
        default: throw RequestFields.wrongType("\(key)[\(index)]", "a string or an array of tokens", element)
        }
      }
      return inputs
    default: throw RequestFields.wrongType(key, "a string, an array of strings, tokens or arrays of tokens", value)
    }
  }

  private static func tokens(_ elements: [JSONValue], _ place: String) throws(APIProblem) -> [Int] {
    var tokens: [Int] = []
    tokens.reserveCapacity(elements.count)
    for (index, element) in elements.enumerated() {
      guard let token = RequestFields.integer(element), token >= 0 else {
        throw RequestFields.wrongType("\(place)[\(index)]", "the number of a token", element)
      }
      tokens.append(token)
    }
    return tokens
  }
}
