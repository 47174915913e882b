public import MartletCore

/// A model that knows one language, behind a translator: it is asked in its own language and answers in the caller's.
///
/// Answers are translated sentence by sentence as they come. Those that are JSON, or calls of tools, are not.
public struct TranslatingGenerator: TextGenerator {
  private let model: any TextGenerator
  private let language: String
  private let translator: any TextTranslating
  private let caller: CallerLanguage

  /// - Parameter language: the one that the model knows.
  public init(_ model: any TextGenerator, language: String, translator: any TextTranslating, caller: CallerLanguage) {
    self.model = model
    self.language = LanguageCode.base(language)
    self.translator = translator
    self.caller = caller
  }

  public var contextLength: Int? { model.contextLength }

  public func generate(_ request: GenerationRequest) async throws -> AsyncThrowingStream<GenerationEvent, any Error> {
    guard let callers = caller.language(of: request), callers != language else { return try await model.generate(request) }
    // Probabilities of tokens that the caller never sees would be wrong, and so would an echo.
    if request.echoesPrompt { throw LanguageRequestError(.unsupported(setting: "echoesPrompt")) }
    if request.topLogProbabilities != nil { throw LanguageRequestError(.unsupported(setting: "topLogProbabilities")) }
    let translated = try await translated(request, callers)
    guard case .text = request.format else { return try await model.generate(translated) }
    let events = try await model.generate(translated)
    let (stream, continuation) = AsyncThrowingStream<GenerationEvent, any Error>.makeStream()
    let work = Task {
      do {
        try await answer(events, in: callers) { continuation.yield($0) }
        continuation.finish()
      } catch {
        continuation.finish(throwing: error)
      }
    }
    continuation.onTermination = { _ in work.cancel() }
    return stream
  }

  /// The request in the model's language. Messages that are in it already, such as an English system prompt, stay as they are.
  private func translated(_ request: GenerationRequest, _ callers: String) async throws -> GenerationRequest {
    var request = request
    switch request.prompt {
    case .text(let text): request.prompt = .text(try await own(text, otherwise: callers))
    case .tokens: break
    case .chat(var messages):
      for index in messages.indices where messages[index].role != .tool {
        guard let content = messages[index].content, !content.isEmpty else { continue }
        messages[index].content = try await own(content, otherwise: callers)
      }
      request.prompt = .chat(messages)
    }
    return request
  }

  /// - Parameter otherwise: the language of a text that does not say which it is in.
  private func own(_ text: String, otherwise: String) async throws -> String {
    let guess = caller.guesses(text).first
    let from = guess.map { $0.probability >= caller.confidence ? LanguageCode.base($0.language) : otherwise } ?? language
    return from == language ? text : try await translator.translate(text, from: from, to: language)
  }

  private func answer(
    _ events: AsyncThrowingStream<GenerationEvent, any Error>, in callers: String, _ yield: (GenerationEvent) -> Void
  ) async throws {
    var sentences: [Int: SentenceStream] = [:]
    func give(_ sentence: String, _ choice: Int) async throws {
      yield(.text(TextDelta(choice: choice, text: try await theirs(sentence, callers))))
    }
    for try await event in events {
      switch event {
      case .text(let delta):
        // Whoever counts tokens still can.
        if !delta.tokens.isEmpty { yield(.text(TextDelta(choice: delta.choice, text: "", tokens: delta.tokens))) }
        for sentence in sentences[delta.choice, default: SentenceStream()].append(delta.text) { try await give(sentence, delta.choice) }
      case .finished(let choice, _):
        if let rest = sentences[choice]?.finish() { try await give(rest, choice) }
        sentences[choice] = nil
        yield(event)
      default: yield(event)
      }
    }
  }

  /// A sentence in the caller's language, with the white space around it as it is.
  private func theirs(_ sentence: String, _ callers: String) async throws -> String {
    let before = sentence.prefix { $0.isWhitespace }
    let core = sentence.dropFirst(before.count)
    var end = core.endIndex
    while end > core.startIndex, core[core.index(before: end)].isWhitespace { end = core.index(before: end) }
    guard core.contains(where: \.isLetter) else { return sentence }
    return before + (try await translator.translate(String(core[..<end]), from: language, to: callers)) + core[end...]
  }
}
