import Foundation
import MartletCore

/// A value of a model as xgboost writes it, in JSON or binary JSON (UBJSON, with its own choice of types).
indirect enum BoostedValue {
  case null
  case flag(Bool)
  case int(Int)
  case number
  case text(String)
  case list([BoostedValue])
  /// A list of whole numbers that is stored side by side.
  case ints([Int])
  /// A list of so many other numbers; what they are decides nothing but a prediction's value.
  case numbers(Int)
  case object([String: BoostedValue])

  subscript(name: String) -> BoostedValue? {
    if case .object(let members) = self { members[name] } else { nil }
  }

  var text: String? { if case .text(let text) = self { text } else { nil } }
  var list: [BoostedValue]? { if case .list(let values) = self { values } else { nil } }

  /// How many elements a list has.
  var count: Int? {
    switch self {
    case .list(let values): values.count
    case .ints(let values): values.count
    case .numbers(let count): count
    default: nil
    }
  }

  /// A list of whole numbers.
  var integers: [Int]? {
    switch self {
    case .ints(let values): return values
    case .list(let values):
      let found = values.compactMap { if case .int(let value) = $0 { value } else { nil as Int? } }
      return found.count == values.count ? found : nil
    default: return nil
    }
  }
}

/// Reads such models, and nothing that xgboost might read in another way: no name twice, no value that the bytes do not hold.
struct BoostedReader {
  private let bytes: [UInt8]
  private var place = 0
  /// xgboost's own models are about ten deep.
  private static let deepest = 64

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// - Throws: `LearnerError` naming the place at which the bytes are no model.
  static func read(_ bytes: [UInt8]) throws -> BoostedValue {
    var reader = BoostedReader(bytes)
    guard bytes.first == UInt8(ascii: "{"), bytes.count > 1 else { throw reader.error("starts with no object") }
    let isBinary = bytes[1] == UInt8(ascii: "L")
    let value = try isBinary ? reader.binary(0) : reader.json(0)
    if !isBinary { reader.skipSpaces() }
    guard reader.place == bytes.count else { throw reader.error("goes on behind its end") }
    return value
  }

  private func error(_ what: String) -> LearnerError {
    LearnerError("a model of xgboost \(what), at byte \(place) of \(bytes.count)", remedy: "save the model again: this file is damaged")
  }

  private mutating func next() throws -> UInt8 {
    guard place < bytes.count else { throw error("ends too early") }
    defer { place += 1 }
    return bytes[place]
  }

