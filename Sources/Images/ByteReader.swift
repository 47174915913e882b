/// Numbers from foreign bytes. Every access is checked in every build: outside the bytes it is `nil`.
struct ByteReader {
  let bytes: UnsafeRawBufferPointer
  var isBigEndian = true

  var count: Int { bytes.count }

  func byte(_ offset: Int) -> Int? { offset >= 0 && offset < bytes.count ? Int(bytes[offset]) : nil }

  func uint16(_ offset: Int) -> Int? {
    guard offset >= 0, offset <= bytes.count - 2 else { return nil }
    let (a, b) = (Int(bytes[offset]), Int(bytes[offset + 1]))
    return isBigEndian ? a << 8 | b : b << 8 | a
  }

  func uint32(_ offset: Int) -> Int? {
    guard offset >= 0, offset <= bytes.count - 4, let high = uint16(offset), let low = uint16(offset + 2) else { return nil }
    return isBigEndian ? high << 16 | low : low << 16 | high
  }

  func slice(_ offset: Int, _ length: Int) -> ByteReader? {
    guard offset >= 0, length >= 0, offset <= bytes.count, length <= bytes.count - offset else { return nil }
    return ByteReader(bytes: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length]), isBigEndian: isBigEndian)
  }

  func starts(with text: StaticString) -> Bool {
    guard bytes.count >= text.utf8CodeUnitCount else { return false }
    return (0..<text.utf8CodeUnitCount).allSatisfy { bytes[$0] == text.utf8Start[$0] }
  }
}
