/// What a pattern is made of.
indirect enum PatternNode {
  enum Greed { case greedy, lazy, possessive }
  enum Assertion { case lineStart, lineEnd, textStart, textEnd, textEndOrNewline, wordBoundary, noWordBoundary }
  case empty
  case set(CharacterSet)
  case sequence([PatternNode])
  case alternatives([PatternNode])
  case repetition(PatternNode, Int, Int, Greed)
  case look(PatternNode, ahead: Bool, negated: Bool)
  case atomic(PatternNode)
  case assertion(Assertion)
}

/// Reads the regular expressions that tokenizers use.
///
/// Two dialects differ in what they mean by the same signs: Oniguruma's (in `tokenizer.json`) and that of tiktoken's engine.
struct PatternParser {
  enum Dialect: Sendable { case oniguruma, tiktoken }

  private let text: [UInt32]
  private let whole: String
  private let dialect: Dialect
  private var at = 0
  private var ignoresCase = false
  private var dotTakesNewlines = false
  private var isMultiline: Bool
  private var depth = 0

  static func parse(_ pattern: String, dialect: Dialect) throws(TokenizerError) -> PatternNode {
    var parser = PatternParser(pattern, dialect)
    let node = try parser.alternatives()
    guard parser.at == parser.text.count else { throw parser.fail("has a ')' without a '('") }
    return node
  }

  private init(_ pattern: String, _ dialect: Dialect) {
    text = pattern.unicodeScalars.map(\.value)
    whole = pattern
    self.dialect = dialect
    isMultiline = dialect == .oniguruma
  }

  private func fail(_ problem: String) -> TokenizerError {
    TokenizerError(
      source: "the pattern '\(whole)'", place: "character \(at)", problem: problem,
      expected: "sets, groups, alternatives, repetitions, looking ahead and behind, and anchors")
  }

  private func peek(_ offset: Int = 0) -> UInt32? { at + offset < text.count ? text[at + offset] : nil }
  private func isNext(_ string: String) -> Bool { text[at...].starts(with: string.unicodeScalars.map(\.value)) }
  private mutating func take(_ string: String) -> Bool {
    guard isNext(string) else { return false }
    at += string.unicodeScalars.count
    return true
  }

  private mutating func alternatives() throws(TokenizerError) -> PatternNode {
    depth += 1
    defer { depth -= 1 }
    guard depth < 100 else { throw fail("has groups nested deeper than 100") }
    var branches = [try sequence()]
    while take("|") { branches.append(try sequence()) }
    return branches.count == 1 ? branches[0] : .alternatives(branches)
  }

  private mutating func sequence() throws(TokenizerError) -> PatternNode {
    var nodes: [PatternNode] = []
    while let next = peek(), next != sign("|"), next != sign(")") {
      guard let node = try atom() else { continue }
      nodes.append(try quantified(node))
    }
    return nodes.count == 1 ? nodes[0] : nodes.isEmpty ? .empty : .sequence(nodes)
  }

  private mutating func quantified(_ atom: PatternNode) throws(TokenizerError) -> PatternNode {
    var node = atom
    while let next = peek() {
      var bounds: (Int, Int)
      var isInterval = false
      switch next {
      case sign("*"): bounds = (0, Int.max)
      case sign("+"): bounds = (1, Int.max)
      case sign("?"): bounds = (0, 1)
      case sign("{"):
        guard let interval = try interval() else { return node }
        bounds = interval
        isInterval = true
        at -= 1
      default: return node
      }
      at += 1
      var greed = PatternNode.Greed.greedy
      if take("?") {
        greed = .lazy
      } else if !(isInterval && dialect == .oniguruma), take("+") {
        // After an interval Oniguruma reads a plus as one more repetition.
        greed = .possessive
      }
      node = .repetition(node, bounds.0, bounds.1, greed)
    }
    return node
  }

  /// `{n}`, `{n,}`, `{,m}` or `{n,m}`; anything else stands for itself.
  private mutating func interval() throws(TokenizerError) -> (Int, Int)? {
    let start = at
    at += 1
    func number(_ at: inout Int) -> Int? {
      var value: Int?
      while at < text.count, (48..<58).contains(text[at]), (value ?? 0) < 100_000 {
        value = (value ?? 0) * 10 + Int(text[at] - 48)
        at += 1
      }
      return value
    }
    let low = number(&at)
    var high = low
    if take(",") { high = number(&at) ?? (low == nil ? nil : Int.max) }
    guard take("}"), low != nil || high != nil else {
      at = start
      return nil
    }
    guard low ?? 0 <= 1000, high ?? 0 <= 1000 || high == Int.max, low ?? 0 <= high ?? 0 else {
      throw fail("repeats more than 1000 times or backwards")
    }
    return (low ?? 0, high ?? 0)
  }

