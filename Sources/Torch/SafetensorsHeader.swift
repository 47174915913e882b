import MartletCore

/// The header of a safetensors file, checked entirely before any tensor is made of it.
///
/// Follows the format's own description: eight bytes of little-endian length, that many bytes of JSON, then the data, which the entries
/// cover without holes or overlaps.
struct SafetensorsHeader {
  /// One tensor's entry. `begin` and `end` count bytes from the start of the file.
  struct Entry {
    let name: String
    let dtype: DType
    let shape: [Int]
    let begin: Int
    let end: Int
  }

  let entries: [Entry]
  let metadata: [String: String]

  /// No real model comes near; a larger number is a lie or an attack.
  static let largestHeader = 100_000_000

  /// - Throws: `FileError` naming the file, the tensor and the number that is wrong.
  init(_ file: UnsafeRawBufferPointer, path: String) throws(FileError) {
    guard file.count >= 8 else {
      throw FileError(path: path, problem: "has \(file.count) bytes, too few for a safetensors file", expected: "8 bytes of header length")
    }
    let length = file.loadUnaligned(as: UInt64.self).littleEndian
    guard length <= Self.largestHeader else {
      throw FileError(
        path: path, problem: "claims a header of \(length) bytes", expected: "at most \(Self.largestHeader)",
        remedy: "check that this is a safetensors file")
    }
    let dataStart = 8 + Int(length)
    guard dataStart <= file.count else {
      throw FileError(
        path: path, problem: "is cut off: the header of \(length) bytes ends at \(dataStart), the file at \(file.count)",
        remedy: "get the file again")
    }
    var parser = HeaderParser(bytes: UnsafeRawBufferPointer(rebasing: file[8..<dataStart]))
    let parsed: HeaderParser.Result
    do throws(HeaderParser.Problem) {
      parsed = try parser.parse()
    } catch {
      throw FileError(path: path, problem: "the header is wrong at byte \(8 + error.offset): \(error.text)")
    }
    metadata = parsed.metadata
    let dataSize = file.count - dataStart
    var entries: [Entry] = []
    entries.reserveCapacity(parsed.entries.count)
    for raw in parsed.entries {
      func wrong(_ what: String, expected: String? = nil) -> FileError {
        FileError(path: path, problem: "tensor '\(raw.name)' \(what)", expected: expected, remedy: "get the file again")
      }
      guard let dtype = DType(safetensorsName: raw.dtype) else {
        throw FileError(
          path: path, problem: "tensor '\(raw.name)' has the unknown type '\(raw.dtype)'",
          expected: DType.allCases.compactMap(\.safetensorsName).joined(separator: ", "))
      }
      guard raw.begin >= 0, raw.begin <= raw.end else { throw wrong("has the offsets [\(raw.begin), \(raw.end)]") }
      guard raw.end <= dataSize else { throw wrong("ends at byte \(raw.end) of \(dataSize) bytes of data") }
      let count: Int
      do throws(ArgumentError) { count = try HostArray.elementCount(of: raw.shape) } catch { throw wrong("is wrong: \(error.problem)") }
      let (size, overflow) = count.multipliedReportingOverflow(by: dtype.size)
      guard !overflow, size == raw.end - raw.begin else {
        throw wrong("has \(raw.end - raw.begin) bytes", expected: overflow ? nil : "\(size) for \(dtype) of shape \(raw.shape)")
      }
      entries.append(
        Entry(name: raw.name, dtype: dtype, shape: raw.shape, begin: dataStart + raw.begin, end: dataStart + raw.end))
    }
    var position = dataStart
    for entry in entries.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
      guard entry.begin == position else {
        let what = entry.begin < position ? "overlaps another tensor" : "leaves a hole before it"
        throw FileError(path: path, problem: "tensor '\(entry.name)' \(what) at byte \(entry.begin)", expected: "byte \(position)")
      }
      position = entry.end
    }
    guard position == file.count else {
      throw FileError(path: path, problem: "\(file.count - position) bytes at the end belong to no tensor", remedy: "get the file again")
    }
    self.entries = entries
  }
}

/// A strict reader of just the JSON that a safetensors header may hold. Duplicate names, which common JSON readers hide, are errors.
struct HeaderParser {
  struct Problem: Error {
    let offset: Int
    let text: String
  }
  struct RawEntry {
    let name: String
    var dtype = ""
    var shape: [Int] = []
    var begin = -1
    var end = -1
  }
  struct Result {
    var entries: [RawEntry] = []
    var metadata: [String: String] = [:]
  }

  let bytes: UnsafeRawBufferPointer
  private var position = 0

