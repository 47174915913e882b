/// Reads the parts of a pickle, never past its end.
struct PickleReader {
  let bytes: UnsafeRawBufferPointer
  private(set) var position: Int

  init(bytes: UnsafeRawBufferPointer, position: Int) {
    self.bytes = bytes
    self.position = position
  }

  mutating func byte() throws(PickleProblem) -> UInt8 {
    guard position < bytes.count else { throw cutOff() }
    position += 1
    return bytes[position - 1]
  }

  /// A little-endian number of `size` bytes, at most four.
  mutating func unsigned(_ size: Int) throws(PickleProblem) -> Int {
    let range = try take(size)
    return range.reversed().reduce(0) { $0 << 8 | Int(bytes[$1]) }
  }

  /// A length of eight bytes.
  mutating func count8() throws(PickleProblem) -> Int {
    let range = try take(8)
    let value = bytes.loadUnaligned(fromByteOffset: range.lowerBound, as: UInt64.self).littleEndian
    guard let count = Int(exactly: value) else { throw cutOff() }
    return count
  }

  mutating func bigEndianDouble() throws(PickleProblem) -> Double {
    let range = try take(8)
    return Double(bitPattern: bytes.loadUnaligned(fromByteOffset: range.lowerBound, as: UInt64.self).bigEndian)
  }

  mutating func bytes(_ count: Int) throws(PickleProblem) -> [UInt8] { Array(bytes[try take(count)]) }

  mutating func text(_ count: Int) throws(PickleProblem) -> String {
    let start = position
    guard let text = String(validating: bytes[try take(count)], as: UTF8.self) else {
      throw .damaged("a string that is no UTF-8 at byte \(start)")
    }
    return text
  }

  /// Text up to the end of the line. No module's name has a thousand letters.
  mutating func line() throws(PickleProblem) -> String {
    let start = position
    while position < bytes.count, position - start <= 1000 {
      position += 1
      if bytes[position - 1] == UInt8(ascii: "\n") {
        guard let text = String(validating: bytes[start..<position - 1], as: UTF8.self) else { break }
        return text
      }
    }
    throw position >= bytes.count ? cutOff() : .damaged("a name that is none at byte \(start)")
  }

  private mutating func take(_ count: Int) throws(PickleProblem) -> Range<Int> {
    guard count >= 0, count <= bytes.count - position else { throw cutOff() }
    defer { position += count }
    return position..<position + count
  }

  private func cutOff() -> PickleProblem { .damaged("is cut off: the pickle goes on after byte \(bytes.count)") }
}
