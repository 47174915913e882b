/// Everything that a language model gave for one request.
public struct GenerationResult: Sendable, Hashable {
  /// One of the answers.
  public struct Choice: Sendable, Hashable {
    public var text = ""
    public var toolCalls: [ToolCall] = []
    /// Those of the text, where the generator gives them.
    public var tokens: [GeneratedToken] = []
    /// `nil` while the choice goes on.
    public var reason: FinishReason?

    /// The mean log-probability of the tokens, or `nil` where none is known.
    public var meanLogProbability: Double? {
      let known = tokens.compactMap(\.logProbability)
      return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
    }
  }

  /// In the order of their numbers.
  public private(set) var choices: [Choice]
  public private(set) var usage: GenerationUsage

  /// Nothing yet.
  public init(choices: Int = 1) {
    self.choices = [Choice](repeating: Choice(), count: max(1, choices))
    usage = GenerationUsage(promptTokens: 0, completionTokens: 0)
  }

  /// Adds what an event says. Events of choices beyond the number that was asked for are left out.
  public mutating func add(_ event: GenerationEvent) {
    switch event {
    case .started(let tokens): usage.promptTokens = tokens
    case .text(let delta):
      guard choices.indices.contains(delta.choice) else { return }
      choices[delta.choice].text += delta.text
      choices[delta.choice].tokens += delta.tokens
      // The count until the generator says the right one.
      usage.completionTokens += delta.tokens.count
    case .toolCall(let delta):
      guard choices.indices.contains(delta.choice), (0...choices[delta.choice].toolCalls.count).contains(delta.index) else { return }
      if delta.index == choices[delta.choice].toolCalls.count {
        choices[delta.choice].toolCalls.append(ToolCall(id: "", name: "", arguments: ""))
      }
      if let id = delta.id { choices[delta.choice].toolCalls[delta.index].id = id }
      if let name = delta.name { choices[delta.choice].toolCalls[delta.index].name = name }
      choices[delta.choice].toolCalls[delta.index].arguments += delta.arguments
    case .finished(let choice, let reason):
      guard choices.indices.contains(choice) else { return }
      choices[choice].reason = reason
    case .usage(let usage): self.usage = usage
    }
  }
}

extension TextGenerator {
  /// Generates to the end.
  /// - Throws: as `generate`, and the errors that its stream ends with.
  public func result(_ request: GenerationRequest) async throws -> GenerationResult {
    var result = GenerationResult(choices: request.choices)
    for try await event in try await generate(request) { result.add(event) }
    // A stream that ends because its task was cancelled ends without an error.
    try Task.checkCancellation()
    return result
  }
}
