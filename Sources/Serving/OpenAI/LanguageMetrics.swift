import Synchronization
import Web

/// What happened in one language model.
final class LanguageMetrics: Sendable {
  /// How a generation ended.
  enum Outcome: String, Sendable, CaseIterable {
    case complete
    /// The client left, or wanted no more.
    case cancelled
    case failed
    case deadline
    /// There was no room for it.
    case rejected
  }

  struct Snapshot: Sendable {
    var outcomes: [Outcome: UInt64] = [:]
    var promptTokens: UInt64 = 0
    var cachedTokens: UInt64 = 0
    var completionTokens: UInt64 = 0
    var seconds = Histogram(bounds: Histogram.longSeconds)
    var firstTokenSeconds = Histogram(bounds: Histogram.longSeconds)
    var tokensPerSecond = Histogram(bounds: Histogram.rates)
    var embeddedInputs: UInt64 = 0
    var embeddedTokens: UInt64 = 0
    var embeddingSeconds = Histogram(bounds: Histogram.seconds)
  }

  private let state = Mutex(Snapshot())

  var snapshot: Snapshot { state.withLock { $0 } }

  func embedded(inputs: Int, tokens: Int, seconds: Double) {
    state.withLock { state in
      state.embeddedInputs += UInt64(max(0, inputs))
      state.embeddedTokens += UInt64(max(0, tokens))
      state.embeddingSeconds.record(seconds)
    }
  }

  func ended(_ outcome: Outcome) { state.withLock { $0.outcomes[outcome, default: 0] += 1 } }

  /// - Parameters:
  ///   - first: from the request to the first token; `nil` where there was none.
  ///   - writing: from the first token to the last.
  func generated(_ usage: (prompt: Int, cached: Int, completion: Int), seconds: Double, first: Double?, writing: Double) {
    state.withLock { state in
      state.promptTokens += UInt64(max(0, usage.prompt))
      state.cachedTokens += UInt64(max(0, usage.cached))
      state.completionTokens += UInt64(max(0, usage.completion))
      state.seconds.record(seconds)
      if let first { state.firstTokenSeconds.record(first) }
      // One token has no rate: its time is that of the prompt.
      if usage.completion > 1, writing > 0 { state.tokensPerSecond.record(Double(usage.completion - 1) / writing) }
    }
  }
}

extension Histogram {
  /// Seconds from five milliseconds to ten minutes.
  static let longSeconds: [Double] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]
  /// Tokens in a second.
  static let rates: [Double] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000]
}
