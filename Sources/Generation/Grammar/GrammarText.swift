extension Grammar {
  /// Reads a grammar in the notation of llama.cpp's GBNF: rules `name ::= …` of texts in quotes, character classes, names, brackets,
  /// `|`, `* + ?`, `{m}`, `{m,}`, `{m,n}` and `.`; `#` begins a comment.
  /// - Parameter root: the rule that the whole text is.
  /// - Throws: `GrammarError` with the line where the text is no grammar.
  public init(_ text: String, root: String = "root") throws(GrammarError) {
    var reader = GrammarReader(text)
    self = try reader.grammar(root: root)
  }
}

/// A reader of GBNF.
struct GrammarReader {
  typealias Expression = Grammar.Builder.Expression

  private let scalars: [Unicode.Scalar]
  private var place = 0
  private var depth = 0
  private var builder = Grammar.Builder()
  private var rules: [String: Int] = [:]
  private var defined: Set<String> = []

  init(_ text: String) { scalars = Array(text.unicodeScalars) }

  private var next: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

  private func error(_ problem: String, expected: String? = nil) -> GrammarError {
    let line = scalars.prefix(place).count { $0 == "\n" } + 1
    return GrammarError(.syntax, "grammar, line \(line): \(problem)", expected: expected)
  }

  private mutating func skip(lines: Bool) {
    while let scalar = next {
      if scalar == "#" {
        while let scalar = next, scalar != "\n" {
          _ = scalar
          place += 1
        }
      } else if scalar == " " || scalar == "\t" || (lines && (scalar == "\n" || scalar == "\r")) {
        place += 1
      } else {
        return
      }
    }
  }

  private mutating func take(_ text: String) -> Bool {
    let wanted = Array(text.unicodeScalars)
    guard place + wanted.count <= scalars.count, Array(scalars[place..<place + wanted.count]) == wanted else { return false }
    place += wanted.count
    return true
  }

  private static func isName(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isASCII && (Character(scalar).isLetter || Character(scalar).isNumber || scalar == "-" || scalar == "_")
  }

  private mutating func name() throws(GrammarError) -> String {
    let start = place
    while let scalar = next, Self.isName(scalar) {
      _ = scalar
      place += 1
    }
    guard place > start else { throw error("no rule's name") }
    return String(String.UnicodeScalarView(scalars[start..<place]))
  }

  private mutating func rule(_ name: String) -> Int {
    if let rule = rules[name] { return rule }
    let rule = builder.reserve()
    rules[name] = rule
    return rule
  }

  mutating func grammar(root: String) throws(GrammarError) -> Grammar {
    skip(lines: true)
    while next != nil {
      let name = try name()
      skip(lines: false)
      guard take("::=") else { throw error("no '::=' after '\(name)'") }
      guard defined.insert(name).inserted else { throw error("the rule '\(name)' is defined twice") }
      let rule = rule(name)
      try builder.define(rule, as: try alternatives(nested: false))
      skip(lines: true)
    }
    if let missing = rules.keys.sorted().first(where: { !defined.contains($0) }) {
      throw GrammarError(.syntax, "the rule '\(missing)' is used and never defined")
    }
    guard let place = rules[root] else { throw GrammarError(.syntax, "there is no rule '\(root)'", expected: "a rule for the whole text") }
    return try builder.finish(root: place)
  }

  private mutating func alternatives(nested: Bool) throws(GrammarError) -> Expression {
    guard depth < 64 else { throw error("brackets nest more than 64 deep") }
    depth += 1
    defer { depth -= 1 }
    var parts = [try sequence(nested: nested)]
    skip(lines: nested)
    while take("|") {
      parts.append(try sequence(nested: nested))
      skip(lines: nested)
    }
    return parts.count == 1 ? parts[0] : .choice(parts)
  }

