import Foundation
import MartletCore
import Synchronization

/// Says the words of the last message again, a token a word. Some words make it do something else:
/// `endless` (says the second word for ever), `fail` (after one token), `break` (an error that is not about the request), `tool` (calls
/// every tool), `silent` (nothing at all until it is cancelled).
final class FakeGenerator: TextGenerator {
  struct Broken: Error {}

  struct State {
    var requests: [GenerationRequest] = []
    var active = 0
    var cancelled = 0
  }

  let contextLength: Int?
  let hasTemplate: Bool
  private let delay: Duration?
  private let limit: Int
  private let state = Mutex(State())

  /// - Parameter limit: requests at one time; more are refused by the engine itself.
  init(contextLength: Int = 512, hasTemplate: Bool = true, delay: Duration? = nil, limit: Int = .max) {
    self.contextLength = contextLength
    self.hasTemplate = hasTemplate
    self.delay = delay
    self.limit = limit
  }

  var requests: [GenerationRequest] { state.withLock { $0.requests } }
  var active: Int { state.withLock { $0.active } }
  var cancelled: Int { state.withLock { $0.cancelled } }

  func generate(_ request: GenerationRequest) async throws -> AsyncThrowingStream<GenerationEvent, any Error> {
    let text = try text(request)
    let words = Self.words(text)
    let output = request.maxTokens ?? 0
    guard words.count + output <= contextLength ?? .max else {
      throw LanguageRequestError(.contextTooLong(limit: contextLength ?? 0, prompt: words.count, output: output))
    }
    guard !words.isEmpty else { throw LanguageRequestError(.emptyPrompt) }
    let isAccepted = state.withLock { state in
      guard state.active < limit else { return false }
      state.requests.append(request)
      state.active += 1
      return true
    }
    guard isAccepted else { throw LanguageRequestError(.busy(waiting: limit)) }
    return AsyncThrowingStream { continuation in
      let work = Task {
        defer { self.state.withLock { $0.active -= 1 } }
        do {
          try await self.write(request, words, to: continuation)
          continuation.finish()
        } catch {
          continuation.finish(throwing: error)
        }
      }
      continuation.onTermination = { end in
        if case .cancelled = end { self.state.withLock { $0.cancelled += 1 } }
        work.cancel()
      }
    }
  }

  private func text(_ request: GenerationRequest) throws -> String {
    switch request.prompt {
    case .text(let text): return text
    case .tokens(let tokens):
      if let token = tokens.first(where: { $0 > 999 }) { throw LanguageRequestError(.unknownToken(token, vocabulary: 1000)) }
      return tokens.map { "t\($0)" }.joined(separator: " ")
    case .chat(let messages):
      guard hasTemplate else { throw LanguageRequestError(.noTemplate) }
      return messages.last?.content ?? ""
    }
  }

  /// A word with the space before it.
  static func words(_ text: String) -> [String] {
    var words: [String] = []
    for character in text {
      if words.isEmpty || character == " " { words.append("") }
      words[words.count - 1].append(character)
    }
    return words
  }

  private typealias Output = AsyncThrowingStream<GenerationEvent, any Error>.Continuation

  private func write(_ request: GenerationRequest, _ words: [String], to output: Output) async throws {
    if words.contains("silent") { try await Task.sleep(for: .seconds(600)) }
    output.yield(.started(promptTokens: words.count))
    if let delay { try await Task.sleep(for: delay) }
    if words[0] == "break" { throw Broken() }
    var count = 0
    if words.contains("tool"), !request.tools.isEmpty, request.toolChoice != .none {
      count = callTools(request, to: output)
    } else if let json = Self.json(request.format) {
      count = try await say(Self.words(json), request, to: output)
    } else {
      count = try await say(words, request, to: output)
    }
    output.yield(
      .usage(GenerationUsage(promptTokens: words.count, completionTokens: count, cachedTokens: min(2, words.count))))
  }

