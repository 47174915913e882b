/// Cuts a text that comes in pieces into sentences, each with the white space after it, as soon as they are whole.
struct SentenceStream {
  private var rest: [Character] = []
  /// What was looked at and is no end.
  private var place = 0

  /// - Returns: the sentences that are whole now.
  mutating func append(_ text: String) -> [String] {
    rest += text
    var sentences: [String] = [], start = 0
    while place < rest.count {
      switch boundary(at: place) {
      case .none: place += 1
      case .unknown:
        rest.removeFirst(start)
        place -= start
        return sentences
      case .end(let end):
        sentences.append(String(rest[start..<end]))
        start = end
        place = end
      }
    }
    rest.removeFirst(start)
    place -= start
    return sentences
  }

  /// What is left at the end.
  mutating func finish() -> String? {
    defer { self = SentenceStream() }
    return rest.isEmpty ? nil : String(rest)
  }

  private func isEnd(_ character: Character) -> Bool { ".!?。！？…\n".contains(character) }

  private enum Boundary { case none, unknown, end(Int) }

  /// Whether the sentence ends with the character at the place, and where the white space after it ends.
  private func boundary(at place: Int) -> Boundary {
    guard isEnd(rest[place]) else { return .none }
    var end = place
    // Quotes and brackets that close belong to the sentence.
    while end < rest.count, isEnd(rest[end]) || "\"'”’»)]」』）".contains(rest[end]) { end += 1 }
    let marks = end
    while end < rest.count, rest[end].isWhitespace { end += 1 }
    // More marks or more white space may come.
    guard end < rest.count else { return .unknown }
    // A point within a number or a name is followed by more of it.
    let isApart = end > marks || rest[place..<marks].contains { "。！？\n".contains($0) }
    return isApart ? .end(end) : .none
  }
}
