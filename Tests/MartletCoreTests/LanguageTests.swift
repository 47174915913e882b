import Foundation
import MartletCore
import Testing

@Suite struct LanguageTests {
  /// Gives events that are there already, and then fails if it is to.
  private struct Script: TextGenerator {
    let contextLength: Int? = nil
    let events: [GenerationEvent]
    var failure: LanguageRequestError?
    var isEndless = false

    func generate(_ request: GenerationRequest) async throws -> AsyncThrowingStream<GenerationEvent, any Error> {
      let (stream, continuation) = AsyncThrowingStream<GenerationEvent, any Error>.makeStream()
      for event in events { continuation.yield(event) }
      if !isEndless { continuation.finish(throwing: failure) }
      return stream
    }
  }

  private static let events: [GenerationEvent] = [
    .started(promptTokens: 5),
    .text(TextDelta(choice: 1, text: "b", tokens: [GeneratedToken(id: 2, logProbability: -1)])),
    .text(TextDelta(text: "a", tokens: [GeneratedToken(id: 1)])),
    .text(TextDelta(choice: 1, text: "c", tokens: [GeneratedToken(id: 3, logProbability: -2)])),
    .toolCall(ToolCallDelta(index: 0, id: "x", name: "f")), .toolCall(ToolCallDelta(index: 0, arguments: "{")),
    .toolCall(ToolCallDelta(index: 0, arguments: "}")), .toolCall(ToolCallDelta(index: 5, arguments: "lost")),
    .text(TextDelta(choice: 7, text: "lost")), .finished(choice: 0, reason: .toolCalls), .finished(choice: 1, reason: .length),
    .finished(choice: -1, reason: .stop),
  ]

  @Test func aResultIsMadeOfEvents() async throws {
    var request = GenerationRequest(.text("p"))
    request.choices = 2
    let result = try await Script(events: Self.events).result(request)
    #expect(result.choices.map(\.text) == ["a", "bc"])
    #expect(result.choices.map(\.reason) == [.toolCalls, .length])
    #expect(result.choices[0].toolCalls == [ToolCall(id: "x", name: "f", arguments: "{}")])
    #expect(result.choices.map(\.meanLogProbability) == [nil, -1.5])
    // Counted as long as the generator has not said the number.
    #expect(result.usage == GenerationUsage(promptTokens: 5, completionTokens: 3))
    let usage = GenerationUsage(promptTokens: 5, completionTokens: 9, cachedTokens: 4)
    #expect(try await Script(events: Self.events + [.usage(usage)]).result(request).usage == usage)
  }

  @Test func errorsAndCancellationsEndIt() async throws {
    let error = await #expect(throws: LanguageRequestError.self) {
      try await Script(events: [], failure: LanguageRequestError(.emptyPrompt)).result(GenerationRequest(.text("")))
    }
    #expect(error?.kind == .emptyPrompt)
    let task = Task { try await Script(events: Self.events, isEndless: true).result(GenerationRequest(.text(""))) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func requestsAreDocuments() throws {
    var request = GenerationRequest(.chat([ChatMessage(.user, "hi", name: "Ann"), ChatMessage(.tool, "r", toolCallID: "c")]))
    request.tools = [ToolDefinition(name: "f", description: "d", parameters: ["type": "object"])]
    request.toolChoice = .named("f")
    request.format = .jsonSchema(JSONSchemaFormat(name: "n", schema: ["type": "integer"]))
    request.sampling.logitBias = [5: -1]
    request.deadline = .now
    var back = try JSON.decode(GenerationRequest.self, from: JSON.encode(request), source: "request")
    // A time of this process's clock means nothing elsewhere.
    #expect(back.deadline == nil)
    back.deadline = request.deadline
    #expect(back == request)
  }

  @Test func sourcesKeepAnOrder() {
    let tool = ToolDefinition(name: "f", description: "d", parameters: ["type": "object"])
    #expect(tool.source == #"{"function":{"description":"d","name":"f","parameters":{"type":"object"}},"type":"function"}"#)
    #expect(ToolDefinition(name: "f", source: "as it was").source == "as it was")
    #expect(JSONSchemaFormat(name: "n", schema: ["b": 1, "a": 2]).source == #"{"a":2,"b":1}"#)
  }

  @Test func errorsSayWhatToDo() {
    let long = LanguageRequestError(.contextTooLong(limit: 100, prompt: 80, output: 30))
    #expect(
      long.description
        == "80 tokens of prompt and 30 of output are 110, and the model's context is 100; expected an output of at most 20; try: a shorter text"
    )
    #expect(
      LanguageRequestError(.contextTooLong(limit: 100, prompt: 120, output: 30)).description
        == "the prompt has 120 tokens, and the model's context is 100; try: a shorter text")
    #expect(LanguageRequestError(.unknownToken(7, vocabulary: 5)).expected == "0 to 4")
    let kinds: [LanguageRequestError.Kind] = [
      .inputTooLong(index: 1, limit: 2, tokens: 3), .emptyPrompt, .unknownRole("r"), .template("t"), .noTemplate, .badSchema("s"),
      .badGrammar("g"), .badTool(name: "n", reason: "r"), .badSetting(name: "n", value: "v", expected: "e"),
      .badDimensions(1, expected: "2"),
      .unsupported(setting: "s"), .busy(waiting: 3), .deadline, .stopping,
    ]
    #expect(Set(kinds.map { LanguageRequestError($0).problem }).count == kinds.count)
  }
}
