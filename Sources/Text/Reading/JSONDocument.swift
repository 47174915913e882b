import Foundation

/// A JSON document as one flat list of nodes over one arena of bytes.
///
/// Vocabularies hold keys that `String` takes to be equal ("é" composed and decomposed), and hundreds of thousands of them: so strings stay
/// bytes and no node has an object of its own.
final class JSONDocument: Sendable {
  enum Kind: UInt8 { case null, bool, int, double, string, array, object }

  /// `value`: the number, the string's place in `bytes`, the number of members. `extent`: the string's length, or one past the last node of
  /// an array or object. Object members are a string node and a value node in turn.
  struct Node {
    var kind: Kind
    var value: Int
    var extent: Int
  }

  let source: String
  let nodes: [Node]
  let bytes: [UInt8]

  init(_ data: Data, source: String) throws(TokenizerError) {
    self.source = source
    var reader = JSONReader(Array(data), source: source)
    try reader.readDocument()
    nodes = reader.nodes
    bytes = reader.bytes
  }

  var root: JSONItem { JSONItem(document: self, index: 0, path: "") }
}

private struct JSONReader {
  let input: [UInt8]
  let source: String
  var position = 0
  var nodes: [JSONDocument.Node] = []
  var bytes: [UInt8] = []

  init(_ input: [UInt8], source: String) {
    self.input = input
    self.source = source
    bytes.reserveCapacity(input.count / 2)
    nodes.reserveCapacity(input.count / 8)
  }

  mutating func readDocument() throws(TokenizerError) {
    if let bad = UTF8Text.firstInvalid(input) { throw fail("byte \(bad) is not UTF-8", at: bad) }
    if input.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    try readValue(depth: 0)
    skipSpace()
    if position < input.count { throw fail("there is something after the end of the document") }
  }

  private func fail(_ problem: String, at place: Int? = nil, expected: String? = nil) -> TokenizerError {
    TokenizerError(
      source: source, place: "byte \(place ?? position)", problem: "is not JSON: " + problem, expected: expected,
      remedy: "get the file again; it may be cut off")
  }

  private mutating func skipSpace() {
    while position < input.count, input[position] == 0x20 || (input[position] >= 9 && input[position] <= 13) { position += 1 }
  }

  private mutating func readValue(depth: Int) throws(TokenizerError) {
    guard depth < 128 else { throw fail("values are nested deeper than 128") }
    skipSpace()
    guard position < input.count else { throw fail("the document ends where a value should be") }
    switch input[position] {
    case UInt8(ascii: "{"): try readMembers(.object, closing: UInt8(ascii: "}"), depth: depth)
    case UInt8(ascii: "["): try readMembers(.array, closing: UInt8(ascii: "]"), depth: depth)
    case UInt8(ascii: "\""): try readString()
    case UInt8(ascii: "t"): try readWord("true", .init(kind: .bool, value: 1, extent: 0))
    case UInt8(ascii: "f"): try readWord("false", .init(kind: .bool, value: 0, extent: 0))
    case UInt8(ascii: "n"): try readWord("null", .init(kind: .null, value: 0, extent: 0))
    default: try readNumber()
    }
  }

  private mutating func readMembers(_ kind: JSONDocument.Kind, closing: UInt8, depth: Int) throws(TokenizerError) {
    let own = nodes.count
    nodes.append(.init(kind: kind, value: 0, extent: 0))
    position += 1
    var count = 0
    while true {
      skipSpace()
      guard position < input.count else { throw fail("the document ends inside of \(kind == .array ? "a list" : "an object")") }
      if input[position] == closing, count == 0 { break }
      if count > 0 {
        if input[position] == closing { break }
        guard input[position] == UInt8(ascii: ",") else { throw fail("a comma is missing") }
        position += 1
        skipSpace()
      }
      if kind == .object {
        guard position < input.count, input[position] == UInt8(ascii: "\"") else { throw fail("a key is missing", expected: "a string") }
        try readString()
        skipSpace()
        guard position < input.count, input[position] == UInt8(ascii: ":") else { throw fail("a colon is missing") }
        position += 1
      }
      try readValue(depth: depth + 1)
      count += 1
    }
    position += 1
    nodes[own].value = count
    nodes[own].extent = nodes.count
  }

  private mutating func readWord(_ word: StaticString, _ node: JSONDocument.Node) throws(TokenizerError) {
    let count = word.utf8CodeUnitCount
    guard position + count <= input.count, (0..<count).allSatisfy({ input[position + $0] == word.utf8Start[$0] }) else {
      throw fail("there is no such value", expected: "\(word)")
    }
    position += count
    nodes.append(node)
  }