  private mutating func expect(_ text: StaticString) throws {
    for wanted in UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount) where try next() != wanted {
      throw error("has no '\(text)' where one belongs")
    }
  }

  // Binary ------------------------------------------------------------------------------------------------------------------------------

  /// A whole number of so many bytes, the highest first.
  private mutating func integer(_ size: Int) throws -> Int {
    guard bytes.count - place >= size else { throw error("ends too early") }
    var value: UInt64 = 0
    for byte in bytes[place..<place + size] { value = value << 8 | UInt64(byte) }
    place += size
    return Int(truncatingIfNeeded: Int64(bitPattern: value << UInt64(64 - 8 * size)) >> Int64(64 - 8 * size))
  }

  /// How many elements of so many bytes follow.
  private mutating func size(each: Int) throws -> Int {
    try expect("L")
    let count = try integer(8)
    guard count >= 0, count <= (bytes.count - place) / each else { throw error("counts \(count) elements, which there are not") }
    return count
  }

  private mutating func string() throws -> String {
    let count = try size(each: 1)
    defer { place += count }
    return String(decoding: bytes[place..<place + count], as: UTF8.self)
  }

  private mutating func binary(_ depth: Int) throws -> BoostedValue {
    guard depth < Self.deepest else { throw error("is nested too deep") }
    switch UnicodeScalar(try next()) {
    case "Z": return .null
    case "T": return .flag(true)
    case "F": return .flag(false)
    case "i": return .int(try integer(1))
    case "U": return .int(try integer(1) & 0xff)
    case "I": return .int(try integer(2))
    case "l": return .int(try integer(4))
    case "L": return .int(try integer(8))
    case "d":
      _ = try integer(4)
      return .number
    case "S": return .text(try string())
    case "[": return try binaryList(depth)
    case "{":
      var members: [String: BoostedValue] = [:]
      while place < bytes.count, bytes[place] != UInt8(ascii: "}") {
        let name = try string()
        guard members.updateValue(try binary(depth + 1), forKey: name) == nil else { throw error("says '\(name)' twice") }
      }
      try expect("}")
      return .object(members)
    default:
      place -= 1
      throw error("holds a type that is none")
    }
  }

  private mutating func binaryList(_ depth: Int) throws -> BoostedValue {
    guard place < bytes.count else { throw error("ends too early") }
    switch UnicodeScalar(bytes[place]) {
    case "$":
      place += 1
      let type = UnicodeScalar(try next())
      let widths: [UnicodeScalar: Int] = ["d": 4, "U": 1, "l": 4, "L": 8]
      guard let width = widths[type] else { throw error("has a list of '\(type)'") }
      try expect("#")
      let count = try size(each: width)
      if type == "d" {
        place += 4 * count
        return .numbers(count)
      }
      var values: [Int] = []
      values.reserveCapacity(count)
      for _ in 0..<count { values.append(try integer(width) & (type == "U" ? 0xff : -1)) }
      return .ints(values)
    case "#":
      place += 1
      return .list(try (0..<size(each: 1)).map { _ in try binary(depth + 1) })
    default:
      var values: [BoostedValue] = []
      while place < bytes.count, bytes[place] != UInt8(ascii: "]") { values.append(try binary(depth + 1)) }
      try expect("]")
      return .list(values)
    }
  }

  // Text --------------------------------------------------------------------------------------------------------------------------------

  private mutating func skipSpaces() {
    while place < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[place]) { place += 1 }
  }

  private mutating func peek() throws -> UnicodeScalar {
    skipSpaces()
    guard place < bytes.count else { throw error("ends too early") }
    return UnicodeScalar(bytes[place])
  }

  /// Escapes stay as they are written: names that have some are none of xgboost's.
  private mutating func quoted() throws -> String {
    try expect("\"")
    let start = place
    while true {
      let byte = try next()
      if byte == UInt8(ascii: "\"") { return String(decoding: bytes[start..<place - 1], as: UTF8.self) }
      if byte == UInt8(ascii: "\\") { _ = try next() }
    }
  }

  private mutating func json(_ depth: Int) throws -> BoostedValue {
    guard depth < Self.deepest else { throw error("is nested too deep") }
    switch try peek() {
    case "{":
      place += 1
      var members: [String: BoostedValue] = [:]
      while try peek() != "}" {
        if !members.isEmpty { try expect(",") }
        skipSpaces()
        let name = try quoted()
        guard !name.contains("\\") else { throw error("has the name '\(name)'") }
        skipSpaces()
        try expect(":")
        guard members.updateValue(try json(depth + 1), forKey: name) == nil else { throw error("says '\(name)' twice") }
      }
      place += 1
      return .object(members)
    case "[":
      place += 1
      var values: [BoostedValue] = []
      while try peek() != "]" {
        if !values.isEmpty { try expect(",") }
        values.append(try json(depth + 1))
      }
      place += 1
      return .list(values)
    case "\"": return .text(try quoted())
    case "t":
      try expect("true")
      return .flag(true)
    case "f":
      try expect("false")
      return .flag(false)
    case "n":
      try expect("null")
      return .null
    default: return try number()
    }
  }

  private mutating func number() throws -> BoostedValue {
    let start = place
    while place < bytes.count, ![UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), 0x20, 0x0a, 0x0d, 0x09].contains(bytes[place]) {
      place += 1
    }
    let text = String(decoding: bytes[start..<place], as: UTF8.self)
    if let value = Int(text), !text.hasPrefix("+") { return .int(value) }
    guard ["NaN", "Infinity", "-Infinity"].contains(text) || (text.first?.isLetter == false && Double(text) != nil) else {
      place = start
      throw error("holds a value that is none")
    }
    return .number
  }
}
