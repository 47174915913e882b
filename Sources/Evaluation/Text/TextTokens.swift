/// How a text becomes the words that BLEU counts. Scores of different ways cannot be compared.
public enum TextTokenizer: String, Sendable, Hashable, Codable, CaseIterable {
  /// mteval-v13a's, as in the WMT evaluations: what papers report. Punctuation is split off, except within numbers.
  case v13a = "13a"
  /// Every character, for languages without spaces.
  case characters = "char"
  /// The text is split already: at white space.
  case none

  /// The words of a text, in order.
  public func tokens(of text: String, lowercased: Bool = false) -> [String] {
    var text = lowercased ? text.lowercased() : text
    while let last = text.unicodeScalars.last, last.properties.isWhitespace { text.unicodeScalars.removeLast() }
    switch self {
    case .none: return Self.words(text)
    case .characters: return text.unicodeScalars.filter { !$0.properties.isWhitespace }.map { String($0) }
    case .v13a: return Self.words(Self.separated(Self.unescaped(text)))
    }
  }

  private static func words(_ text: String) -> [String] {
    text.unicodeScalars.split { $0.properties.isWhitespace }.map { String($0) }
  }

  private static func unescaped(_ text: String) -> String {
    var text = text.replacing("<skipped>", with: "").replacing("-\n", with: "").replacing("\n", with: " ")
    guard text.contains("&") else { return text }
    for (entity, character) in [("&quot;", "\""), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")] {
      text = text.replacing(entity, with: character)
    }
    return text
  }

  /// Spaces around punctuation, in four passes as the original's four substitutions, so that neighbours are treated as there.
  private static func separated(_ text: String) -> String {
    var scalars = Array((" " + text + " ").unicodeScalars)
    func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
    func isMark(_ scalar: Unicode.Scalar) -> Bool { scalar == "." || scalar == "," }
    scalars = scalars.flatMap { isSymbol($0) ? [" ", $0, " "] : [$0] }
    scalars = pairs(scalars) { first, second in !isDigit(first) && isMark(second) ? [first, " ", second, " "] : nil }
    scalars = pairs(scalars) { first, second in isMark(first) && !isDigit(second) ? [" ", first, " ", second] : nil }
    scalars = pairs(scalars) { first, second in isDigit(first) && second == "-" ? [first, " ", second, " "] : nil }
    var result = String.UnicodeScalarView()
    result.append(contentsOf: scalars)
    return String(result)
  }

  /// ASCII punctuation but for comma, hyphen, full stop and the apostrophe.
  private static func isSymbol(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "{"..."~", "["..."`", " "..."&", "("..."+", ":"..."@", "/": true
    default: false
    }
  }

  /// Replaces pairs of neighbours from left to right; none takes part twice.
  private static func pairs(
    _ scalars: [Unicode.Scalar], _ replacement: (Unicode.Scalar, Unicode.Scalar) -> [Unicode.Scalar]?
  ) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(scalars.count + scalars.count / 4)
    var index = 0
    while index < scalars.count {
      if index + 1 < scalars.count, let both = replacement(scalars[index], scalars[index + 1]) {
        result += both
        index += 2
      } else {
        result.append(scalars[index])
        index += 1
      }
    }
    return result
  }
}

/// How often each run of `order` words occurs.
func runCounts(_ order: Int, of tokens: [String]) -> [ArraySlice<String>: Int] {
  var counts: [ArraySlice<String>: Int] = [:]
  guard order >= 1, tokens.count >= order else { return counts }
  for start in 0...(tokens.count - order) { counts[tokens[start..<(start + order)], default: 0] += 1 }
  return counts
}
