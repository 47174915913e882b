package import MartletCore
import NIOCore

/// Writes JSON as bytes. The caller puts the punctuation; numbers and text come out right.
package struct JSONWriter {
  package private(set) var bytes: [UInt8] = []

  package init(capacity: Int = 256) { bytes.reserveCapacity(capacity) }

  /// Text as it is: punctuation and keys that need no escapes.
  @inline(__always)
  package mutating func raw(_ text: StaticString) {
    bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  package mutating func raw(_ other: [UInt8]) { bytes.append(contentsOf: other) }

  package mutating func string(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): raw("\\\"")
      case UInt8(ascii: "\\"): raw("\\\\")
      case 0x0A: raw("\\n")
      case 0x0D: raw("\\r")
      case 0x09: raw("\\t")
      case 0..<0x20, 0x7F:
        raw("\\u00")
        bytes.append(hexDigit(byte >> 4))
        bytes.append(hexDigit(byte & 15))
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  package mutating func integer(_ value: some BinaryInteger) { append(String(value)) }

  /// The shortest digits that read back as the same value; `null` for NaN and infinity, which JSON cannot say.
  package mutating func number(_ value: some BinaryFloatingPoint & LosslessStringConvertible) {
    if value.isFinite { append(value.description) } else { raw("null") }
  }

  package mutating func bool(_ value: Bool) { value ? raw("true") : raw("false") }

  package mutating func value(_ value: JSONValue) {
    switch value {
    case .null: raw("null")
    case .bool(let value): bool(value)
    case .int(let value): integer(value)
    case .double(let value): number(value)
    case .string(let value): string(value)
    case .array(let values): array(values) { $0.value($1) }
    case .object(let members):
      raw("{")
      for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
        if index > 0 { raw(",") }
        string(member.key)
        raw(":")
        self.value(member.value)
      }
      raw("}")
    }
  }

  /// `[` the elements, separated by commas `]`.
  package mutating func array<Element>(_ elements: some Sequence<Element>, _ write: (inout JSONWriter, Element) -> Void) {
    raw("[")
    var isFirst = true
    for element in elements {
      if isFirst { isFirst = false } else { raw(",") }
      write(&self, element)
    }
    raw("]")
  }

  package mutating func strings(_ texts: some Sequence<String>) { array(texts) { $0.string($1) } }

  private func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10 }

  private mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { bytes.append(contentsOf: $0) }
  }
}

extension JSONWriter {
  /// The elements of an array in row-major order, as one flat JSON array.
  package mutating func flat(_ array: HostArray) { elements(array, from: 0, count: array.elementCount) }

  /// The elements of an array, nested as its shape says.
  package mutating func nested(_ array: HostArray) { nested(array, shape: array.shape[...], from: 0) }

  /// One item of a batch, nested as the rest of the shape says.
  package mutating func item(_ index: Int, of array: HostArray) {
    let shape = array.shape.dropFirst()
    nested(array, shape: shape, from: index * shape.reduce(1, *))
  }

  private mutating func nested(_ array: HostArray, shape: ArraySlice<Int>, from start: Int) {
    guard let size = shape.first else { return element(of: array, at: start) }
    if shape.count == 1 { return elements(array, from: start, count: size) }
    let rest = shape.dropFirst()
    let stride = rest.reduce(1, *)
    self.array(0..<size) { $0.nested(array, shape: rest, from: start + $1 * stride) }
  }

  /// One element, by its place in row-major order.
  package mutating func element(of array: HostArray, at index: Int) {
    withValues(array, from: index, count: 1) { writer, position in writer.write(position.value) }
  }

  private mutating func elements(_ array: HostArray, from start: Int, count: Int) {
    raw("[")
    withValues(array, from: start, count: count) { writer, position in
      if position.index > 0 { writer.raw(",") }
      writer.write(position.value)
    }
    raw("]")
  }

  private mutating func write(_ value: Element) {
    switch value {
    case .float(let value): number(value)
    case .double(let value): number(value)
    case .signed(let value): integer(value)
    case .unsigned(let value): integer(value)
    case .bool(let value): bool(value)
    }
  }

  private enum Element { case float(Float), double(Double), signed(Int64), unsigned(UInt64), bool(Bool) }

  @inline(__always)
  private mutating func withValues(
    _ array: HostArray, from start: Int, count: Int, _ body: (inout JSONWriter, (index: Int, value: Element)) -> Void
  ) {
    let size = array.dtype.size
    array.bytes.withUnsafeBytes { bytes in
      for index in 0..<count {
        let offset = (start + index) * size
        guard offset + size <= bytes.count else { return }
        func load<Value>(_ type: Value.Type) -> Value { bytes.loadUnaligned(fromByteOffset: offset, as: type) }
        let value: Element =
          switch array.dtype {
          case .float32: .float(load(Float.self))
          case .float64: .double(load(Double.self))
          case .float16: .float(Float(load(Float16.self)))
          case .bfloat16: .float(Float(bitPattern: UInt32(load(UInt16.self)) << 16))
          case .int8: .signed(Int64(load(Int8.self)))
          case .int16: .signed(Int64(load(Int16.self)))
          case .int32: .signed(Int64(load(Int32.self)))
          case .int64: .signed(load(Int64.self))
          case .uint8, .float8e4m3, .float8e5m2: .unsigned(UInt64(load(UInt8.self)))
          case .uint16: .unsigned(UInt64(load(UInt16.self)))
          case .uint32: .unsigned(UInt64(load(UInt32.self)))
          case .uint64: .unsigned(load(UInt64.self))
          case .bool: .bool(load(UInt8.self) != 0)
          case .complex64, .complex128: .double(.nan)
          }
        body(&self, (index, value))
      }
    }
  }
}
