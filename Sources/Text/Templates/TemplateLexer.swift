/// Cuts a template's text into pieces, as Jinja does with `trim_blocks` and `lstrip_blocks`: the newline after a statement goes, and so
/// does the indentation before one.
struct TemplateLexer {
  enum Token: Equatable {
    case text(String)
    case openStatement, closeStatement, openOutput, closeOutput
    case name(String)
    case string(String)
    case integer(Int)
    case float(Double)
    case sign(String)
    case end
  }

  struct Located {
    var token: Token
    var line: Int
  }

  private let source: [Unicode.Scalar]
  private var place = 0
  private var line = 1
  private var tokens: [Located] = []
  /// Whether what was read last ended a line, so that indentation may follow.
  private var startsLine = true

  static func tokens(_ text: String) throws -> [Located] {
    // Every kind of line end counts as one, and the template's last one does not belong to it.
    var source: [Unicode.Scalar] = []
    source.reserveCapacity(text.utf8.count)
    var afterReturn = false
    for scalar in text.unicodeScalars {
      if scalar == "\n", afterReturn {
        afterReturn = false
        continue
      }
      afterReturn = scalar == "\r"
      source.append(afterReturn ? "\n" : scalar)
    }
    if source.last == "\n" { source.removeLast() }
    var lexer = TemplateLexer(source: source)
    try lexer.run()
    return lexer.tokens
  }

  private init(source: [Unicode.Scalar]) { self.source = source }

  private func at(_ offset: Int) -> Unicode.Scalar? { place + offset < source.count ? source[place + offset] : nil }

  private mutating func add(_ token: Token) { tokens.append(Located(token: token, line: line)) }

  private mutating func advance(_ count: Int) {
    for _ in 0..<count {
      if source[place] == "\n" { line += 1 }
      place += 1
    }
  }

  private mutating func skipSpace() { while let next = at(0), PythonText.isSpace(next) { advance(1) } }

  private func error(_ message: String) -> TemplateError { TemplateError(.syntax, message, line: line) }

  private mutating func run() throws {
    while place < source.count {
      let start = place
      while place < source.count, !(source[place] == "{" && ["{", "%", "#"].contains(at(1) ?? " ")) { place += 1 }
      let text = source[start..<place]
      place = start
      guard start + text.count < source.count else {
        addText(text)
        advance(text.count)
        break
      }
      let kind = source[start + text.count + 1]
      let sign = start + text.count + 2 < source.count ? source[start + text.count + 2] : " "
      addText(strip(text, kind: kind, sign: sign))
      advance(text.count + 2)
      if sign == "-" || sign == "+" { advance(1) }
      switch kind {
      case "#": try comment()
      case "%": if try !raw() { try code(closing: "%", .openStatement, .closeStatement) }
      default: try code(closing: "}", .openOutput, .closeOutput)
      }
    }
    add(.end)
  }

  private mutating func addText(_ text: ArraySlice<Unicode.Scalar>) {
    guard !text.isEmpty else { return }
    var result = String.UnicodeScalarView()
    result.append(contentsOf: text)
    add(.text(String(result)))
  }

  /// The text before a tag, less what the tag takes away.
  private func strip(_ text: ArraySlice<Unicode.Scalar>, kind: Unicode.Scalar, sign: Unicode.Scalar) -> ArraySlice<Unicode.Scalar> {
    if sign == "-" { return text.prefix((text.lastIndex { !PythonText.isSpace($0) } ?? text.startIndex - 1) + 1 - text.startIndex) }
    guard sign != "+", kind != "{" else { return text }
    let newline = text.lastIndex(of: "\n")
    guard newline != nil || startsLine else { return text }
    let lineStart = newline.map { $0 + 1 } ?? text.startIndex
    return text[lineStart...].allSatisfy(PythonText.isSpace) ? text[..<lineStart] : text
  }

  /// Reads `-%}` and the like: what follows a closing tag and goes with it.
  private mutating func finish(sign: Unicode.Scalar?, width: Int, trims: Bool) {
    let start = place
    advance(width)
    if sign == "-" {
      skipSpace()
    } else if sign == nil, trims, at(0) == "\n" {
      advance(1)
    }
    startsLine = place > start && source[place - 1] == "\n"
  }

  private mutating func comment() throws {
    while place < source.count {
      if at(0) == "#", at(1) == "}" { return finish(sign: nil, width: 2, trims: true) }
      if at(0) == "-" || at(0) == "+", at(1) == "#", at(2) == "}" { return finish(sign: at(0), width: 3, trims: true) }
      advance(1)
    }
    throw error("a comment does not end")
  }

  private func matches(_ word: String, from offset: Int) -> Int? {
    var index = place + offset
    while index < source.count, PythonText.isSpace(source[index]) { index += 1 }
    for scalar in word.unicodeScalars {
      guard index < source.count, source[index] == scalar else { return nil }
      index += 1
    }
    while index < source.count, PythonText.isSpace(source[index]) { index += 1 }
    return index - place
  }

  /// `raw` blocks are text as it stands.
  private mutating func raw() throws -> Bool {
    guard let width = matches("raw", from: 0) else { return false }
    let next = at(width)
    if next == "-", at(width + 1) == "%", at(width + 2) == "}" {
      finish(sign: "-", width: width + 3, trims: false)
    } else if next == "%", at(width + 1) == "}" {
      finish(sign: nil, width: width + 2, trims: false)
    } else {
      return false
    }
    let start = place
    while place < source.count {
      if at(0) == "{", at(1) == "%" {
        let sign = at(2) ?? " "
        let offset = sign == "-" || sign == "+" ? 3 : 2
        if let width = matches("endraw", from: offset) {
          let ending = at(width) ?? " "
          let isSigned = ending == "-" || ending == "+"
          let tail = isSigned ? 1 : 0
          if at(width + tail) == "%", at(width + tail + 1) == "}" {
            addText(strip(source[start..<place], kind: "%", sign: sign))
            finish(sign: isSigned ? ending : nil, width: width + tail + 2, trims: true)
            return true
          }
        }
      }
      advance(1)
    }
    throw error("a raw block does not end")
  }

