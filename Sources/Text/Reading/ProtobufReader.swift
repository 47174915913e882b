/// Reads the wire format of protocol buffers: fields by number, whatever their message.
struct ProtobufReader {
  struct Field {
    let number: Int
    /// 0: a varint, 1: eight bytes, 2: a length and bytes, 5: four bytes.
    let wireType: Int
    let value: UInt64
    let content: ArraySlice<UInt8>

    private func mismatch(_ source: String, _ expected: String) -> TokenizerError {
      TokenizerError(source: source, place: "field \(number)", problem: "has the wire type \(wireType)", expected: expected)
    }

    func message(_ source: String) throws(TokenizerError) -> ProtobufReader { ProtobufReader(try bytes(source), source: source) }

    func bytes(_ source: String) throws(TokenizerError) -> ArraySlice<UInt8> {
      guard wireType == 2 else { throw mismatch(source, "bytes") }
      return content
    }

    func int(_ source: String) throws(TokenizerError) -> Int {
      guard wireType == 0 else { throw mismatch(source, "a whole number") }
      return Int(truncatingIfNeeded: value)
    }

    func float(_ source: String) throws(TokenizerError) -> Float {
      guard wireType == 5 else { throw mismatch(source, "a number of four bytes") }
      return Float(bitPattern: UInt32(truncatingIfNeeded: value))
    }
  }

  private var bytes: ArraySlice<UInt8>
  private let source: String

  init(_ bytes: ArraySlice<UInt8>, source: String) {
    self.bytes = bytes
    self.source = source
  }

  private func cutOff() -> TokenizerError {
    TokenizerError(
      source: source, place: "byte \(bytes.startIndex)", problem: "is cut off or no protocol buffer", expected: "a SentencePiece model",
      remedy: "get the file again")
  }

  private mutating func varint() throws(TokenizerError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 64, by: 7) {
      guard let byte = bytes.popFirst() else { throw cutOff() }
      value |= UInt64(byte & 0x7F) << UInt64(shift)
      if byte < 0x80 { return value }
    }
    throw cutOff()
  }

  private mutating func take(_ count: UInt64) throws(TokenizerError) -> ArraySlice<UInt8> {
    guard count <= UInt64(bytes.count) else { throw cutOff() }
    defer { bytes = bytes.dropFirst(Int(count)) }
    return bytes.prefix(Int(count))
  }

  /// The next field, or `nil` at the end.
  mutating func next() throws(TokenizerError) -> Field? {
    if bytes.isEmpty { return nil }
    let key = try varint()
    let (number, wireType) = (Int(truncatingIfNeeded: key >> 3 & 0x1FFF_FFFF), Int(key & 7))
    switch wireType {
    case 0: return Field(number: number, wireType: 0, value: try varint(), content: [])
    case 1, 5:
      var value: UInt64 = 0
      for (place, byte) in try take(wireType == 1 ? 8 : 4).enumerated() { value |= UInt64(byte) << UInt64(8 * place) }
      return Field(number: number, wireType: wireType, value: value, content: [])
    case 2: return Field(number: number, wireType: 2, value: 0, content: try take(try varint()))
    default: throw cutOff()
    }
  }
}
