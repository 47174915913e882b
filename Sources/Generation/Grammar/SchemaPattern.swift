/// A reader of the regular expressions that can be written along: texts, classes, groups, alternatives, repetitions, and `^` and `$` at
/// the ends.
///
/// Characters come out as they stand in a JSON string.
struct PatternReader {
  typealias Expression = Grammar.Builder.Expression

  private let scalars: [Unicode.Scalar]
  private var place = 0
  private var depth = 0

  init(_ pattern: String) { scalars = Array(pattern.unicodeScalars) }

  private var next: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

  private func error(_ problem: String, expected: String? = nil) -> GrammarError {
    GrammarError(.syntax, "\(problem) at character \(place + 1)", expected: expected)
  }

  /// The whole pattern; without `^` or `$` anything may stand before or behind.
  mutating func expression() throws(GrammarError) -> Expression {
    let anything = Expression.times(SchemaStrings.encoded([0...0x10FFFF]), from: 0, to: nil)
    var parts: [Expression] = []
    let isAnchored = next == "^"
    if isAnchored { place += 1 }
    let inner = try alternatives()
    var endsAnchored = false
    if next == "$" {
      endsAnchored = true
      place += 1
    }
    guard place == scalars.count else { throw error("an unexpected '\(scalars[place])'") }
    // An anchor binds to its alternative only: ^a|b$ says something else than it seems to.
    if case .choice = inner, (isAnchored || endsAnchored), hasBareBar { throw error("'|' beside '^' or '$'", expected: "^(a|b)$") }
    if !isAnchored { parts.append(anything) }
    parts.append(inner)
    if !endsAnchored { parts.append(anything) }
    return .sequence(parts)
  }

  private var hasBareBar: Bool {
    var level = 0
    var index = 0
    var inClass = false
    while index < scalars.count {
      switch scalars[index] {
      case "\\": index += 1
      case "[": inClass = true
      case "]": inClass = false
      case "(" where !inClass: level += 1
      case ")" where !inClass: level -= 1
      case "|" where !inClass && level == 0: return true
      default: break
      }
      index += 1
    }
    return false
  }

  private mutating func alternatives() throws(GrammarError) -> Expression {
    guard depth < 32 else { throw error("groups nest more than 32 deep") }
    depth += 1
    defer { depth -= 1 }
    var parts = [try sequence()]
    while next == "|" {
      place += 1
      parts.append(try sequence())
    }
    return parts.count == 1 ? parts[0] : .choice(parts)
  }

  private mutating func sequence() throws(GrammarError) -> Expression {
    var parts: [Expression] = []
    while let scalar = next, scalar != "|", scalar != ")", !(scalar == "$" && place == scalars.count - 1) {
      parts.append(try repeated(try atom(scalar)))
    }
    return parts.count == 1 ? parts[0] : .sequence(parts)
  }

  private mutating func atom(_ scalar: Unicode.Scalar) throws(GrammarError) -> Expression {
    place += 1
    switch scalar {
    case "(":
      if next == "?" {
        guard place + 1 < scalars.count, scalars[place + 1] == ":" else { throw error("a group that looks around or has a name") }
        place += 2
      }
      let inner = try alternatives()
      guard next == ")" else { throw error("a group does not end") }
      place += 1
      return inner
    case "[": return SchemaStrings.encoded(try characters())
    case ".": return SchemaStrings.encoded(GrammarCharacters.complement([0x0A...0x0A, 0x0D...0x0D]))
    case "\\": return SchemaStrings.encoded(try escape())
    case "^", "$", "*", "+", "?", "{": throw error("'\(scalar)' where it means nothing")
    default: return SchemaStrings.encoded([scalar.value...scalar.value])
    }
  }

  private static let classes: [Unicode.Scalar: [ClosedRange<UInt32>]] = [
    "d": [0x30...0x39], "w": [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A],
    "s": [0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x2028...0x2029, 0xFEFF...0xFEFF],
  ]

  private mutating func escape() throws(GrammarError) -> [ClosedRange<UInt32>] {
    guard let letter = next else { throw error("the pattern ends in an escape") }
    place += 1
    if let set = Self.classes[letter] { return set }
    switch letter {
    case "D", "W", "S":
      let lower = Unicode.Scalar(UInt8(truncatingIfNeeded: letter.value + 32))
      return GrammarCharacters.complement(Self.classes[lower] ?? [])
    case "n": return [0x0A...0x0A]
    case "r": return [0x0D...0x0D]
    case "t": return [0x09...0x09]
    case "f": return [0x0C...0x0C]
    case "u", "x":
      let width = letter == "u" ? 4 : 2
      guard place + width <= scalars.count, let value = UInt32(String(String.UnicodeScalarView(scalars[place..<place + width])), radix: 16),
        Unicode.Scalar(value) != nil
      else { throw error("an escape that is no character") }
      place += width
      return [value...value]
    default:
      guard !Character(letter).isLetter, !Character(letter).isNumber else { throw error("the escape '\\\(letter)' is not known here") }
      return [letter.value...letter.value]
    }
  }

  private mutating func characters() throws(GrammarError) -> [ClosedRange<UInt32>] {
    let isNegated = next == "^"
    if isNegated { place += 1 }
    var ranges: [ClosedRange<UInt32>] = []
    while let scalar = next, scalar != "]" {
      place += 1
      let part: [ClosedRange<UInt32>] = scalar == "\\" ? try escape() : [scalar.value...scalar.value]
      guard next == "-", place + 1 < scalars.count, scalars[place + 1] != "]", part.count == 1, part[0].count == 1 else {
        ranges += part
        continue
      }
      place += 1
      guard let end = next else { break }
      place += 1
      let last = end == "\\" ? try escape() : [end.value...end.value]
      guard last.count == 1, last[0].count == 1, part[0].lowerBound <= last[0].lowerBound else {
        throw error("a range that runs backwards")
      }
      ranges.append(part[0].lowerBound...last[0].lowerBound)
    }
    guard next == "]" else { throw error("a class of characters does not end") }
    place += 1
    let all = isNegated ? GrammarCharacters.complement(ranges) : ranges
    guard !all.isEmpty else { throw error("an empty class of characters") }
    return all
  }

  private mutating func repeated(_ start: Expression) throws(GrammarError) -> Expression {
    var result = start
    while let scalar = next {
      switch scalar {
      case "*": result = .times(result, from: 0, to: nil)
      case "+": result = .times(result, from: 1, to: nil)
      case "?": result = .times(result, from: 0, to: 1)
      case "{":
        place += 1
        let from = try number() ?? 0
        var to: Int? = from
        if next == "," {
          place += 1
          to = try number()
        }
        guard next == "}" else { throw error("a repetition does not end") }
        guard to.map({ $0 >= from }) ?? true else { throw error("at least \(from) and at most \(to ?? 0) times") }
        result = .times(result, from: from, to: to)
      default: return result
      }
      place += 1
      // A lazy repetition reads the same texts.
      if next == "?" { place += 1 }
    }
    return result
  }

  private mutating func number() throws(GrammarError) -> Int? {
    var value: Int?
    while let scalar = next, "0"..."9" ~= scalar {
      value = (value ?? 0) * 10 + Int(scalar.value - 48)
      guard value.map({ $0 <= 10_000 }) ?? true else { throw error("a repetition of more than 10,000") }
      place += 1
    }
    return value
  }
}
