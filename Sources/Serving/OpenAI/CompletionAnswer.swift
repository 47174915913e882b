import MartletCore
import Web

/// The whole answer to a completion request: the choices of all prompts in the prompts' order.
struct CompletionAnswer {
  let head: AnswerHead
  let request: CompletionRequest
  let results: [GenerationResult]

  func write(to writer: inout JSONWriter) {
    head.write("text_completion", to: &writer)
    let choices = results.enumerated().flatMap { prompt, result in best(result).map { (prompt: prompt, choice: $0) } }
    writer.array(choices.enumerated()) { writer, element in
      let (prompt, choice) = element.element
      writer.raw("{\"index\":")
      writer.integer(element.offset)
      writer.raw(",\"text\":")
      writer.string((request.echo.map { $0[prompt] } ?? "") + choice.text)
      writer.raw(",\"logprobs\":")
      if request.hasLogProbabilities {
        var logProbabilities = CompletionLogProbabilities()
        logProbabilities.write(choice.tokens, to: &writer)
      } else {
        writer.raw("null")
      }
      writer.raw(",\"finish_reason\":")
      writer.string((choice.reason ?? .stop).rawValue)
      writer.raw("}")
    }
    writer.raw(",\"usage\":")
    writer.usage(
      results.reduce(into: GenerationUsage(promptTokens: 0, completionTokens: 0)) { sum, result in
        sum.promptTokens += result.usage.promptTokens
        sum.completionTokens += result.usage.completionTokens
        sum.cachedTokens += result.usage.cachedTokens
      })
    writer.raw("}")
  }

  /// The choices with the largest mean log-probability, where more were generated than are given.
  private func best(_ result: GenerationResult) -> [GenerationResult.Choice] {
    guard result.choices.count > request.choices else { return result.choices }
    let ranked = result.choices.enumerated().sorted { first, second in
      let a = first.element.meanLogProbability ?? -.infinity, b = second.element.meanLogProbability ?? -.infinity
      return a == b ? first.offset < second.offset : a > b
    }
    return ranked.prefix(request.choices).map(\.element)
  }
}

/// The answer to a completion request piece by piece: `data: {"object": "text_completion", …}`.
struct CompletionChunks {
  private let head: AnswerHead
  private let request: CompletionRequest
  private var counts: [TokenCount]
  private var logProbabilities: [Int: CompletionLogProbabilities] = [:]
  private var begun: Set<Int> = []

  init(_ head: AnswerHead, _ request: CompletionRequest) {
    self.head = head
    self.request = request
    counts = [TokenCount](repeating: TokenCount(), count: request.generations.count)
  }

  /// - Parameter prompt: the number of the prompt that the event is about.
  /// - Returns: what is to be sent for the event; often nothing.
  mutating func bytes(_ event: GenerationEvent, prompt: Int) -> [UInt8] {
    counts[prompt].add(event)
    var writer = JSONWriter()
    switch event {
    case .text(let delta):
      let index = prompt * request.choices + delta.choice
      let text = echo(index, prompt) + delta.text
      guard !text.isEmpty || (request.hasLogProbabilities && !delta.tokens.isEmpty) else { break }
      chunk(index, text, tokens: delta.tokens, to: &writer)
    case .finished(let choice, let reason):
      let index = prompt * request.choices + choice
      chunk(index, echo(index, prompt), reason: reason, to: &writer)
    case .started, .toolCall, .usage: break
    }
    return writer.bytes
  }

  /// The usage, if it was asked for, and the end.
  func last() -> [UInt8] {
    var writer = JSONWriter()
    if request.includesUsage {
      writer.raw("data: ")
      head.write("text_completion", to: &writer)
      writer.raw("[],\"usage\":")
      writer.usage(
        counts.reduce(into: GenerationUsage(promptTokens: 0, completionTokens: 0)) { sum, count in
          sum.promptTokens += count.usage.promptTokens
          sum.completionTokens += count.usage.completionTokens
          sum.cachedTokens += count.usage.cachedTokens
        })
      writer.raw("}\n\n")
    }
    writer.raw("data: [DONE]\n\n")
    return writer.bytes
  }

  /// The prompt before the first piece of a choice.
  private mutating func echo(_ index: Int, _ prompt: Int) -> String {
    guard let echo = request.echo, begun.insert(index).inserted else { return "" }
    return echo[prompt]
  }

  private mutating func chunk(
    _ index: Int, _ text: String, tokens: [GeneratedToken] = [], reason: FinishReason? = nil, to writer: inout JSONWriter
  ) {
    writer.raw("data: ")
    head.write("text_completion", to: &writer)
    writer.raw("[{\"index\":")
    writer.integer(index)
    writer.raw(",\"text\":")
    writer.string(text)
    writer.raw(",\"logprobs\":")
    if request.hasLogProbabilities, !tokens.isEmpty {
      logProbabilities[index, default: CompletionLogProbabilities()].write(tokens, to: &writer)
    } else {
      writer.raw("null")
    }
    writer.raw(",\"finish_reason\":")
    writer.optional(reason?.rawValue)
    writer.raw("}]")
    if request.includesUsage { writer.raw(",\"usage\":null") }
    writer.raw("}\n\n")
  }
}
