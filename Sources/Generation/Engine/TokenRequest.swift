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
  /// The most new tokens.
  public var maximumNewTokens: Int
  /// Tokens that end the output and are not part of it.
  public var endTokens: Set<Int>
  public var constraint: (any TokenConstraint)?
  /// How many tokens are guessed at a time from repetitions in the text (prompt lookup decoding, Saxena 2023). They cost a little where
  /// they are wrong and save steps where they are right; the output is the same with any number.
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
