package import MartletCore

/// A tensor element that can be read from JSON.
package protocol JSONElement: TensorElement {
  static func read(from reader: inout JSONReader) throws(JSONProblem) -> Self
}

extension JSONElement where Self: FixedWidthInteger {
  /// Integers are exact: `1`, `1.0` and `1e3` are taken, `1.5` and what does not fit are not.
  @inline(__always)
  package static func read(from reader: inout JSONReader) throws(JSONProblem) -> Self {
    let number = try reader.readNumber()
    if number.isInteger {
      guard let value = Self(number: number) else { throw reader.outOfRange(number, dtype.description) }
      return value
    }
    guard let double = reader.double(number), abs(double) <= 9_007_199_254_740_992, let value = Self(exactly: double) else {
      throw reader.outOfRange(number, dtype.description)
    }
    return value
  }
}

extension JSONElement where Self: BinaryFloatingPoint {
  @inline(__always)
  package static func read(from reader: inout JSONReader) throws(JSONProblem) -> Self {
    let number = try reader.readNumber()
    guard let double = reader.double(number) else { throw reader.outOfRange(number, dtype.description) }
    let value = Self(double)
    guard value.isFinite else { throw reader.outOfRange(number, dtype.description) }
    return value
  }
}

extension Int8: JSONElement {}
extension Int16: JSONElement {}
extension Int32: JSONElement {}
extension Int64: JSONElement {}
extension UInt8: JSONElement {}
extension UInt16: JSONElement {}
extension UInt32: JSONElement {}
extension UInt64: JSONElement {}
extension Float: JSONElement {}
extension Double: JSONElement {}
extension Float16: JSONElement {}

extension Bool: JSONElement {
  /// `true` and `false`, and the numbers 1 and 0 that some clients send.
  package static func read(from reader: inout JSONReader) throws(JSONProblem) -> Bool {
    let start = reader.offset
    switch reader.peek() {
    case UInt8(ascii: "t"), UInt8(ascii: "f"):
      if let value = try reader.readWord() { return value }
    case UInt8(ascii: "0"), UInt8(ascii: "1"):
      let number = try reader.readNumber()
      if number.isInteger, number.mantissa <= 1, number.isExact { return number.mantissa == 1 }
    default: throw reader.unexpected("true or false")
    }
    throw reader.problem("a number other than 0 and 1", expected: "true or false", at: start)
  }
}

/// The upper half of a `Float`: eight bits of exponent, seven of fraction.
package struct BFloat16: JSONElement {
  package static var dtype: DType { .bfloat16 }
  package let bits: UInt16

  /// Rounds to nearest, ties to even.
  package init(_ value: Float) {
    let bits = value.bitPattern
    self.bits = UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
  }

  package var float: Float { Float(bitPattern: UInt32(bits) << 16) }

  package static func read(from reader: inout JSONReader) throws(JSONProblem) -> BFloat16 {
    let number = try reader.readNumber()
    guard let double = reader.double(number) else { throw reader.outOfRange(number, "bfloat16") }
    let value = BFloat16(Float(double))
    guard value.float.isFinite else { throw reader.outOfRange(number, "bfloat16") }
    return value
  }
}