  init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  mutating func parse() throws(Problem) -> Result {
    var result = Result()
    var names = Set<String>()
    try object { (parser, key) throws(Problem) in
      guard names.insert(key).inserted else { throw parser.problem("the name '\(key)' appears twice") }
      if key == "__metadata__" {
        try parser.object { (parser, key) throws(Problem) in result.metadata[key] = try parser.string() }
      } else {
        result.entries.append(try parser.entry(key))
      }
    }
    skipSpace()
    guard position == bytes.count else { throw problem("text after the end of the header") }
    return result
  }

  private mutating func entry(_ name: String) throws(Problem) -> RawEntry {
    var entry = RawEntry(name: name)
    var seen = Set<String>()
    try object { (parser, key) throws(Problem) in
      guard seen.insert(key).inserted else { throw parser.problem("'\(key)' of tensor '\(name)' appears twice") }
      switch key {
      case "dtype": entry.dtype = try parser.string()
      case "shape": entry.shape = try parser.numbers()
      case "data_offsets":
        let offsets = try parser.numbers()
        guard offsets.count == 2 else { throw parser.problem("data_offsets of tensor '\(name)' holds \(offsets.count) numbers, not 2") }
        (entry.begin, entry.end) = (offsets[0], offsets[1])
      default: throw parser.problem("unknown key '\(key)' of tensor '\(name)'")
      }
    }
    for key in ["dtype", "shape", "data_offsets"] where !seen.contains(key) { throw problem("tensor '\(name)' has no '\(key)'") }
    return entry
  }

  private mutating func object(_ member: (inout HeaderParser, String) throws(Problem) -> Void) throws(Problem) {
    try expect("{")
    if take("}") { return }
    repeat {
      let key = try string()
      try expect(":")
      try member(&self, key)
    } while take(",")
    try expect("}")
  }

  private mutating func numbers() throws(Problem) -> [Int] {
    try expect("[")
    var list: [Int] = []
    if take("]") { return list }
    repeat {
      skipSpace()
      let start = position
      var value = 0
      while position < bytes.count, case let digit = bytes[position], digit >= 0x30, digit <= 0x39 {
        let (product, first) = value.multipliedReportingOverflow(by: 10)
        let (sum, second) = product.addingReportingOverflow(Int(digit - 0x30))
        guard !first, !second else { throw problem("a number that is too large") }
        value = sum
        position += 1
      }
      guard position > start else { throw problem("something that is no whole number of 0 or more") }
      list.append(value)
      guard list.count <= 64 else { throw problem("a list of more than 64 numbers") }
    } while take(",")
    try expect("]")
    return list
  }

  private mutating func string() throws(Problem) -> String {
    try expect("\"")
    var text: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else { throw problem("a string that is no UTF-8") }
        return string
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20: throw problem("a control character in a string")
      default: text.append(byte)
      }
    }
    throw problem("a string without an end")
  }

  private static let simpleEscapes: [UInt8: UInt8] = [0x22: 0x22, 0x5C: 0x5C, 0x2F: 0x2F, 0x62: 8, 0x66: 12, 0x6E: 10, 0x72: 13, 0x74: 9]

  private mutating func escape(into text: inout [UInt8]) throws(Problem) {
    guard position < bytes.count else { throw problem("a string without an end") }
    let byte = bytes[position]
    position += 1
    if let value = Self.simpleEscapes[byte] {
      text.append(value)
      return
    }
    guard byte == UInt8(ascii: "u") else { throw problem("an unknown escape") }
    var code = UInt32(try unit())
    if (0xD800..<0xDC00).contains(code) {
      guard position + 1 < bytes.count, bytes[position] == 0x5C, bytes[position + 1] == UInt8(ascii: "u") else {
        throw problem("half a surrogate pair")
      }
      position += 2
      let low = UInt32(try unit())
      guard (0xDC00..<0xE000).contains(low) else { throw problem("half a surrogate pair") }
      code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw problem("half a surrogate pair") }
    text.append(contentsOf: String(Character(scalar)).utf8)
  }

  private mutating func unit() throws(Problem) -> UInt16 {
    guard position + 4 <= bytes.count else { throw problem("a string without an end") }
    var value: UInt16 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else { throw problem("an unknown escape") }
      value = value << 4 | UInt16(digit)
      position += 1
    }
    return value
  }

  private mutating func skipSpace() {
    while position < bytes.count, case let byte = bytes[position], byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
      position += 1
    }
  }
  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }
  private mutating func expect(_ character: Unicode.Scalar) throws(Problem) {
    guard take(character) else { throw problem(position < bytes.count ? "expected '\(character)'" : "the text ends early") }
  }
  private func problem(_ text: String) -> Problem { Problem(offset: position, text: text) }
}
