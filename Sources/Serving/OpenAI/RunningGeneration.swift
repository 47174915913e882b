import MartletCore
import NIOCore
import Synchronization
import Web

/// A generation under way. It ends when its events do, when it is cancelled, and when nobody holds it any more.
final class RunningGeneration: Sendable {
  enum Signal: Sendable {
    case event(GenerationEvent)
    /// Some time has passed.
    case silence
  }

  typealias Signals = AsyncThrowingStream<Signal, any Error>

  /// To be iterated by one task.
  let signals: Signals
  private let continuation: Signals.Continuation
  private let tasks = EndingTogether()
  private let reason = Mutex<(any Error)?>(nil)

  init(_ generator: any TextGenerator, _ request: GenerationRequest, runner: LanguageRunner, silence: Duration?) {
    (signals, continuation) = Signals.makeStream()
    let continuation = continuation
    continuation.onTermination = { [tasks] _ in tasks.end() }
    let work = Task { [weak self] in
      var figures = GenerationFigures(began: .now())
      do {
        for try await event in try await generator.generate(request) {
          figures.add(event)
          continuation.yield(.event(event))
        }
        // A stream ends without an error when its task is cancelled.
        try Task.checkCancellation()
        // Counted before the answer goes out: its reader may ask for the figures next, or for the place.
        figures.report(.complete, to: runner)
        runner.ended()
        continuation.finish()
      } catch {
        // Whoever cancelled has said why, and that is what counts.
        let reason = self?.reason.withLock { $0 }
        figures.report(Self.outcome(reason ?? error, isCancelled: Task.isCancelled), to: runner)
        runner.ended()
        continuation.finish(throwing: reason ?? error)
      }
    }
    let clock = Task { [weak self] in
      while !Task.isCancelled {
        let now = ContinuousClock.now
        let end = request.deadline
        let pause = min(silence ?? .seconds(3600), end.map { $0 - now } ?? .seconds(3600))
        if pause > .zero { try? await Task.sleep(for: pause) }
        if Task.isCancelled { return }
        if let end, end <= .now {
          self?.cancel(LanguageRequestError(.deadline))
          return
        }
        continuation.yield(.silence)
      }
    }
    tasks.add(work)
    tasks.add(clock)
  }

  deinit { continuation.finish(throwing: CancellationError()) }

  /// Ends the work at once; who reads the signals gets the error.
  func cancel(_ error: any Error) {
    reason.withLock { if $0 == nil { $0 = error } }
    continuation.finish(throwing: error)
  }

  private static func outcome(_ error: any Error, isCancelled: Bool) -> LanguageMetrics.Outcome {
    switch error {
    case let error as LanguageRequestError:
      switch error.kind {
      case .busy: .rejected
      case .deadline: .deadline
      case .stopping: .cancelled
      default: .failed
      }
    case is ClientLeft, is CancellationError: .cancelled
    default: isCancelled ? .cancelled : .failed
    }
  }
}

/// Tasks that end together. One that is added after the end is cancelled at once.
private final class EndingTogether: Sendable {
  private let state = Mutex((tasks: [Task<Void, Never>](), isOver: false))

  func add(_ task: Task<Void, Never>) {
    let isOver = state.withLock { state in
      if !state.isOver { state.tasks.append(task) }
      return state.isOver
    }
    if isOver { task.cancel() }
  }

  func end() {
    let tasks = state.withLock { state in
      state.isOver = true
      defer { state.tasks = [] }
      return state.tasks
    }
    for task in tasks { task.cancel() }
  }
}

/// Times and tokens of one generation.
struct GenerationFigures {
  let began: NIODeadline
  private var result: TokenCount = .init()
  private var first: NIODeadline?
  private var last: NIODeadline?

  init(began: NIODeadline) { self.began = began }

  mutating func add(_ event: GenerationEvent) {
    result.add(event)
    switch event {
    case .text, .toolCall:
      let now = NIODeadline.now()
      if first == nil { first = now }
      last = now
    case .started, .finished, .usage: break
    }
  }

  func report(_ outcome: LanguageMetrics.Outcome, to runner: LanguageRunner) {
    let metrics = runner.metrics
    metrics.ended(outcome)
    guard result.isStarted else { return }
    let tokens = result.usage.promptTokens + result.usage.completionTokens
    Caller.current.charge(tokens)
    Caller.current.work?.add(
      RequestWork.Piece(
        model: runner.model.name, version: runner.model.version, arrival: began, start: began, end: .now(), items: tokens,
        batchItems: tokens))
    let writing = first.flatMap { first in last.map { ($0 - first).seconds } } ?? 0
    metrics.generated(
      (result.usage.promptTokens, result.usage.cachedTokens, result.usage.completionTokens), seconds: (.now() - began).seconds,
      first: first.map { ($0 - began).seconds }, writing: writing)
  }
}

/// The tokens of a generation without its texts.
struct TokenCount {
  private(set) var usage = GenerationUsage(promptTokens: 0, completionTokens: 0)
  private(set) var isStarted = false

  mutating func add(_ event: GenerationEvent) {
    isStarted = true
    switch event {
    case .started(let tokens): usage.promptTokens = tokens
    case .text(let delta): usage.completionTokens += delta.tokens.count
    case .usage(let usage): self.usage = usage
    case .toolCall, .finished: break
    }
  }
}
