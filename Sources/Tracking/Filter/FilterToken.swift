/// A piece of a filter.
enum FilterToken: Hashable {
  /// A name, its parts as they were written: `tags.mlflow.user`, `` tags.`a b` ``; `isQuoted` where all of it stood in double quotes.
  case name(String, isQuoted: Bool)
  case text(String)
  case number(Double, text: String)
  case symbol(String)

  /// The name as a keyword: `AND`.
  var keyword: String? { if case .name(let text, isQuoted: false) = self { text.uppercased() } else { nil } }

  var shown: String {
    switch self {
    case .name(let text, _): text
    case .text(let text): "'\(excerpt(text))'"
    case .number(_, let text): text
    case .symbol(let text): text
    }
  }
}

/// Cuts a filter into tokens. Nothing of the text is ever part of an SQL statement.
struct FilterLexer {
  /// The longest filter that is read, in bytes.
  static let longest = 16_384

  private let text: [UInt8]
  private var offset = 0

  static func tokens(of filter: String) throws(TrackingError) -> [FilterToken] {
    guard filter.utf8.count <= longest else {
      throw TrackingError(.invalid, "the filter has \(filter.utf8.count) bytes", expected: "at most \(longest)")
    }
    var lexer = FilterLexer(text: Array(filter.utf8))
    var found: [FilterToken] = []
    while let token = try lexer.next() { found.append(token) }
    return found
  }

  private init(text: [UInt8]) { self.text = text }

  private mutating func next() throws(TrackingError) -> FilterToken? {
    while offset < text.count, [0x20, 0x09, 0x0A, 0x0D].contains(text[offset]) { offset += 1 }
    guard offset < text.count else { return nil }
    let byte = text[offset]
    switch byte {
    case UInt8(ascii: "'"): return .text(try quoted(by: byte))
    case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ","):
      offset += 1
      return .symbol(String(UnicodeScalar(byte)))
    case UInt8(ascii: "="), UInt8(ascii: "!"), UInt8(ascii: "<"), UInt8(ascii: ">"): return try comparator()
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."): return try number()
    case _ where Self.isNameByte(byte) || byte == UInt8(ascii: "`") || byte == UInt8(ascii: "\""): return try name()
    default: throw unexpected()
    }
  }

  private func unexpected() -> TrackingError {
    let rest = String(decoding: text[offset...].prefix(20), as: UTF8.self)
    return TrackingError(
      .invalid, "the filter cannot be read at '\(excerpt(rest))'",
      expected: "comparisons joined by AND: metrics.loss < 0.1 AND tags.team = 'red'")
  }

  private mutating func comparator() throws(TrackingError) -> FilterToken {
    for symbol in ["!=", ">=", "<=", "=", ">", "<"] where text[offset...].starts(with: symbol.utf8) {
      offset += symbol.utf8.count
      return .symbol(symbol)
    }
    throw unexpected()
  }

  /// What stands between two quotes; a doubled quote inside is one.
  private mutating func quoted(by quote: UInt8) throws(TrackingError) -> String {
    let start = offset
    offset += 1
    var bytes: [UInt8] = []
    while offset < text.count {
      let byte = text[offset]
      offset += 1
      if byte != quote {
        bytes.append(byte)
      } else if offset < text.count, text[offset] == quote {
        bytes.append(byte)
        offset += 1
      } else {
        return String(decoding: bytes, as: UTF8.self)
      }
    }
    offset = start
    throw TrackingError(
      .invalid, "a quote of the filter is not closed: '\(excerpt(String(decoding: text[start...].prefix(40), as: UTF8.self)))'")
  }

  private mutating func number() throws(TrackingError) -> FilterToken {
    let start = offset
    if [UInt8(ascii: "-"), UInt8(ascii: "+")].contains(text[offset]) { offset += 1 }
    while offset < text.count {
      let isExponentSign =
        [UInt8(ascii: "-"), UInt8(ascii: "+")].contains(text[offset]) && [UInt8(ascii: "e"), UInt8(ascii: "E")].contains(text[offset - 1])
      guard Self.isNameByte(text[offset]) && text[offset] != UInt8(ascii: "-") || isExponentSign else { break }
      offset += 1
    }
    let word = String(decoding: text[start..<offset], as: UTF8.self)
    guard word.utf8.allSatisfy({ "0123456789.eE+-".utf8.contains($0) }), let value = Double(word), value.isFinite else {
      offset = start
      throw unexpected()
    }
    return .number(value, text: word)
  }

  private mutating func name() throws(TrackingError) -> FilterToken {
    var words = ""
    var isQuoted = false
    while offset < text.count {
      let byte = text[offset]
      if byte == UInt8(ascii: "`") || byte == UInt8(ascii: "\"") {
        guard words.isEmpty || words.hasSuffix(".") else { break }
        let isWhole = words.isEmpty && byte == UInt8(ascii: "\"")
        words += try quoted(by: byte)
        guard offset < text.count, text[offset] == UInt8(ascii: ".") else {
          isQuoted = isWhole
          break
        }
      } else {
        let start = offset
        while offset < text.count, Self.isNameByte(text[offset]) { offset += 1 }
        guard offset > start else { break }
        words += String(decoding: text[start..<offset], as: UTF8.self)
      }
    }
    return .name(words, isQuoted: isQuoted)
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    case UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"), 0x80...0xFF: true
    default: false
    }
  }
}
