/// Forbids every token that would repeat an n-gram of the sequence (Paulus, Xiong, Socher, 2017).
public struct NoRepeatNGram: LogitsProcessor {
  /// Tokens in an n-gram, at least 1.
  public let size: Int

  public init(_ size: Int) { self.size = max(size, 1) }

  public func process(_ logits: UnsafeMutableBufferPointer<Float>, tokens: [Int], promptCount: Int) {
    guard tokens.count >= size else { return }
    tokens.withUnsafeBufferPointer { tokens in
      let prefix = tokens.count - size + 1
      for start in 0...tokens.count - size {
        var same = true
        for offset in 0..<size - 1 where tokens[start + offset] != tokens[prefix + offset] {
          same = false
          break
        }
        let banned = tokens[start + size - 1]
        if same, logits.indices.contains(banned) { logits[banned] = -.infinity }
      }
    }
  }
}

/// Adds a bias to the score of a sequence's last token wherever the tokens before it have just been written.
public struct SequenceBias: LogitsProcessor {
  public struct Entry: Sendable, Hashable {
    public var tokens: [Int]
    public var bias: Float

    public init(_ tokens: [Int], _ bias: Float) {
      self.tokens = tokens
      self.bias = bias
    }
  }

  public let entries: [Entry]

  public init(_ entries: [Entry]) { self.entries = entries.filter { !$0.tokens.isEmpty } }

  /// Sequences that must never be written.
  public init(forbidding sequences: [[Int]]) { self.init(sequences.map { Entry($0, -.infinity) }) }

  public func process(_ logits: UnsafeMutableBufferPointer<Float>, tokens: [Int], promptCount: Int) {
    for entry in entries {
      guard let last = entry.tokens.last, logits.indices.contains(last) else { continue }
      let prefix = entry.tokens.dropLast()
      if prefix.count <= tokens.count, prefix.elementsEqual(tokens.suffix(prefix.count)) { logits[last] += entry.bias }
    }
  }
}

/// Adds a bias to tokens: OpenAI's `logit_bias`. −100 and 100 forbid or force in practice.
public struct LogitBias: LogitsProcessor {
  private let tokens: [Int]
  private let biases: [Float]

  public init(_ biases: [Int: Float]) {
    tokens = biases.keys.sorted()
    self.biases = tokens.map { biases[$0] ?? 0 }
  }

  public func process(_ logits: UnsafeMutableBufferPointer<Float>, tokens _: [Int], promptCount: Int) {
    for (token, bias) in zip(tokens, biases) where logits.indices.contains(token) { logits[token] += bias }
  }
}

/// Forbids the tokens that end a text until enough has been generated.
public struct MinimumNewTokens: LogitsProcessor {
  public let count: Int
  public let endTokens: [Int]

  public init(_ count: Int, endTokens: [Int]) {
    self.count = count
    self.endTokens = endTokens
  }

  public func process(_ logits: UnsafeMutableBufferPointer<Float>, tokens: [Int], promptCount: Int) {
    guard tokens.count - promptCount < count else { return }
    for token in endTokens where logits.indices.contains(token) { logits[token] = -.infinity }
  }
}

/// Leaves one token at given places of the whole sequence, such as a language's sign at the start or the end token at the last place.
public struct ForcedTokens: LogitsProcessor {
  /// Tokens by their place, counted from the sequence's start.
  public let tokens: [Int: Int]

  public init(_ tokens: [Int: Int]) { self.tokens = tokens }

  public func process(_ logits: UnsafeMutableBufferPointer<Float>, tokens sequence: [Int], promptCount: Int) {
    guard let token = tokens[sequence.count], logits.indices.contains(token) else { return }
    logits.update(repeating: -.infinity)
    logits[token] = 0
  }
}

/// Forbids tokens wherever they would stand.
public struct SuppressedTokens: LogitsProcessor {
  public let tokens: [Int]

  public init(_ tokens: [Int]) { self.tokens = tokens }

  public func process(_ logits: UnsafeMutableBufferPointer<Float>, tokens _: [Int], promptCount: Int) {
    for token in tokens where logits.indices.contains(token) { logits[token] = -.infinity }
  }
}
