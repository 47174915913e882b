public import Foundation
public import MartletCore

/// What a template is given: JSON whose objects keep the order of their members, because templates write them out again.
public indirect enum TemplateValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
  case array([TemplateValue])
  case object([Member])

  /// A member of an object.
  public struct Member: Sendable, Equatable {
    public var name: String
    public var value: TemplateValue

    public init(_ name: String, _ value: TemplateValue) {
      self.name = name
      self.value = value
    }
  }

  /// JSON without an order: members are put in the order of their names.
  public init(_ json: JSONValue) {
    switch json {
    case .null: self = .null
    case .bool(let value): self = .bool(value)
    case .int(let value): self = .int(value)
    case .double(let value): self = .double(value)
    case .string(let value): self = .string(value)
    case .array(let values): self = .array(values.map { TemplateValue($0) })
    case .object(let members): self = .object(members.sorted { $0.key < $1.key }.map { Member($0.key, TemplateValue($0.value)) })
    }
  }

  /// Reads JSON text, members in the order they are written in; of two of the same name the last one's value stands.
  /// - Parameter source: where the text came from, for the error message.
  /// - Throws: `FileError` that names the byte where the text is no JSON, or that says it nests too deeply.
  public init(json data: Data, source: String) throws(FileError) {
    var reader = OrderedJSONReader(bytes: Array(data), source: source)
    self = try reader.document()
  }

  /// The member of an object, or `nil`.
  public subscript(name: String) -> TemplateValue? {
    if case .object(let members) = self { members.last { $0.name == name }?.value } else { nil }
  }
}

extension TemplateValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int) { self = .int(value) }
  public init(floatLiteral value: Double) { self = .double(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(arrayLiteral elements: TemplateValue...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, TemplateValue)...) { self = .object(elements.map { Member($0.0, $0.1) }) }
  public init(nilLiteral: ()) { self = .null }
}

/// A reader of JSON (RFC 8259) that keeps the order of members.
struct OrderedJSONReader {
  private let bytes: [UInt8]
  private let source: String
  private var place = 0
  private var depth = 0

  init(bytes: [UInt8], source: String) {
    self.bytes = bytes
    self.source = source
  }

  mutating func document() throws(FileError) -> TemplateValue {
    // A byte-order mark is no part of the text.
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { place = 3 }
    let value = try value()
    skipSpace()
    guard place == bytes.count else { throw wrong("something follows the value") }
    return value
  }

  private func wrong(_ problem: String) -> FileError { FileError(path: source, problem: "\(problem) at byte \(place)", expected: "JSON") }

  private mutating func skipSpace() {
    while place < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) { place += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard place < bytes.count, bytes[place] == byte else { return false }
    place += 1
    return true
  }

  private mutating func value() throws(FileError) -> TemplateValue {
    skipSpace()
    guard place < bytes.count else { throw wrong("the text ends") }
    guard depth < 128 else { throw wrong("values nest more than 128 deep") }
    switch bytes[place] {
    case UInt8(ascii: "{"):
      depth += 1
      defer { depth -= 1 }
      return try object()
    case UInt8(ascii: "["):
      depth += 1
      defer { depth -= 1 }
      return try array()
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func word(_ text: String, _ value: TemplateValue) throws(FileError) -> TemplateValue {
    guard bytes[place...].starts(with: text.utf8) else { throw wrong("an unknown word") }
    place += text.utf8.count
    return value
  }

  private mutating func array() throws(FileError) -> TemplateValue {
    place += 1
    var values: [TemplateValue] = []
    skipSpace()
    if take(UInt8(ascii: "]")) { return .array([]) }
    while true {
      values.append(try value())
      skipSpace()
      if take(UInt8(ascii: "]")) { return .array(values) }
      guard take(UInt8(ascii: ",")) else { throw wrong("no comma or bracket") }
    }
  }

  private mutating func object() throws(FileError) -> TemplateValue {
    place += 1
    var members: [TemplateValue.Member] = []
    var places: [String: Int] = [:]
    skipSpace()
    if take(UInt8(ascii: "}")) { return .object([]) }
    while true {
      skipSpace()
      guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else { throw wrong("no member's name") }
      let name = try string()
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw wrong("no colon") }
      let value = try value()
      if let index = places[name] {
        members[index].value = value
      } else {
        places[name] = members.count
        members.append(TemplateValue.Member(name, value))
      }
      skipSpace()
      if take(UInt8(ascii: "}")) { return .object(members) }
      guard take(UInt8(ascii: ",")) else { throw wrong("no comma or brace") }
    }
  }

  private mutating func string() throws(FileError) -> String {
    place += 1
    var text: [UInt8] = []
    while place < bytes.count {
      let byte = bytes[place]
      place += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): text += String(try escape()).utf8
      case 0..<0x20: throw wrong("a control character in a string")
      default: text.append(byte)
      }
    }
    throw wrong("a string does not end")
  }

  private mutating func escape() throws(FileError) -> Character {
    guard place < bytes.count else { throw wrong("the text ends") }
    let byte = bytes[place]
    place += 1
    switch byte {
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Character(Unicode.Scalar(byte))
    case UInt8(ascii: "u"):
      let first = try unit()
      if 0xD800..<0xDC00 ~= first, place + 1 < bytes.count, bytes[place] == UInt8(ascii: "\\"), bytes[place + 1] == UInt8(ascii: "u") {
        let back = place
        place += 2
        let second = try unit()
        if 0xDC00..<0xE000 ~= second {
          return Character(Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? "\u{FFFD}")
        }
        place = back
      }
      // A lone surrogate is no character.
      return Character(Unicode.Scalar(first) ?? "\u{FFFD}")
    default: throw wrong("an unknown escape")
    }
  }

  private mutating func unit() throws(FileError) -> UInt32 {
    guard place + 4 <= bytes.count, bytes[place..<place + 4].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let value = UInt32(String(decoding: bytes[place..<place + 4], as: UTF8.self), radix: 16)
    else { throw wrong("no four hexadecimal digits") }
    place += 4
    return value
  }

  private mutating func number() throws(FileError) -> TemplateValue {
    let start = place
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    func isDigit() -> Bool { place < bytes.count && digits.contains(bytes[place]) }
    var isInteger = true
    _ = take(UInt8(ascii: "-"))
    guard isDigit() else { throw wrong("an unknown sign") }
    if !take(UInt8(ascii: "0")) { while isDigit() { place += 1 } }
    if take(UInt8(ascii: ".")) {
      isInteger = false
      guard isDigit() else { throw wrong("no digit after the point") }
      while isDigit() { place += 1 }
    }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      isInteger = false
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      guard isDigit() else { throw wrong("no digit in the exponent") }
      while isDigit() { place += 1 }
    }
    let text = String(decoding: bytes[start..<place], as: UTF8.self)
    if isInteger, let value = Int(text) { return .int(value) }
    guard let value = Double(text), value.isFinite else { throw wrong("a number that is too large") }
    return .double(value)
  }
}