  private mutating func sequence(nested: Bool) throws(GrammarError) -> Expression {
    var parts: [Expression] = []
    // After a bar an alternative may go on in the next line.
    skip(lines: true)
    while let scalar = next, scalar != "|", scalar != ")", scalar != "\n", scalar != "\r" {
      let before = place
      if !nested, Self.isName(scalar) {
        // A name that '::=' follows begins the next rule.
        _ = try name()
        skip(lines: false)
        let begins = take("::=")
        place = before
        if begins { break }
      }
      parts.append(try repeated(try item()))
      skip(lines: nested)
    }
    return parts.count == 1 ? parts[0] : .sequence(parts)
  }

  private mutating func item() throws(GrammarError) -> Expression {
    switch next {
    case "\"":
      place += 1
      var text = String.UnicodeScalarView()
      while let scalar = next, scalar != "\"" { text.append(try character(scalar)) }
      guard take("\"") else { throw error("a text does not end") }
      return .text(String(text))
    case "[": return try characters()
    case "(":
      place += 1
      let inner = try alternatives(nested: true)
      skip(lines: true)
      guard take(")") else { throw error("a bracket does not end") }
      return inner
    case ".":
      place += 1
      return GrammarCharacters.utf8([0...0x10FFFF])
    default:
      let name = try name()
      return .rule(rule(name))
    }
  }

  private mutating func character(_ scalar: Unicode.Scalar) throws(GrammarError) -> Unicode.Scalar {
    place += 1
    guard scalar == "\\" else { return scalar }
    guard let letter = next else { throw error("the text ends in an escape") }
    place += 1
    switch letter {
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "x", "u", "U":
      let width = letter == "x" ? 2 : letter == "u" ? 4 : 8
      guard place + width <= scalars.count, let value = UInt32(String(String.UnicodeScalarView(scalars[place..<place + width])), radix: 16),
        let result = Unicode.Scalar(value)
      else { throw error("an escape that is no character") }
      place += width
      return result
    case "\\", "\"", "[", "]", "-", "^": return letter
    default: throw error("the escape '\\\(letter)' is unknown")
    }
  }

  private mutating func characters() throws(GrammarError) -> Expression {
    place += 1
    let isNegated = take("^")
    var ranges: [ClosedRange<UInt32>] = []
    while let scalar = next, scalar != "]" {
      let low = try character(scalar)
      var high = low
      if next == "-", place + 1 < scalars.count, scalars[place + 1] != "]" {
        place += 1
        guard let end = next else { break }
        high = try character(end)
      }
      guard low <= high else { throw error("a range that runs backwards") }
      ranges.append(low.value...high.value)
    }
    guard take("]") else { throw error("a class of characters does not end") }
    let all = isNegated ? GrammarCharacters.complement(ranges) : ranges
    guard !all.isEmpty else { throw error("an empty class of characters") }
    return GrammarCharacters.utf8(all)
  }

  private mutating func repeated(_ start: Expression) throws(GrammarError) -> Expression {
    var result = start
    while true {
      if take("*") {
        result = .times(result, from: 0, to: nil)
      } else if take("+") {
        result = .times(result, from: 1, to: nil)
      } else if take("?") {
        result = .times(result, from: 0, to: 1)
      } else if take("{") {
        let from = try number() ?? 0
        let to = take(",") ? try number() : from
        guard take("}") else { throw error("a repetition does not end") }
        guard to.map({ $0 >= from }) ?? true else { throw error("at least \(from) and at most \(to ?? 0) times") }
        result = .times(result, from: from, to: to)
      } else {
        return result
      }
    }
  }

  private mutating func number() throws(GrammarError) -> Int? {
    var value: Int?
    while let scalar = next, "0"..."9" ~= scalar {
      value = (value ?? 0) * 10 + Int(scalar.value - 48)
      guard value.map({ $0 <= 100_000 }) ?? true else { throw error("a repetition of more than 100,000") }
      place += 1
    }
    return value
  }
}
