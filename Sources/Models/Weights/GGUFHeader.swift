import Foundation
import MartletCore

/// Everything in a GGUF file before the numbers, checked entirely before any tensor is made of it.
///
/// Follows the format's own description (versions 2 and 3): magic, version, counts, metadata, one entry a tensor, padding, data.
struct GGUFHeader {
  var version = 0
  var metadata: [String: GGUFValue] = [:]
  var tensors: [GGUFFile.Info] = []

  /// - Throws: `FileError` naming the file, the entry and the number that is wrong.
  init(_ file: UnsafeRawBufferPointer, path: String) throws(FileError) {
    var reader = GGUFReader(bytes: file, path: path)
    guard file.count >= 24 else {
      throw FileError(path: path, problem: "has \(file.count) bytes, too few for a GGUF file", expected: "24 bytes or more")
    }
    guard file.prefix(4).elementsEqual("GGUF".utf8) else {
      throw FileError(path: path, problem: "does not begin with 'GGUF'", remedy: "check that this is a GGUF file")
    }
    reader.position = 4
    let number: UInt32 = try reader.number("version")
    guard number == 2 || number == 3 else {
      let swapped = number.byteSwapped == 2 || number.byteSwapped == 3
      throw FileError(
        path: path, problem: swapped ? "is a big-endian GGUF file" : "has version \(number) of the format", expected: "version 2 or 3",
        remedy: "convert the model again")
    }
    version = Int(number)
    let tensorCount = try reader.count("number of tensors", smallest: 24)
    let valueCount = try reader.count("number of metadata entries", smallest: 13)
    for _ in 0..<valueCount {
      let key = try reader.string("key")
      guard metadata[key] == nil else { throw reader.wrong("the key '\(key)' appears twice") }
      let type: UInt32 = try reader.number("type of '\(key)'")
      metadata[key] = try reader.value(of: type, key: key, depth: 0)
    }
    try readTensors(tensorCount, &reader)
  }

  private mutating func readTensors(_ count: Int, _ reader: inout GGUFReader) throws(FileError) {
    struct Raw {
      let name: String
      let shape: [Int]
      let type: GGUFType
      let offset: Int
      let size: Int
    }
    let path = reader.path
    var raws: [Raw] = []
    raws.reserveCapacity(count)
    var names = Set<String>()
    for _ in 0..<count {
      let name = try reader.string("name of a tensor")
      guard names.insert(name).inserted else { throw reader.wrong("the tensor '\(name)' appears twice") }
      let rank: UInt32 = try reader.number("rank of '\(name)'")
      guard rank <= 4 else { throw reader.wrong("tensor '\(name)' has \(rank) dimensions", expected: "at most 4") }
      var shape: [Int] = []
      for _ in 0..<rank { shape.append(try reader.integer("dimension of '\(name)'")) }
      let typeNumber: UInt32 = try reader.number("type of '\(name)'")
      let offset = try reader.integer("offset of '\(name)'")
      guard let type = Int32(exactly: typeNumber).flatMap(GGUFType.init(rawValue:)) else {
        throw FileError(
          path: path, problem: "tensor '\(name)' has type \(typeNumber), which is not known here",
          expected: GGUFType.allCases.map(\.description).joined(separator: ", "), remedy: "quantise the model to one of these")
      }
      // The file names the fastest dimension first.
      shape.reverse()
      let elements: Int
      do throws(ArgumentError) { elements = try HostArray.elementCount(of: shape) } catch {
        throw reader.wrong("tensor '\(name)': \(error.problem)")
      }
      guard (shape.last ?? 1) % type.blockCount == 0 else {
        throw reader.wrong(
          "rows of tensor '\(name)' hold \(shape.last ?? 1) numbers", expected: "a multiple of \(type.blockCount) for \(type)")
      }
      let (size, overflow) = (elements / type.blockCount).multipliedReportingOverflow(by: type.blockBytes)
      guard !overflow else { throw reader.wrong("tensor '\(name)' has more bytes than an Int can count") }
      raws.append(Raw(name: name, shape: shape, type: type, offset: offset, size: size))
    }
    let alignment = metadata["general.alignment"].map { $0.intValue ?? 0 } ?? 32
    guard alignment > 0, alignment <= 1 << 20, alignment & (alignment - 1) == 0 else {
      throw reader.wrong("general.alignment is \(alignment)", expected: "a power of two")
    }
    let start = (reader.position + alignment - 1) / alignment * alignment
    for raw in raws {
      let (begin, first) = start.addingReportingOverflow(raw.offset)
      let (end, second) = begin.addingReportingOverflow(raw.size)
      guard !first, !second, raw.size == 0 || end <= reader.bytes.count else {
        throw FileError(
          path: path, problem: "tensor '\(raw.name)' ends past the end of the file (\(reader.bytes.count) bytes)",
          remedy: "get the file again")
      }
      guard raw.offset % alignment == 0 else {
        throw reader.wrong("tensor '\(raw.name)' begins at \(raw.offset)", expected: "a multiple of \(alignment)")
      }
      tensors.append(
        GGUFFile.Info(name: raw.name, type: raw.type, shape: raw.shape, range: raw.size == 0 ? 0..<0 : begin..<end))
    }
    var last: GGUFFile.Info?
    for info in tensors.filter({ !$0.range.isEmpty }).sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
      if let last, info.range.lowerBound < last.range.upperBound {
        throw FileError(path: path, problem: "tensors '\(last.name)' and '\(info.name)' overlap", remedy: "get the file again")
      }
      last = info
    }
  }
}