  private func say(_ words: [String], _ request: GenerationRequest, to output: Output) async throws -> Int {
    var count = 0
    for choice in 0..<request.choices {
      if request.echoesPrompt { output.yield(.text(delta(choice, 0, words[0], request, isFirst: true))) }
      var said = ""
      var reason = FinishReason.stop
      for (index, word) in (words.first == "endless" ? [] : words).enumerated() {
        if index >= request.maxTokens ?? .max {
          reason = .length
          break
        }
        if words.first == "fail", index == 1 { throw Broken() }
        said += word
        if request.stop.contains(where: { said.contains($0) }) { break }
        output.yield(.text(delta(choice, index, word, request)))
        count += 1
        if let delay { try await Task.sleep(for: delay) }
      }
      if words.first == "endless" {
        while true {
          output.yield(.text(delta(choice, count, words.count > 1 ? words[1] : " tick", request)))
          count += 1
          if let limit = request.maxTokens, count >= limit { break }
          try await Task.sleep(for: delay ?? .milliseconds(1))
        }
        reason = .length
      }
      output.yield(.finished(choice: choice, reason: reason))
    }
    return count
  }

  private func delta(_ choice: Int, _ index: Int, _ word: String, _ request: GenerationRequest, isFirst: Bool = false) -> TextDelta {
    guard let top = request.topLogProbabilities else {
      return TextDelta(choice: choice, text: word, tokens: [GeneratedToken(id: index)])
    }
    // Later choices are likelier, so that the best of them is the last.
    let value = -1.0 / Double(choice + 1)
    let candidates = (0..<top).map {
      GeneratedToken.Candidate(id: $0, bytes: $0 == 0 ? Array(word.utf8) : [0xC3], logProbability: value - Double($0))
    }
    let token = GeneratedToken(id: index, bytes: Array(word.utf8), logProbability: isFirst ? nil : value, top: isFirst ? [] : candidates)
    return TextDelta(choice: choice, text: word, tokens: [token])
  }

  private func callTools(_ request: GenerationRequest, to output: Output) -> Int {
    let tools = request.allowsParallelToolCalls ? request.tools[...] : request.tools.prefix(1)
    for (index, tool) in tools.enumerated() {
      output.yield(.toolCall(ToolCallDelta(index: index, id: "call_\(index)", name: tool.name)))
      for piece in ["{\"place\":", " \"Z\u{FC}rich\"", "}"] { output.yield(.toolCall(ToolCallDelta(index: index, arguments: piece))) }
    }
    output.yield(.finished(choice: 0, reason: .toolCalls))
    return 3 * tools.count
  }

  /// A document that fits the format; members of an object are sorted.
  private static func json(_ format: GenerationFormat) -> String? {
    switch format {
    case .text, .grammar: nil
    case .jsonObject: "{\"ok\": true}"
    case .jsonSchema(let format): value(format.schema)
    }
  }

  private static func value(_ schema: JSONValue) -> String {
    switch schema["type"]?.stringValue {
    case "object":
      let members = (schema["properties"]?.objectValue ?? [:]).sorted { $0.key < $1.key }
      return "{" + members.map { "\"\($0.key)\": \(value($0.value))" }.joined(separator: ", ") + "}"
    case "array": return "[" + value(schema["items"] ?? .null) + "]"
    case "integer": return "7"
    case "number": return "0.5"
    case "boolean": return "true"
    default: return "\"w\u{F6}rd\""
    }
  }
}

/// A vector of character counts: equal texts have equal vectors, and the length of a text is the first element.
final class FakeEmbedder: TextEmbedder {
  let dimensions: Int? = 8
  private let delay: Duration?
  private let cancellations = Mutex(0)

  init(delay: Duration? = nil) { self.delay = delay }

  var cancelled: Int { cancellations.withLock { $0 } }

  func embed(_ inputs: [EmbeddingInput], dimensions: Int?) async throws -> TextEmbeddings {
    if let dimensions, dimensions > 8 { throw LanguageRequestError(.badDimensions(dimensions, expected: "1 to 8")) }
    var tokens = 0
    let vectors = try inputs.enumerated().map { index, input in
      let codes: [Int] =
        switch input {
        case .text(let text): text.unicodeScalars.map { Int($0.value) }
        case .tokens(let tokens): tokens
        }
      guard codes.count <= 64 else { throw LanguageRequestError(.inputTooLong(index: index, limit: 64, tokens: codes.count)) }
      tokens += codes.count
      var vector = [Float](repeating: 0, count: 8)
      vector[0] = Float(codes.count)
      for code in codes { vector[1 + code % 7] += 0.1 }
      return Array(vector.prefix(dimensions ?? 8))
    }
    do {
      if let delay { try await Task.sleep(for: delay) }
    } catch {
      cancellations.withLock { $0 += 1 }
      throw error
    }
    return TextEmbeddings(vectors: vectors, tokens: tokens)
  }
}