  private mutating func readNumber() throws(TokenizerError) {
    let start = position
    var whole = true
    while position < input.count {
      switch input[position] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"): break
      case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): whole = false
      default:
        return try finishNumber(start, whole)
      }
      position += 1
    }
    try finishNumber(start, whole)
  }

  private mutating func finishNumber(_ start: Int, _ whole: Bool) throws(TokenizerError) {
    let text = String(decoding: input[start..<position], as: UTF8.self)
    if whole, let value = Int(text) {
      nodes.append(.init(kind: .int, value: value, extent: 0))
    } else if let exact = Double(text), let value = exact.isFinite ? Self.quickly(input[start..<position]) : exact {
      nodes.append(.init(kind: .double, value: Int(bitPattern: UInt(value.bitPattern)), extent: 0))
    } else {
      throw fail("there is no such value", at: start, expected: "a string, a number, a list, an object, true, false or null")
    }
  }

  /// The number as the reference library reads it: up to 64 bits of digits, then one multiplication or division by a power of ten. The last
  /// bit can differ from the nearest number, and with it which of two ways of equal score a Unigram model takes.
  private static func quickly(_ text: ArraySlice<UInt8>) -> Double? {
    var digits: UInt64 = 0
    var exponent = 0
    var isFull = false
    var sawPoint = false
    var at = text.startIndex
    let isNegative = text.first == UInt8(ascii: "-")
    if isNegative { at += 1 }
    while at < text.endIndex {
      let byte = text[at]
      at += 1
      if byte == UInt8(ascii: ".") {
        sawPoint = true
      } else if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
        guard let shift = Int(String(decoding: text[at...], as: UTF8.self)) else { return nil }
        exponent += max(-10_000, min(10_000, shift))
        break
      } else if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
        let (tens, overflows) = digits.multipliedReportingOverflow(by: 10)
        let (sum, overflowsToo) = tens.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
        if isFull || overflows || overflowsToo {
          isFull = true
          if !sawPoint { exponent += 1 }
        } else {
          digits = sum
          if sawPoint { exponent -= 1 }
        }
      } else {
        return nil
      }
    }
    var value = Double(digits)
    while exponent < -308, value != 0 {
      value /= 1e308
      exponent += 308
    }
    // The powers as literals are: each the nearest to its own.
    if value != 0, let power = Double("1e\(abs(exponent))") { value = exponent < 0 ? value / power : value * power }
    return isNegative ? -value : value
  }

  private mutating func readString() throws(TokenizerError) {
    let start = bytes.count
    position += 1
    while true {
      guard position < input.count else { throw fail("the document ends inside of a string") }
      let byte = input[position]
      if byte == UInt8(ascii: "\"") { break }
      if byte < 0x20 { throw fail("a control character inside of a string is not escaped") }
      position += 1
      if byte == UInt8(ascii: "\\") { try readEscape() } else { bytes.append(byte) }
    }
    position += 1
    nodes.append(.init(kind: .string, value: start, extent: bytes.count - start))
  }

  private mutating func readEscape() throws(TokenizerError) {
    guard position < input.count else { throw fail("the document ends inside of a string") }
    let byte = input[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(byte)
    case UInt8(ascii: "b"): bytes.append(8)
    case UInt8(ascii: "f"): bytes.append(12)
    case UInt8(ascii: "n"): bytes.append(10)
    case UInt8(ascii: "r"): bytes.append(13)
    case UInt8(ascii: "t"): bytes.append(9)
    case UInt8(ascii: "u"):
      var scalar = try readHex()
      if scalar >= 0xD800, scalar < 0xDC00, position + 1 < input.count, input[position] == UInt8(ascii: "\\"),
        input[position + 1] == UInt8(ascii: "u")
      {
        position += 2
        let low = try readHex()
        guard low >= 0xDC00, low < 0xE000 else { throw fail("half of a surrogate pair stands alone") }
        scalar = 0x10000 + ((scalar - 0xD800) << 10) + (low - 0xDC00)
      }
      guard !(0xD800..<0xE000).contains(scalar) else { throw fail("half of a surrogate pair stands alone") }
      UTF8Text.append(scalar, to: &bytes)
    default: throw fail("there is no such escape in a string", at: position - 1)
    }
  }

  private mutating func readHex() throws(TokenizerError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard position < input.count, let digit = Character(UnicodeScalar(input[position])).hexDigitValue else {
        throw fail("an escape in a string has not four hexadecimal digits")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }
}