/// Numbers and texts from the front of the file, never past its end.
struct GGUFReader {
  let bytes: UnsafeRawBufferPointer
  let path: String
  var position = 0

  init(bytes: UnsafeRawBufferPointer, path: String) {
    self.bytes = bytes
    self.path = path
  }

  func wrong(_ problem: String, expected: String? = nil) -> FileError {
    FileError(path: path, problem: "\(problem) (at byte \(position))", expected: expected, remedy: "get the file again")
  }

  mutating func number<Number: BitwiseCopyable>(_ what: String) throws(FileError) -> Number {
    let size = MemoryLayout<Number>.size
    guard bytes.count - position >= size else { throw wrong("the file ends in the \(what)") }
    defer { position += size }
    return bytes.loadUnaligned(fromByteOffset: position, as: Number.self)
  }

  mutating func integer(_ what: String) throws(FileError) -> Int {
    let value: UInt64 = try number(what)
    guard let result = Int(exactly: value) else { throw wrong("the \(what) is \(value)") }
    return result
  }

  /// A number of things of which each takes some bytes.
  mutating func count(_ what: String, smallest: Int) throws(FileError) -> Int {
    let value = try integer(what)
    guard value <= (bytes.count - position) / smallest else { throw wrong("the \(what) is \(value), more than the file can hold") }
    return value
  }

  mutating func string(_ what: String) throws(FileError) -> String {
    let count = try count("length of a \(what)", smallest: 1)
    defer { position += count }
    // Token texts of some models are no UTF-8; they are repaired, not refused.
    return String(decoding: bytes[position..<position + count], as: UTF8.self)
  }

  mutating func value(of type: UInt32, key: String, depth: Int) throws(FileError) -> GGUFValue {
    let what = "value of '\(key)'"
    switch type {
    case 0: return .integer(Int(try number(what) as UInt8))
    case 1: return .integer(Int(try number(what) as Int8))
    case 2: return .integer(Int(try number(what) as UInt16))
    case 3: return .integer(Int(try number(what) as Int16))
    case 4: return .integer(Int(try number(what) as UInt32))
    case 5: return .integer(Int(try number(what) as Int32))
    case 6: return .real(Double(try number(what) as Float))
    case 7: return .bool(try bool(what))
    case 8: return .string(try string(what))
    case 9: return try array(key: key, depth: depth)
    case 10: return .integer(try integer(what))
    case 11: return .integer(Int(try number(what) as Int64))
    case 12: return .real(try number(what) as Double)
    default: throw wrong("'\(key)' has the unknown type \(type)", expected: "0 to 12")
    }
  }

  private mutating func bool(_ what: String) throws(FileError) -> Bool {
    let byte: UInt8 = try number(what)
    guard byte <= 1 else { throw wrong("the \(what) is \(byte)", expected: "0 or 1") }
    return byte == 1
  }

  private mutating func array(key: String, depth: Int) throws(FileError) -> GGUFValue {
    let what = "value of '\(key)'"
    guard depth < 4 else { throw wrong("'\(key)' holds lists within lists within lists", expected: "at most 4 levels") }
    let type: UInt32 = try number(what)
    let smallest: Int? =
      switch type {
      case 0, 1, 7: 1
      case 2, 3: 2
      case 4, 5, 6: 4
      case 8, 10, 11, 12: 8
      case 9: 12
      default: nil
      }
    guard let smallest else { throw wrong("'\(key)' is a list of the unknown type \(type)", expected: "0 to 12") }
    let count = try count("length of '\(key)'", smallest: smallest)
    func list<Element>(_ read: (inout GGUFReader) throws(FileError) -> Element) throws(FileError) -> [Element] {
      var copy = self
      var values: [Element] = []
      values.reserveCapacity(count)
      for _ in 0..<count { values.append(try read(&copy)) }
      self.position = copy.position
      return values
    }
    switch type {
    case 0, 1, 2, 3, 4, 5, 10, 11:
      return .integers(
        try list { (reader) throws(FileError) in try reader.value(of: type, key: key, depth: depth).intValue ?? 0 })
    case 6, 12:
      return .reals(try list { (reader) throws(FileError) in try reader.value(of: type, key: key, depth: depth).doubleValue ?? 0 })
    case 7: return .bools(try list { (reader) throws(FileError) in try reader.bool(what) })
    case 8: return .strings(try list { (reader) throws(FileError) in try reader.string(what) })
    default: return .arrays(try list { (reader) throws(FileError) in try reader.array(key: key, depth: depth + 1) })
    }
  }
}