  private mutating func atom() throws(TokenizerError) -> PatternNode? {
    guard let next = peek() else { return nil }
    switch next {
    case sign("("): return try group()
    case sign("["): return .set(try bracket())
    case sign("."):
      at += 1
      return .set(dotTakesNewlines ? CharacterSet(0...0x10FFFF) : CharacterSet(0...9, 11...0x10FFFF))
    case sign("^"):
      at += 1
      return .assertion(isMultiline ? .lineStart : .textStart)
    case sign("$"):
      at += 1
      return .assertion(isMultiline ? .lineEnd : .textEnd)
    case sign("\\"): return try escape()
    case sign("*"), sign("+"), sign("?"): throw fail("repeats nothing")
    default:
      if next == sign("{"), let found = try literalInterval() { return found }
      at += 1
      return .set(literal(next))
    }
  }

  private mutating func literalInterval() throws(TokenizerError) -> PatternNode? {
    let start = at
    if try interval() != nil { throw fail("repeats nothing") }
    at = start
    return nil
  }

  /// One character, or, where case does not count, all that fold to the same.
  private func literal(_ scalar: UInt32) -> CharacterSet {
    var set = CharacterSet()
    set.add(scalar...scalar)
    if ignoresCase { for other in PatternParser.cases(of: scalar) { set.add(other...other) } }
    set.finish()
    return set
  }

  static func cases(of scalar: UInt32) -> [UInt32] {
    guard let unicode = Unicode.Scalar(scalar) else { return [] }
    var result: [UInt32] = []
    for text in [unicode.properties.lowercaseMapping, unicode.properties.uppercaseMapping] where text.unicodeScalars.count == 1 {
      result += text.unicodeScalars.map(\.value)
    }
    // The two letters of ASCII to which scalars from elsewhere fold.
    if scalar == sign("s") || scalar == sign("S") { result.append(0x17F) }
    if scalar == sign("k") || scalar == sign("K") { result.append(0x212A) }
    return result
  }

  private mutating func group() throws(TokenizerError) -> PatternNode? {
    let saved = (ignoresCase, dotTakesNewlines, isMultiline)
    func restored(_ node: PatternNode, _ parser: inout PatternParser) throws(TokenizerError) -> PatternNode {
      guard parser.take(")") else { throw parser.fail("has a '(' without a ')'") }
      (parser.ignoresCase, parser.dotTakesNewlines, parser.isMultiline) = saved
      return node
    }
    if take("(?:") { return try restored(try alternatives(), &self) }
    if take("(?=") { return try restored(.look(try alternatives(), ahead: true, negated: false), &self) }
    if take("(?!") { return try restored(.look(try alternatives(), ahead: true, negated: true), &self) }
    if take("(?<=") { return try restored(.look(try alternatives(), ahead: false, negated: false), &self) }
    if take("(?<!") { return try restored(.look(try alternatives(), ahead: false, negated: true), &self) }
    if take("(?>") { return try restored(.atomic(try alternatives()), &self) }
    if take("(?#") {
      while let next = peek(), next != sign(")") { at += next == sign("\\") ? 2 : 1 }
      guard take(")") else { throw fail("has a comment without an end") }
      return nil
    }
    if isNext("(?<") || isNext("(?P<") {
      while let next = peek(), next != sign(">") { at += 1 }
      guard take(">") else { throw fail("has a name without an end") }
      return try restored(try alternatives(), &self)
    }
    guard take("(?") else {
      at += 1
      return try restored(try alternatives(), &self)
    }
    var isOn = true
    while let next = peek(), next != sign(":"), next != sign(")") {
      switch next {
      case sign("-"): isOn = false
      case sign("i"): ignoresCase = isOn
      case sign("m"): if dialect == .oniguruma { dotTakesNewlines = isOn } else { isMultiline = isOn }
      case sign("s") where dialect == .tiktoken: dotTakesNewlines = isOn
      case sign("u") where dialect == .tiktoken: break
      default: throw fail("has a group of a kind that is not known")
      }
      at += 1
    }
    if take(":") { return try restored(try alternatives(), &self) }
    guard take(")") else { throw fail("has a '(' without a ')'") }
    // Options hold to the end of the group around them, alternatives and all.
    let rest = try alternatives()
    (ignoresCase, dotTakesNewlines, isMultiline) = saved
    return rest
  }

