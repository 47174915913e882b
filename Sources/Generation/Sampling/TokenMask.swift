/// A set of tokens of a vocabulary, a bit each: which may come next.
public struct TokenMask: Sendable, Hashable {
  /// Tokens in the vocabulary.
  public let count: Int
  @usableFromInline var words: [UInt64]

  /// - Parameter allowing: whether every token is in the set at first.
  public init(count: Int, allowing: Bool = false) {
    self.count = max(count, 0)
    words = [UInt64](repeating: allowing ? ~0 : 0, count: (self.count + 63) / 64)
    if allowing, self.count % 64 != 0, !words.isEmpty { words[words.count - 1] = (1 << UInt64(self.count % 64)) - 1 }
  }

  /// Whether a token is in the set; ids outside the vocabulary are not.
  public subscript(token: Int) -> Bool {
    get { token >= 0 && token < count && words[token >> 6] >> UInt64(token & 63) & 1 == 1 }
    set {
      guard token >= 0, token < count else { return }
      if newValue { words[token >> 6] |= 1 << UInt64(token & 63) } else { words[token >> 6] &= ~(1 << UInt64(token & 63)) }
    }
  }

  /// How many tokens are in the set.
  public var allowedCount: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  public var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

  /// The tokens of the set in rising order.
  public var tokens: [Int] {
    var result: [Int] = []
    for (place, word) in words.enumerated() {
      var rest = word
      while rest != 0 {
        result.append(place * 64 + rest.trailingZeroBitCount)
        rest &= rest - 1
      }
    }
    return result
  }

  /// The tokens of both sets. Sets over different vocabularies have in common what both count.
  public func intersection(_ other: TokenMask) -> TokenMask {
    var result = self
    for index in words.indices { result.words[index] &= index < other.words.count ? other.words[index] : 0 }
    return result
  }

  /// Forbids every token outside the set; scores beyond the vocabulary are forbidden, too.
  public func apply(to logits: UnsafeMutableBufferPointer<Float>) {
    words.withUnsafeBufferPointer { words in
      for place in 0..<(logits.count + 63) / 64 {
        let word = place < words.count ? words[place] : 0
        if word == ~0 { continue }
        let range = place * 64..<min(place * 64 + 64, logits.count)
        if word == 0 {
          UnsafeMutableBufferPointer(rebasing: logits[range]).update(repeating: -.infinity)
        } else {
          for index in range where word >> UInt64(index & 63) & 1 == 0 { logits[index] = -.infinity }
        }
      }
    }
  }
}
