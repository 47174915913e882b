/// What may come next in an output that has to follow rules: a grammar, a JSON schema.
///
/// A value type, so that each request has a state of its own.
public protocol TokenConstraint: Sendable {
  /// The tokens that may come next; the end tokens are among them where the output may end.
  mutating func allowed() throws -> TokenMask
  /// Goes on past a token.
  mutating func accept(_ token: Int) throws
}

/// Tokens to continue.
public struct TokenRequest: Sendable {
  public var prompt: [Int]
  public var sampler: TokenSampler
  /// The most new tokens; 0 only to have the prompt scored.
  public var maximumNewTokens: Int
  /// Tokens that end the output and are not part of it.
  public var endTokens: Set<Int>
  public var constraint: (any TokenConstraint)?
  /// What is read before anything is written, for models that read one text and write another (T5, Marian). The prompt is what the output
  /// begins with then: ``DecoderConfiguration/decoderStart``, and a language's token where the model wants one.
  public var source: [Int]?
  /// Keeps the best of several continuations instead of drawing one: beam search. The longest text and the end tokens are this request's.
  public var beams: BeamSearch.Settings?
  /// How many tokens are guessed at a time: by the engine's draft model, or from repetitions in the text (prompt lookup decoding, Saxena
  /// 2023) where it has none. They cost a little where they are wrong and save steps where they are right; the output is the same with any
  /// number.
  public var guesses = 0
  /// Asks for the log-probability of each token of the prompt after the first.
  public var scoresPrompt = false
  /// Larger numbers are served first.
  public var priority = 0
  public var deadline: ContinuousClock.Instant?

  public init(_ prompt: [Int], sampler: TokenSampler, maximumNewTokens: Int, endTokens: Set<Int> = []) {
    self.prompt = prompt
    self.sampler = sampler
    self.maximumNewTokens = maximumNewTokens
    self.endTokens = endTokens
  }
}

/// What happens to a `TokenRequest`.
public enum TokenEvent: Sendable {
  /// The first step that has a part in it is about to run. So many tokens of the prompt had been computed before for others.
  case started(cached: Int)
  /// Log-probabilities of the prompt's tokens from the second on.
  case prompt([SampledToken])
  case token(SampledToken)
  /// The best texts of a beam search, best first, whole; `ended` follows.
  case beams([BeamSearch.Hypothesis])
  /// A token that ends the output came.
  case ended
  /// `maximumNewTokens` came.
  case limit
  case failed(any Error)
}

/// A request that was handed in.
public final class GenerationTicket: Sendable {
  private let action: @Sendable () -> Void

  init(_ action: @escaping @Sendable () -> Void) { self.action = action }

  /// Ends the request before the next step and frees its memory; no event follows then. Harmless where it has ended.
  public func cancel() { action() }
}
