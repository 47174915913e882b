import MartletCore
import Web

/// The whole answer to a conversation.
enum ChatAnswer {
  static func write(_ result: GenerationResult, _ head: AnswerHead, hasLogProbabilities: Bool, to writer: inout JSONWriter) {
    head.write("chat.completion", to: &writer)
    writer.array(result.choices.enumerated()) { writer, element in
      let choice = element.element
      writer.raw("{\"index\":")
      writer.integer(element.offset)
      writer.raw(",\"message\":{\"role\":\"assistant\",\"content\":")
      // Clients take a text beside calls for something to show.
      if choice.text.isEmpty, !choice.toolCalls.isEmpty { writer.raw("null") } else { writer.string(choice.text) }
      writer.raw(",\"refusal\":null")
      if !choice.toolCalls.isEmpty {
        writer.raw(",\"tool_calls\":")
        writer.array(choice.toolCalls) { writer, call in
          writer.raw("{\"id\":")
          writer.string(call.id)
          writer.raw(",\"type\":\"function\",\"function\":{\"name\":")
          writer.string(call.name)
          writer.raw(",\"arguments\":")
          writer.string(call.arguments)
          writer.raw("}}")
        }
      }
      writer.raw("},\"logprobs\":")
      if hasLogProbabilities { writer.chatLogProbabilities(choice.tokens) } else { writer.raw("null") }
      writer.raw(",\"finish_reason\":")
      writer.string((choice.reason ?? .stop).rawValue)
      writer.raw("}")
    }
    writer.raw(",\"usage\":")
    writer.usage(result.usage)
    writer.raw("}")
  }
}

/// The answer to a conversation piece by piece: `data: {"object": "chat.completion.chunk", …}`.
struct ChatChunks {
  private let head: AnswerHead
  private let hasLogProbabilities: Bool
  private let includesUsage: Bool
  private var count = TokenCount()
  /// Choices whose speaker was named already.
  private var begun: Set<Int> = []
  private let choices: Int

  init(_ head: AnswerHead, choices: Int, hasLogProbabilities: Bool, includesUsage: Bool) {
    self.head = head
    self.choices = choices
    self.hasLogProbabilities = hasLogProbabilities
    self.includesUsage = includesUsage
  }

  /// - Returns: what is to be sent for the event; often nothing.
  mutating func bytes(_ event: GenerationEvent) -> [UInt8] {
    count.add(event)
    var writer = JSONWriter()
    switch event {
    case .started:
      // Clients show at once that an answer is coming.
      for choice in 0..<choices { begin(choice, to: &writer) }
    case .text(let delta):
      begin(delta.choice, to: &writer)
      guard !delta.text.isEmpty || (hasLogProbabilities && !delta.tokens.isEmpty) else { break }
      chunk(delta.choice, tokens: delta.tokens, to: &writer) { writer in
        writer.raw("{\"content\":")
        writer.string(delta.text)
        writer.raw("}")
      }
    case .toolCall(let delta):
      begin(delta.choice, to: &writer)
      chunk(delta.choice, to: &writer) { Self.write(delta, to: &$0) }
    case .finished(let choice, let reason):
      begin(choice, to: &writer)
      chunk(choice, reason: reason, to: &writer) { $0.raw("{}") }
    case .usage: break
    }
    return writer.bytes
  }

  /// The usage, if it was asked for, and the end.
  func last() -> [UInt8] {
    var writer = JSONWriter()
    if includesUsage {
      writer.raw("data: ")
      head.write("chat.completion.chunk", to: &writer)
      writer.raw("[],\"usage\":")
      writer.usage(count.usage)
      writer.raw("}\n\n")
    }
    writer.raw("data: [DONE]\n\n")
    return writer.bytes
  }

  private mutating func begin(_ choice: Int, to writer: inout JSONWriter) {
    guard begun.insert(choice).inserted else { return }
    chunk(choice, to: &writer) { $0.raw("{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}") }
  }

  private func chunk(
    _ choice: Int, tokens: [GeneratedToken] = [], reason: FinishReason? = nil, to writer: inout JSONWriter,
    delta: (inout JSONWriter) -> Void
  ) {
    writer.raw("data: ")
    head.write("chat.completion.chunk", to: &writer)
    writer.raw("[{\"index\":")
    writer.integer(choice)
    writer.raw(",\"delta\":")
    delta(&writer)
    writer.raw(",\"logprobs\":")
    if hasLogProbabilities, !tokens.isEmpty { writer.chatLogProbabilities(tokens) } else { writer.raw("null") }
    writer.raw(",\"finish_reason\":")
    writer.optional(reason?.rawValue)
    writer.raw("}]")
    if includesUsage { writer.raw(",\"usage\":null") }
    writer.raw("}\n\n")
  }

  private static func write(_ delta: ToolCallDelta, to writer: inout JSONWriter) {
    writer.raw("{\"tool_calls\":[{\"index\":")
    writer.integer(delta.index)
    if let id = delta.id {
      writer.raw(",\"id\":")
      writer.string(id)
      writer.raw(",\"type\":\"function\"")
    }
    writer.raw(",\"function\":{")
    if let name = delta.name {
      writer.raw("\"name\":")
      writer.string(name)
      writer.raw(",")
    }
    writer.raw("\"arguments\":")
    writer.string(delta.arguments)
    writer.raw("}}]}")
  }
}