  private mutating func escape() throws(TokenizerError) -> PatternNode {
    switch peek(1) {
    case sign("A")?:
      at += 2
      return .assertion(.textStart)
    case sign("z")?:
      at += 2
      return .assertion(.textEnd)
    case sign("Z")?:
      at += 2
      return .assertion(.textEndOrNewline)
    case sign("b")?:
      at += 2
      return .assertion(.wordBoundary)
    case sign("B")?:
      at += 2
      return .assertion(.noWordBoundary)
    case sign("R")? where dialect == .oniguruma:
      at += 2
      return .alternatives([
        .sequence([.set(CharacterSet(13...13)), .set(CharacterSet(10...10))]), .set(CharacterSet(10...13, 0x85...0x85, 0x2028...0x2029)),
      ])
    default:
      let set = try classEscape()
      if case .scalar(let scalar) = set { return .set(literal(scalar)) }
      if case .set(let set) = set { return .set(set) }
      return .empty
    }
  }

  private enum Escaped {
    case scalar(UInt32)
    case set(CharacterSet)
  }

  private mutating func classEscape() throws(TokenizerError) -> Escaped {
    at += 1
    guard let next = peek(), let escaped = Unicode.Scalar(next) else { throw fail("ends in a backslash") }
    at += 1
    let isNewer = dialect == .tiktoken
    switch escaped {
    case "n": return .scalar(10)
    case "r": return .scalar(13)
    case "t": return .scalar(9)
    case "f": return .scalar(12)
    case "v": return .scalar(11)
    case "a": return .scalar(7)
    case "e": return .scalar(27)
    case "0": return .scalar(0)
    case "s": return .set(CharacterSet(flags: isNewer ? .newerSpace : .space))
    case "S": return .set(CharacterSet(flags: isNewer ? .newerSpace : .space, negated: true))
    case "w": return .set(CharacterSet(flags: isNewer ? .rustWord : .word))
    case "W": return .set(CharacterSet(flags: isNewer ? .rustWord : .word, negated: true))
    case "d": return .set(CharacterSet(flags: .decimal))
    case "D": return .set(CharacterSet(flags: .decimal, negated: true))
    case "h" where dialect == .oniguruma: return .set(CharacterSet(0x30...0x39, 0x41...0x46, 0x61...0x66))
    case "p", "P": return .set(try property(negated: escaped == "P"))
    case "x", "u": return .scalar(try hexadecimal(escaped))
    case "1"..."9", "k", "g", "X", "G", "K", "N", "O", "y", "Y": throw fail("has the escape '\\\(escaped)', which is not known here")
    default: return .scalar(next)
    }
  }

  private mutating func hexadecimal(_ kind: Unicode.Scalar) throws(TokenizerError) -> UInt32 {
    var digits = ""
    if take("{") {
      while let next = peek(), next != sign("}"), digits.count < 9 {
        digits.unicodeScalars.append(Unicode.Scalar(next) ?? "?")
        at += 1
      }
      guard take("}") else { throw fail("has a code without an end") }
    } else {
      while digits.count < (kind == "u" ? 4 : 2), let next = peek(), let unicode = Unicode.Scalar(next), unicode.properties.isASCIIHexDigit
      {
        digits.unicodeScalars.append(unicode)
        at += 1
      }
    }
    guard let value = UInt32(digits, radix: 16), value < 0x110000 else { throw fail("has a code that is no character") }
    return value
  }

