/// Finds every duplicate key, where the parser stops at the first: the earlier one is replaced by a word that nobody writes, and the text
/// read again.
struct DuplicateKeys {
  /// The text, with as many characters in every line as before.
  private(set) var text: String
  /// Names by the private-use character that stands in for the earlier key.
  private var names: [Unicode.Scalar: String] = [:]

  init(_ text: String) { self.text = text }

  /// Hides the key `name` at a place.
  /// - Returns: `false` where it is written in another way (escapes, several lines) or there are too many.
  mutating func mask(_ name: String, line: Int, column: Int) -> Bool {
    guard names.count < 100, !name.isEmpty, let stand = Unicode.Scalar(0xE000 + UInt32(names.count)) else { return false }
    var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(Array.init)
    guard line >= 1, line <= lines.count else { return false }
    var start = column - 1
    let scalars = Array(name.unicodeScalars)
    guard start < lines[line - 1].count else { return false }
    if lines[line - 1][start] == "\"" || lines[line - 1][start] == "'" { start += 1 }
    let range = start..<start + scalars.count
    guard range.upperBound <= lines[line - 1].count, Array(lines[line - 1][range]) == scalars else { return false }
    lines[line - 1].replaceSubrange(range, with: repeatElement(stand, count: scalars.count))
    var changed = String.UnicodeScalarView()
    for (index, line) in lines.enumerated() {
      if index > 0 { changed.append("\n") }
      changed.append(contentsOf: line)
    }
    text = String(changed)
    names[stand] = name
    return true
  }

  /// Whether a key stands in for one that was hidden.
  static func isMask(_ key: String) -> Bool { key.unicodeScalars.first.map { (0xE000..<0xE064).contains($0.value) } ?? false }

  /// A problem at each later key, naming the line of the earlier one.
  func problems(in node: DocumentNode) -> [ProjectProblem] {
    switch node.content {
    case .list(let elements): return elements.flatMap(problems)
    case .mapping(let members):
      var found: [ProjectProblem] = []
      for member in members {
        found += problems(in: member.value)
        guard !member.isMerged, let stand = member.key.unicodeScalars.first, let name = names[stand],
          case .file(let line, _) = member.place
        else { continue }
        let later = members.first { other in
          guard case .file(let otherLine, let otherColumn) = other.place, case .file(_, let column) = member.place else { return false }
          let isSame = other.key == name || other.key.unicodeScalars.first.flatMap { names[$0] } == name
          return isSame && (otherLine, otherColumn) > (line, column)
        }
        if let later { found.append(ProjectProblem(later.place, key: name, "duplicate key '\(name)'; it is on line \(line) already")) }
      }
      return found
    default: return []
    }
  }
}
