/// UTF-8 as plain bytes, which were checked before.
enum UTF8Text {
  /// Bytes of the scalar that begins with this byte.
  @inline(__always)
  static func length(_ first: UInt8) -> Int { first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4 }

  /// The scalar at a place and its length in bytes.
  @inline(__always)
  static func decode(_ bytes: UnsafePointer<UInt8>, _ at: Int) -> (scalar: UInt32, length: Int) {
    let first = UInt32(bytes[at])
    if first < 0x80 { return (first, 1) }
    if first < 0xE0 { return ((first & 0x1F) << 6 | UInt32(bytes[at + 1] & 0x3F), 2) }
    if first < 0xF0 { return ((first & 0x0F) << 12 | UInt32(bytes[at + 1] & 0x3F) << 6 | UInt32(bytes[at + 2] & 0x3F), 3) }
    return (
      (first & 0x07) << 18 | UInt32(bytes[at + 1] & 0x3F) << 12 | UInt32(bytes[at + 2] & 0x3F) << 6 | UInt32(bytes[at + 3] & 0x3F), 4
    )
  }

  /// Where the scalar begins that a byte belongs to.
  @inline(__always)
  static func start(_ bytes: UnsafePointer<UInt8>, _ at: Int) -> Int {
    var at = at
    while at > 0, bytes[at] & 0xC0 == 0x80 { at -= 1 }
    return at
  }

  @inline(__always)
  static func length(of scalar: UInt32) -> Int { scalar < 0x80 ? 1 : scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4 }

  @inline(__always)
  static func append(_ scalar: UInt32, to bytes: inout [UInt8]) {
    if scalar < 0x80 {
      bytes.append(UInt8(scalar))
    } else if scalar < 0x800 {
      bytes.append(UInt8(0xC0 | scalar >> 6))
      bytes.append(UInt8(0x80 | scalar & 0x3F))
    } else if scalar < 0x10000 {
      bytes.append(UInt8(0xE0 | scalar >> 12))
      bytes.append(UInt8(0x80 | scalar >> 6 & 0x3F))
      bytes.append(UInt8(0x80 | scalar & 0x3F))
    } else {
      bytes.append(UInt8(0xF0 | scalar >> 18 & 7))
      bytes.append(UInt8(0x80 | scalar >> 12 & 0x3F))
      bytes.append(UInt8(0x80 | scalar >> 6 & 0x3F))
      bytes.append(UInt8(0x80 | scalar & 0x3F))
    }
  }

  static func isASCII(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var at = 0
    let raw = UnsafeRawBufferPointer(bytes)
    while at + 8 <= bytes.count {
      if raw.loadUnaligned(fromByteOffset: at, as: UInt64.self) & 0x8080_8080_8080_8080 != 0 { return false }
      at += 8
    }
    while at < bytes.count {
      if bytes[at] >= 0x80 { return false }
      at += 1
    }
    return true
  }

  /// The bytes of a whole character at a place of text that may be cut or broken: its length, 0 where it is cut off, -1 where it is wrong.
  static func check(_ bytes: UnsafeBufferPointer<UInt8>, _ at: Int) -> Int {
    let first = bytes[at]
    if first < 0x80 { return 1 }
    guard first >= 0xC2, first <= 0xF4 else { return -1 }
    let length = self.length(first)
    for offset in 1..<length {
      guard at + offset < bytes.count else { return 0 }
      let byte = bytes[at + offset]
      guard byte & 0xC0 == 0x80 else { return -1 }
      if offset == 1 {
        if first == 0xE0 && byte < 0xA0 || first == 0xED && byte > 0x9F || first == 0xF0 && byte < 0x90 || first == 0xF4 && byte > 0x8F {
          return -1
        }
      }
    }
    return length
  }

  /// The first byte that is not part of valid UTF-8.
  static func firstInvalid(_ bytes: [UInt8]) -> Int? {
    bytes.withUnsafeBufferPointer { buffer in
      var at = 0
      while at < buffer.count {
        if buffer[at] < 0x80 {
          at += 1
          continue
        }
        let length = check(buffer, at)
        if length <= 0 { return at }
        at += length
      }
      return nil
    }
  }

  static func scalars(_ bytes: some Collection<UInt8>) -> [UInt32] { String(decoding: bytes, as: UTF8.self).unicodeScalars.map(\.value) }
}
