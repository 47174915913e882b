/// Makes tokens that occurred, in the prompt or since, less likely: a positive score is divided by the penalty, a negative one multiplied.
///
/// Keskar et al., "CTRL: A conditional transformer language model for controllable generation" (2019), section 4.1. 1 changes nothing.
public struct RepetitionPenalty: LogitsProcessor {
  public let penalty: Float

  public init(_ penalty: Float) { self.penalty = penalty }

  public func process(_ logits: UnsafeMutableBufferPointer<Float>, tokens: [Int], promptCount: Int) {
    // A bit a token: long prompts repeat most of theirs.
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: logits.count / 64 + 1) { seen in
      seen.initialize(repeating: 0)
      for token in tokens where logits.indices.contains(token) {
        let bit: UInt64 = 1 << UInt64(token & 63)
        if seen[token >> 6] & bit != 0 { continue }
        seen[token >> 6] |= bit
        logits[token] = logits[token] < 0 ? logits[token] * penalty : logits[token] / penalty
      }
    }
  }
}

/// Subtracts, from the score of each token that was generated, `presence` once and `frequency` for every time it was.
///
/// The formula of OpenAI's API: the prompt does not count. Negative penalties encourage.
public struct OccurrencePenalty: LogitsProcessor {
  public let presence: Float
  public let frequency: Float

  public init(presence: Float = 0, frequency: Float = 0) {
    self.presence = presence
    self.frequency = frequency
  }

  public func process(_ logits: UnsafeMutableBufferPointer<Float>, tokens: [Int], promptCount: Int) {
    let generated = tokens[min(max(promptCount, 0), tokens.count)...].sorted()
    var start = 0
    while start < generated.count {
      let token = generated[start]
      var end = start
      while end < generated.count, generated[end] == token { end += 1 }
      if logits.indices.contains(token) { logits[token] -= Float(end - start) * frequency + presence }
      start = end
    }
  }
}
