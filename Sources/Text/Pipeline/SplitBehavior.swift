/// What becomes of the matches by which text is split.
enum SplitBehavior: String, Sendable, CaseIterable {
  case removed = "Removed", isolated = "Isolated", mergedWithPrevious = "MergedWithPrevious", mergedWithNext = "MergedWithNext"
  case contiguous = "Contiguous"

  struct Part {
    var start: Int32
    var end: Int32
    var isMatch: Bool
  }

  /// Turns parts, which cover a piece from begin to end, into pieces.
  func pieces(_ parts: [Part], into pieces: inout [Piece]) {
    let first = pieces.count
    func add(_ part: Part) { if part.end > part.start { pieces.append(Piece(start: part.start, end: part.end)) } }
    switch self {
    case .removed: for part in parts where !part.isMatch { add(part) }
    case .isolated: for part in parts { add(part) }
    case .contiguous, .mergedWithPrevious:
      var wasMatch = false
      for part in parts {
        let joins = self == .contiguous ? part.isMatch == wasMatch : part.isMatch && !wasMatch
        if joins, pieces.count > first { pieces[pieces.count - 1].end = part.end } else { add(part) }
        wasMatch = part.isMatch
      }
    case .mergedWithNext:
      var wasMatch = false
      var reversed: [Piece] = []
      for part in parts.reversed() {
        if part.isMatch, !wasMatch, !reversed.isEmpty {
          reversed[reversed.count - 1].start = part.start
        } else if part.end > part.start {
          reversed.append(Piece(start: part.start, end: part.end))
        }
        wasMatch = part.isMatch
      }
      pieces += reversed.reversed()
    }
  }
}