  private mutating func property(negated: Bool) throws(TokenizerError) -> CharacterSet {
    var name = ""
    var isNegated = negated
    if take("{") {
      if take("^") { isNegated.toggle() }
      while let next = peek(), next != sign("}") {
        name.unicodeScalars.append(Unicode.Scalar(next) ?? "?")
        at += 1
      }
      guard take("}") else { throw fail("has a property without an end") }
    } else if let next = peek(), let letter = Unicode.Scalar(next) {
      name.unicodeScalars.append(letter)
      at += 1
    }
    let isNewer = dialect == .tiktoken
    let key = name.lowercased().filter { $0 != "_" && $0 != " " && $0 != "-" }
    let flags: UnicodeFlags
    switch key.hasPrefix("script=") ? String(key.dropFirst(7)) : key.hasPrefix("sc=") ? String(key.dropFirst(3)) : key {
    case "l", "letter": flags = isNewer ? .newerLetter : .letter
    case "alpha", "alphabetic": flags = isNewer ? .newerLetter : .letter
    case "n", "number": flags = isNewer ? .newerNumber : .number
    case "m", "mark": flags = isNewer ? .newerMark : .mark
    case "lu", "uppercaseletter": flags = isNewer ? .newerUpper : .upper
    case "ll", "lowercaseletter": flags = isNewer ? .newerLower : .lower
    case "lt", "titlecaseletter": flags = .title
    case "lm", "modifierletter": flags = .modifier
    case "lo", "otherletter": flags = .otherLetter
    case "nd", "decimalnumber", "digit": flags = .decimal
    case "p", "punct", "punctuation": flags = .punctuation
    case "s", "symbol": flags = .symbol
    case "z", "separator": flags = .separator
    case "cc", "control", "cntrl": flags = .control
    case "han": flags = .han
    case "hiragana": flags = .hiragana
    case "katakana": flags = .katakana
    case "hangul": flags = .hangul
    case "space", "whitespace": flags = isNewer ? .newerSpace : .space
    case "word": flags = isNewer ? .rustWord : .word
    default: throw fail("has the property '\(name)', which is not known here")
    }
    return CharacterSet(flags: flags, negated: isNegated)
  }

  private mutating func bracket() throws(TokenizerError) -> CharacterSet {
    depth += 1
    defer { depth -= 1 }
    guard depth < 100 else { throw fail("has sets nested deeper than 100") }
    at += 1
    let isNegated = take("^")
    var set = CharacterSet()
    var isFirst = true
    while true {
      guard let next = peek() else { throw fail("has a '[' without a ']'") }
      if next == sign("]"), !isFirst { break }
      isFirst = false
      if take("&&") {
        var other = CharacterSet()
        try members(into: &other)
        other.finish()
        set.intersect(other)
        continue
      }
      try member(into: &set)
    }
    at += 1
    if isNegated {
      // The negation is of the whole, intersections and all.
      set.finish()
      var outer = CharacterSet()
      outer.add(set)
      outer.negate()
      set = outer
    }
    set.finish()
    return set
  }

  private mutating func members(into set: inout CharacterSet) throws(TokenizerError) {
    while let next = peek(), next != sign("]"), !isNext("&&") { try member(into: &set) }
  }

  private mutating func member(into set: inout CharacterSet) throws(TokenizerError) {
    guard let next = peek() else { throw fail("has a '[' without a ']'") }
    if isNext("[:"), let end = text[at...].firstIndex(of: sign(":"), after: at + 2), end + 1 < text.count, text[end + 1] == sign("]") {
      let name = String(String.UnicodeScalarView(text[at + 2..<end].compactMap(Unicode.Scalar.init)))
      at = end + 2
      let isNegated = name.hasPrefix("^")
      var inner = PatternParser("{\(isNegated ? String(name.dropFirst()) : name)}", dialect)
      set.add(try inner.property(negated: isNegated))
      return
    }
    if next == sign("[") { return set.add(try bracket()) }
    var low = next
    if next == sign("\\") {
      if peek(1) == sign("b") {
        at += 2
        low = 8
      } else {
        switch try classEscape() {
        case .set(let found): return set.add(found)
        case .scalar(let scalar): low = scalar
        }
      }
    } else {
      at += 1
    }
    var high = low
    if peek() == sign("-"), let after = peek(1), after != sign("]"), after != sign("[") {
      let saved = at
      at += 1
      if after == sign("\\") {
        if case .scalar(let scalar) = try classEscape() {
          high = scalar
        } else {
          at = saved
        }
      } else {
        high = after
        at += 1
      }
    }
    guard low <= high else { throw fail("has a range that runs backwards") }
    set.add(low...high)
    if ignoresCase, high - low < 1000 {
      for scalar in low...high { for other in PatternParser.cases(of: scalar) { set.add(other...other) } }
    }
  }
}

@inline(__always)
private func sign(_ scalar: Unicode.Scalar) -> UInt32 { scalar.value }

extension ArraySlice<UInt32> {
  fileprivate func firstIndex(of value: UInt32, after start: Int) -> Int? { start < endIndex ? self[start...].firstIndex(of: value) : nil }
}
