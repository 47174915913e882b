import Foundation

/// How many words a language model hesitates between, as a state that adds up: the exponential of the mean negative log-likelihood of a token.
public struct Perplexity: Sendable, Hashable, Codable {
  /// Tokens so far.
  public private(set) var tokens = 0
  private var sum = ExactSum()

  /// An empty state.
  public init() {}

  /// Adds tokens by the logarithms (natural) of the probabilities that the model gave to them.
  /// - Throws: `MetricError` naming the first token whose logarithm is above zero or NaN; nothing is counted then.
  public mutating func add(logProbabilities: [Double]) throws(MetricError) {
    if let row = logProbabilities.firstIndex(where: { !($0 <= 0) }) {
      throw MetricError(
        .notAProbability, row: row, "the log probability of token \(row) is \(logProbabilities[row])", expected: "0 or less",
        remedy: "logSoftmax of the model's output")
    }
    for value in logProbabilities { sum.add(-value) }
    tokens += logProbabilities.count
  }

  /// Adds the state of other tokens.
  public mutating func merge(_ other: Perplexity) {
    sum.merge(other.sum)
    tokens += other.tokens
  }

  /// The mean negative log-likelihood of a token, in nats.
  /// - Throws: `MetricError` without tokens.
  public func meanLoss() throws(MetricError) -> Double {
    guard tokens > 0 else { throw MetricError(.empty, "there are no tokens to evaluate") }
    return sum.value / Double(tokens)
  }

  /// The perplexity: 1 where every token was certain, infinite where one was impossible.
  /// - Throws: `MetricError` without tokens.
  public func value() throws(MetricError) -> Double { exp(try meanLoss()) }
}
