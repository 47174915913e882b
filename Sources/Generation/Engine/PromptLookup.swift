/// Guesses what comes next from what followed the same tokens before.
enum PromptLookup {
  /// The tokens after the latest earlier place where the last three tokens (or two) stand.
  static func guess(_ tokens: [Int], count: Int) -> ArraySlice<Int> {
    guard count > 0 else { return [] }
    return tokens.withUnsafeBufferPointer { tokens -> Range<Int>? in
      for size in [3, 2] where tokens.count > size {
        let tail = tokens.count - size
        var place = tail - 1
        while place >= 0 {
          if (0..<size).allSatisfy({ tokens[place + $0] == tokens[tail + $0] }) {
            let first = place + size
            return first..<min(first + count, tokens.count)
          }
          place -= 1
        }
      }
      return nil
    }.map { tokens[$0] } ?? []
  }
}