  private static let signs = [
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";",
  ]

  private mutating func code(closing: Unicode.Scalar, _ open: Token, _ close: Token) throws {
    add(open)
    var brackets: [String] = []
    while true {
      skipSpace()
      guard let next = at(0) else { throw error("a tag does not end") }
      if brackets.isEmpty {
        if next == closing, at(1) == "}" {
          add(close)
          return finish(sign: nil, width: 2, trims: closing == "%")
        }
        if next == "-" || (next == "+" && closing == "%"), at(1) == closing, at(2) == "}" {
          add(close)
          return finish(sign: next, width: 3, trims: closing == "%")
        }
      }
      if PythonText.isWordStart(next) {
        var name = String.UnicodeScalarView()
        while let scalar = at(0), PythonText.isWord(scalar) {
          name.append(scalar)
          advance(1)
        }
        add(.name(String(name)))
      } else if "0"..."9" ~= next {
        try number()
      } else if next == "'" || next == "\"" {
        try string(next)
      } else {
        let sign = Self.signs.first { sign in sign.unicodeScalars.enumerated().allSatisfy { at($0) == $1 } }
        guard let sign else { throw error("an unexpected character \(PythonText.quoted(String(Character(next))))") }
        switch sign {
        case "(", "[", "{": brackets.append(sign == "(" ? ")" : sign == "[" ? "]" : "}")
        case ")", "]", "}":
          guard brackets.popLast() == sign else { throw error("an unexpected '\(sign)'") }
        default: break
        }
        add(.sign(sign))
        advance(sign.utf8.count)
      }
    }
  }

  private mutating func number() throws {
    var digits = ""
    func isDigit(_ scalar: Unicode.Scalar?) -> Bool { scalar.map { "0"..."9" ~= $0 } ?? false }
    if at(0) == "0", let letter = at(1), let radix = ["x": 16, "X": 16, "o": 8, "O": 8, "b": 2, "B": 2][letter] {
      advance(2)
      while let scalar = at(0), scalar == "_" || Character(scalar).isHexDigit {
        if scalar != "_" { digits.unicodeScalars.append(scalar) }
        advance(1)
      }
      guard let value = Int(digits, radix: radix) else { throw error("a number that cannot be read") }
      return add(.integer(value))
    }
    // A point after a point is an item's number, not a fraction.
    var afterPoint = false
    if case .sign(".")? = tokens.last?.token { afterPoint = true }
    func take() {
      while let scalar = at(0), isDigit(scalar) || (scalar == "_" && isDigit(at(1))) {
        if scalar != "_" { digits.unicodeScalars.append(scalar) }
        place += 1
      }
    }
    take()
    var isFloat = false
    if !afterPoint, at(0) == ".", isDigit(at(1)) {
      isFloat = true
      digits += "."
      place += 1
      take()
    }
    if !afterPoint, at(0) == "e" || at(0) == "E" {
      let signed = at(1) == "+" || at(1) == "-"
      if isDigit(at(signed ? 2 : 1)) {
        isFloat = true
        digits += "e"
        if signed, let sign = at(1) { digits.unicodeScalars.append(sign) }
        place += signed ? 2 : 1
        take()
      }
    }
    if isFloat {
      guard let value = Double(digits) else { throw error("a number that cannot be read") }
      return add(.float(value))
    }
    guard let value = Int(digits), value == 0 || !digits.hasPrefix("0") else {
      throw error("the number \(digits.prefix(40)) cannot be read")
    }
    add(.integer(value))
  }

  private mutating func string(_ quote: Unicode.Scalar) throws {
    advance(1)
    var text = String.UnicodeScalarView()
    while let scalar = at(0), scalar != quote {
      advance(1)
      guard scalar == "\\" else {
        text.append(scalar)
        continue
      }
      guard let escaped = at(0) else { break }
      advance(1)
      try escape(escaped, into: &text)
    }
    guard at(0) == quote else { throw error("a string does not end") }
    advance(1)
    add(.string(String(text)))
  }

  /// Python's escapes; an unknown one stays as it is written.
  private mutating func escape(_ letter: Unicode.Scalar, into text: inout String.UnicodeScalarView) throws {
    let plain: [Unicode.Scalar: Unicode.Scalar] = [
      "n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", "\"": "\"", "a": "\u{7}", "b": "\u{8}", "f": "\u{C}", "v": "\u{B}",
    ]
    if let scalar = plain[letter] { return text.append(scalar) }
    if letter == "\n" { return }
    if let width = ["x": 2, "u": 4, "U": 8][letter] {
      var value: UInt32 = 0
      for _ in 0..<width {
        guard let digit = at(0), let number = Character(digit).hexDigitValue, value < 1 << 28 else { throw error("an escape is cut short") }
        value = value << 4 | UInt32(number)
        advance(1)
      }
      guard let scalar = Unicode.Scalar(value) else { throw error("an escape that is no character") }
      return text.append(scalar)
    }
    if "0"..."7" ~= letter {
      var value = letter.value - 48
      var count = 1
      while count < 3, let digit = at(0), "0"..."7" ~= digit {
        value = value << 3 | (digit.value - 48)
        advance(1)
        count += 1
      }
      return text.append(Unicode.Scalar(value) ?? "\u{FFFD}")
    }
    text.append("\\")
    text.append(letter)
  }
}
