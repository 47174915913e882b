package import MartletCore
package import NIOCore

/// Reads JSON (RFC 8259) straight from bytes, one value after the other, without building a document.
///
/// Every access is checked against the end of the text; nesting is limited; a wrong byte is an error that says where it is and what was
/// expected. Numbers go straight into arrays of their final type: see `readTensor`.
package struct JSONReader {
  /// Arrays and objects inside each other, at most.
  package static let depthLimit = 64

  package let text: UnsafeBufferPointer<UInt8>
  package var offset: Int
  private var depth = 0

  package init(_ text: UnsafeBufferPointer<UInt8>) {
    self.text = text
    let hasByteOrderMark = text.count >= 3 && text[0] == 0xEF && text[1] == 0xBB && text[2] == 0xBF
    offset = hasByteOrderMark ? 3 : 0
  }

  /// Reads one document that fills the buffer.
  package static func read<Result>(_ buffer: ByteBuffer, _ body: (inout JSONReader) throws -> Result) throws -> Result {
    try buffer.withUnsafeReadableBytes { bytes in
      try bytes.withMemoryRebound(to: UInt8.self) { text in
        var reader = JSONReader(text)
        let result = try body(&reader)
        try reader.finish()
        return result
      }
    }
  }

  /// Reads one document that fills the bytes.
  /// - Throws: `JSONProblem` with the line and the column; a key that stands twice in an object is one, too.
  package static func value(of bytes: [UInt8]) throws -> JSONValue {
    try bytes.withUnsafeBufferPointer { text in
      var reader = JSONReader(text)
      let value = try reader.readValue()
      try reader.finish()
      return value
    }
  }

  // MARK: Errors

  package func problem(_ problem: String, expected: String? = nil, at place: Int? = nil) -> JSONProblem {
    JSONProblem(in: text, at: place ?? offset, problem, expected: expected)
  }

  /// An error for the byte at hand.
  package func unexpected(_ expected: String) -> JSONProblem {
    guard offset < text.count else {
      return problem(text.isEmpty ? "the body is empty" : "the JSON ends too early", expected: expected)
    }
    return problem("unexpected \(describe(text[offset]))", expected: expected)
  }

  private func describe(_ byte: UInt8) -> String {
    switch byte {
    case UInt8(ascii: "\""): "text"
    case UInt8(ascii: "{"): "object"
    case UInt8(ascii: "["): "array"
    case UInt8(ascii: "t"), UInt8(ascii: "f"): "true or false"
    case UInt8(ascii: "n"): "null"
    case UInt8(ascii: "N"), UInt8(ascii: "I"): "'\(Character(UnicodeScalar(byte)))' (JSON has no NaN and no Infinity)"
    case 0x21...0x7E: "'\(Character(UnicodeScalar(byte)))'"
    default: "byte \(byte)"
    }
  }

  // MARK: Bytes

  @inline(__always)
  package mutating func skipSpace() {
    while offset < text.count {
      switch text[offset] {
      case 0x20, 0x0A, 0x0D, 0x09: offset += 1
      default: return
      }
    }
  }

  /// The first byte of the next token, or 0 at the end.
  @inline(__always)
  package mutating func peek() -> UInt8 {
    skipSpace()
    return offset < text.count ? text[offset] : 0
  }

  /// Passes over one byte of punctuation.
  package mutating func expect(_ byte: UInt8, _ expected: String) throws(JSONProblem) {
    guard peek() == byte, offset < text.count else { throw unexpected(expected) }
    offset += 1
  }

  package mutating func finish() throws(JSONProblem) {
    skipSpace()
    guard offset == text.count else { throw problem("something follows the end of the JSON", expected: "the end of the body") }
  }

  package mutating func enter() throws(JSONProblem) {
    depth += 1
    guard depth <= Self.depthLimit else { throw problem("the JSON is nested too deeply", expected: "at most \(Self.depthLimit) levels") }
  }

  package mutating func leave() { depth -= 1 }

  // MARK: Containers

  /// Reads an object; `member` is called with each key and must read the value.
  package mutating func readObject(_ name: String, _ member: (inout JSONReader, String) throws -> Void) throws {
    guard peek() == UInt8(ascii: "{") else { throw unexpected("\(name) as a JSON object {…}") }
    offset += 1
    try enter()
    defer { leave() }
    if peek() == UInt8(ascii: "}") {
      offset += 1
      return
    }
    var seen: Set<String> = []
    while true {
      guard peek() == UInt8(ascii: "\"") else { throw unexpected("a key in double quotes") }
      let place = offset
      let key = try readString()
      guard seen.insert(key).inserted else { throw problem("the key '\(excerpt(key))' appears twice", at: place) }
      try expect(UInt8(ascii: ":"), "':' after the key")
      skipSpace()
      try member(&self, key)
      switch peek() {
      case UInt8(ascii: ","): offset += 1
      case UInt8(ascii: "}"):
        offset += 1
        return
      default: throw unexpected("',' or '}'")
      }
    }
  }

  /// Reads an array; `element` is called with each index and must read the value.
  package mutating func readArray(_ name: String, _ element: (inout JSONReader, Int) throws -> Void) throws {
    guard peek() == UInt8(ascii: "[") else { throw unexpected("\(name) as a JSON array […]") }
    offset += 1
    try enter()
    defer { leave() }
    if peek() == UInt8(ascii: "]") {
      offset += 1
      return
    }
    var index = 0
    while true {
      skipSpace()
      try element(&self, index)
      index += 1
      switch peek() {
      case UInt8(ascii: ","): offset += 1
      case UInt8(ascii: "]"):
        offset += 1
        return
      default: throw unexpected("',' or ']'")
      }
    }
  }

  // MARK: Values

  /// Passes over a value of any kind, checking that it is JSON.
  package mutating func skipValue() throws {
    switch peek() {
    case UInt8(ascii: "{"): try readObject("a value") { reader, _ in try reader.skipValue() }
    case UInt8(ascii: "["): try readArray("a value") { reader, _ in try reader.skipValue() }
    case UInt8(ascii: "\""): _ = try readString()
    case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"): _ = try readWord()
    default: _ = try readNumber()
    }
  }

  /// Reads a value of any kind. Meant for small things such as `parameters`; numbers beyond `Int` become doubles.
  package mutating func readValue() throws -> JSONValue {
    switch peek() {
    case UInt8(ascii: "{"):
      var members: [String: JSONValue] = [:]
      try readObject("a value") { reader, key in members[key] = try reader.readValue() }
      return .object(members)
    case UInt8(ascii: "["):
      var elements: [JSONValue] = []
      try readArray("a value") { reader, _ in elements.append(try reader.readValue()) }
      return .array(elements)
    case UInt8(ascii: "\""): return .string(try readString())
    case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"): return try readWord().map { .bool($0) } ?? .null
    default:
      let number = try readNumber()
      if number.isInteger, let value = Int(number: number) { return .int(value) }
      guard let value = double(number) else { throw outOfRange(number, "float64") }
      return .double(value)
    }
  }

  /// Reads `true`, `false` or (as `nil`) `null`.
  package mutating func readWord() throws(JSONProblem) -> Bool? {
    for (word, value) in [("true", true), ("false", false), ("null", nil)] as [(StaticString, Bool?)] {
      let length = word.utf8CodeUnitCount
      guard offset + length <= text.count else { continue }
      if (0..<length).allSatisfy({ text[offset + $0] == word.utf8Start[$0] }) {
        offset += length
        return value
      }
    }
    throw unexpected("a JSON value")
  }
}
