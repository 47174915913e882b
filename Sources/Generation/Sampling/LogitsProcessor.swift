/// A rule that changes the scores of the next token before one is chosen.
///
/// A processor keeps no state between steps: what it does follows from the tokens alone, so that a sequence may be stepped back
/// (speculative decoding) or moved to another batch.
public protocol LogitsProcessor: Sendable {
  /// Changes the scores in place; a score of negative infinity forbids its token.
  /// - Parameters:
  ///   - logits: a score for each token of the vocabulary.
  ///   - tokens: the prompt and what has been generated so far.
  ///   - promptCount: how many of `tokens` are the prompt's.
  func process(_ logits: UnsafeMutableBufferPointer<Float>, tokens: [Int], promptCount: Int)
}

extension LogitsProcessor {
  /// The scores after this rule, as a copy.
  public func processed(_ logits: [Float], tokens: [Int] = [], promptCount: Int = 0) -> [Float] {
    var result = logits
    result.withUnsafeMutableBufferPointer { process($0, tokens: tokens, promptCount: promptCount) }
    return result
  }
}
