import MartletCore

/// Reads a message field by field; every length is checked against what is there.
struct ProtobufReader {
  enum Value {
    case varint(UInt64)
    case fixed64(UInt64)
    case data(ArraySlice<UInt8>)
    case fixed32(UInt32)

    var int: Int? { if case .varint(let value) = self { Int(Int64(bitPattern: value)) } else { nil } }
    var double: Double? { if case .fixed64(let bits) = self { Double(bitPattern: bits) } else { nil } }
    var float: Float? { if case .fixed32(let bits) = self { Float(bitPattern: bits) } else { nil } }
    var bytes: ArraySlice<UInt8>? { if case .data(let bytes) = self { bytes } else { nil } }
    var text: String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
    /// Packed doubles.
    var doubles: [Double]? {
      guard let bytes, bytes.count % 8 == 0 else { return nil }
      return stride(from: bytes.startIndex, to: bytes.endIndex, by: 8).map { start in
        Double(bitPattern: bytes[start..<(start + 8)].reversed().reduce(0) { $0 << 8 | UInt64($1) })
      }
    }
  }

  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  /// The fields in order.
  static func fields(_ bytes: ArraySlice<UInt8>) throws(ArgumentError) -> [(number: Int, value: Value)] {
    var reader = ProtobufReader(bytes)
    var fields: [(number: Int, value: Value)] = []
    while !reader.rest.isEmpty { fields.append(try reader.next()) }
    return fields
  }

  private mutating func next() throws(ArgumentError) -> (number: Int, value: Value) {
    let key = try varint()
    guard let number = Int(exactly: key >> 3), number > 0 else { throw damaged }
    switch key & 7 {
    case 0: return (number, .varint(try varint()))
    case 1: return (number, .fixed64(try take(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }))
    case 2:
      guard let length = Int(exactly: try varint()) else { throw damaged }
      return (number, .data(try take(length)))
    case 5: return (number, .fixed32(try take(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }))
    default: throw damaged
    }
  }

  private mutating func varint() throws(ArgumentError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: 0, through: 63, by: 7) {
      guard let byte = rest.popFirst() else { throw damaged }
      value |= UInt64(byte & 0x7F) << UInt64(shift)
      if byte < 0x80 { return value }
    }
    throw damaged
  }

  private mutating func take(_ count: Int) throws(ArgumentError) -> ArraySlice<UInt8> {
    guard count >= 0, count <= rest.count else { throw damaged }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  private var damaged: ArgumentError { ArgumentError("the message is damaged", expected: "Protocol Buffers' wire format") }
}
