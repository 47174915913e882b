import Generation
import MartletCore
import Synchronization
import Text

/// One choice of a request on its way from tokens to events.
///
/// `@unchecked Sendable`: only the engine's thread calls it.
final class ChoiceStream: @unchecked Sendable {
  private let choice: Int
  private let tokenizer: Tokenizer
  private let echo: [Int]?
  private let reportsTokens: Bool
  private let forcedTool: Bool
  private let readsTools: Bool
  private let shared: RequestStream
  private var decoder: StreamingDecoder
  private var stops: StopStrings
  private var pending: [GeneratedToken] = []
  private var tools = ToolCallReader()
  private var count = 0

  init(_ choice: Int, _ request: GenerationRequest, _ tokenizer: Tokenizer, prompt: [Int], _ shared: RequestStream) {
    self.choice = choice
    self.tokenizer = tokenizer
    self.shared = shared
    echo = request.echoesPrompt ? prompt : nil
    reportsTokens = request.topLogProbabilities != nil
    switch request.toolChoice {
    case .required, .named: forcedTool = !request.tools.isEmpty
    case .auto, .none: forcedTool = false
    }
    readsTools = !request.tools.isEmpty && request.toolChoice == .auto
    decoder = tokenizer.stream()
    stops = StopStrings(request.stop)
  }

  /// - Returns: whether more is wanted.
  func take(_ event: TokenEvent) -> Bool {
    do {
      switch event {
      case .started(let cached): shared.start(cached: cached, choice: choice)
      case .prompt(let scores): try give(prompt: scores)
      case .token(let sampled): return try give(sampled)
      // The best of them comes token by token.
      case .beams: break
      case .ended: try finish(.stop)
      case .limit: try finish(.length)
      case .failed(let error): shared.fail(error)
      }
    } catch {
      shared.fail(error)
      return false
    }
    return true
  }

  /// The prompt as the first text, each token with its own log-probability but the first, which follows nothing.
  func give(prompt scores: [SampledToken]) throws {
    guard let echo else { return }
    let first = echo.first.map { [GeneratedToken(id: $0, bytes: tokenizer.bytes(of: $0))] } ?? []
    shared.yield(
      .text(
        TextDelta(
          choice: choice, text: try tokenizer.decode(echo), tokens: reportsTokens ? first + scores.map(reported) : [])))
  }

  private func give(_ sampled: SampledToken) throws -> Bool {
    count += 1
    // Without log-probabilities a token is reported by its number alone, so that whoever counts them can.
    pending.append(reportsTokens ? reported(sampled) : GeneratedToken(id: sampled.token))
    let text = stops.append(try decoder.append(sampled.token))
    give(text)
    guard !stops.isStopped else {
      try finish(.stop)
      return false
    }
    return true
  }

  private func give(_ text: String) {
    if forcedTool || readsTools {
      for piece in forcedTool ? tools.appendForced(text) : tools.append(text) { give(piece) }
    } else if !text.isEmpty {
      give(ToolCallReader.Piece.text(text))
    }
  }

  private func give(_ piece: ToolCallReader.Piece) {
    switch piece {
    case .text(let text):
      shared.yield(.text(TextDelta(choice: choice, text: text, tokens: pending)))
    case .call(let index, let name, let arguments):
      shared.yield(
        .toolCall(ToolCallDelta(choice: choice, index: index, id: "call_" + Self.name(), name: name, arguments: arguments)))
      if !pending.isEmpty { shared.yield(.text(TextDelta(choice: choice, text: "", tokens: pending))) }
    }
    pending = []
  }

  private func finish(_ reason: FinishReason) throws {
    if !stops.isStopped { give(stops.append(try decoder.finish()) + stops.finish()) }
    if forcedTool || readsTools { for piece in tools.finish(isForced: forcedTool) { give(piece) } }
    if !pending.isEmpty { give(ToolCallReader.Piece.text("")) }
    shared.finish(choice, tools.calls > 0 ? .toolCalls : reason, tokens: count)
  }

  private func reported(_ sampled: SampledToken) -> GeneratedToken {
    GeneratedToken(
      id: sampled.token, bytes: tokenizer.bytes(of: sampled.token), logProbability: sampled.logProbability.map(Double.init),
      top: sampled.alternatives.map {
        GeneratedToken.Candidate(id: $0.token, bytes: tokenizer.bytes(of: $0.token), logProbability: Double($0.logProbability))
      })
  }

  private static func name() -> String {
    let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
    return String((0..<24).map { _ in letters[Int.random(in: 0..<letters.count)] })
  }
}

/// All choices of a request: what they have in common.
final class RequestStream: Sendable {
  private struct State {
    var tickets: [GenerationTicket] = []
    var left: Int
    var tokens = 0
    var cached: Int?
    var hasStarted = false
    var isOver = false
  }

  private let promptTokens: Int
  private let continuation: AsyncThrowingStream<GenerationEvent, any Error>.Continuation
  private let state: Mutex<State>

  init(promptTokens: Int, choices: Int, _ continuation: AsyncThrowingStream<GenerationEvent, any Error>.Continuation) {
    self.promptTokens = promptTokens
    self.continuation = continuation
    state = Mutex(State(left: choices))
    continuation.onTermination = { [weak self] _ in self?.cancel() }
  }

  /// Ends the choice's work where the request is over already.
  func hold(_ ticket: GenerationTicket) {
    let isOver = state.withLock { state in
      if !state.isOver { state.tickets.append(ticket) }
      return state.isOver
    }
    if isOver { ticket.cancel() }
  }

  func start(cached: Int, choice: Int) {
    let isFirst = state.withLock { state in
      // The first choice reads the prompt for all.
      if choice == 0 { state.cached = cached }
      defer { state.hasStarted = true }
      return !state.hasStarted
    }
    if isFirst { continuation.yield(.started(promptTokens: promptTokens)) }
  }

  func yield(_ event: GenerationEvent) { continuation.yield(event) }

  func finish(_ choice: Int, _ reason: FinishReason, tokens: Int) {
    continuation.yield(.finished(choice: choice, reason: reason))
    let usage = state.withLock { state -> GenerationUsage? in
      state.left -= 1
      state.tokens += tokens
      guard state.left == 0 else { return nil }
      state.isOver = true
      return GenerationUsage(promptTokens: promptTokens, completionTokens: state.tokens, cachedTokens: state.cached ?? 0)
    }
    if let usage {
      continuation.yield(.usage(usage))
      continuation.finish()
    }
  }

  func fail(_ error: any Error) {
    continuation.finish(throwing: error)
    cancel()
  }

  private func cancel() {
    let tickets = state.withLock { state in
      state.isOver = true
      defer { state.tickets = [] }
      return state.tickets
    }
    for ticket in tickets { ticket.cancel() }
  }
}
