/// The few parts of Protocol Buffers' wire format that event files need (protobuf.dev/programming-guides/encoding).
///
/// As the reference does in proto3, fields with their default value are left out by the caller's choice of `nonZero` methods.
struct ProtobufWriter {
  private(set) var bytes: [UInt8] = []

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  private mutating func key(_ field: Int, _ wire: UInt64) { varint(UInt64(field) << 3 | wire) }

  private mutating func fixed(_ value: some FixedWidthInteger) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }

  mutating func int(_ field: Int, _ value: Int) {
    key(field, 0)
    varint(UInt64(bitPattern: Int64(value)))
  }

  mutating func double(_ field: Int, _ value: Double) {
    key(field, 1)
    fixed(value.bitPattern)
  }

  mutating func float(_ field: Int, _ value: Float) {
    key(field, 5)
    fixed(value.bitPattern)
  }

  mutating func data(_ field: Int, _ value: some Collection<UInt8>) {
    key(field, 2)
    varint(UInt64(value.count))
    bytes.append(contentsOf: value)
  }

  mutating func text(_ field: Int, _ value: String) { data(field, Array(value.utf8)) }

  mutating func doubles(_ field: Int, _ values: [Double]) {
    key(field, 2)
    varint(UInt64(values.count * 8))
    for value in values { fixed(value.bitPattern) }
  }

  mutating func message(_ field: Int, _ body: (inout ProtobufWriter) -> Void) {
    var inner = ProtobufWriter()
    body(&inner)
    data(field, inner.bytes)
  }

  /// Default values do not appear in proto3.
  mutating func nonZeroInt(_ field: Int, _ value: Int) { if value != 0 { int(field, value) } }
  mutating func nonZeroDouble(_ field: Int, _ value: Double) { if value.bitPattern != 0 { double(field, value) } }
  mutating func nonEmptyText(_ field: Int, _ value: String) { if !value.isEmpty { text(field, value) } }
}
