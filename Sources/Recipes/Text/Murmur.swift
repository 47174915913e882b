/// MurmurHash3, 32 bits for x86 (Austin Appleby, public domain), as scikit-learn's hashing uses it.
enum Murmur {
  static func hash(_ text: String, seed: UInt32 = 0) -> Int32 {
    var text = text
    return text.withUTF8 { hash($0, seed: seed) }
  }

  static func hash(_ bytes: UnsafeBufferPointer<UInt8>, seed: UInt32 = 0) -> Int32 {
    let (c1, c2): (UInt32, UInt32) = (0xcc9e_2d51, 0x1b87_3593)
    var h = seed
    let blocks = bytes.count / 4
    for block in 0..<blocks {
      let at = block * 4
      var k = UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2]) << 16 | UInt32(bytes[at + 3]) << 24
      k = k &* c1
      k = k << 15 | k >> 17
      h ^= k &* c2
      h = h << 13 | h >> 19
      h = h &* 5 &+ 0xe654_6b64
    }
    var k: UInt32 = 0
    let tail = blocks * 4, rest = bytes.count & 3
    if rest >= 3 { k ^= UInt32(bytes[tail + 2]) << 16 }
    if rest >= 2 { k ^= UInt32(bytes[tail + 1]) << 8 }
    if rest >= 1 {
      k ^= UInt32(bytes[tail])
      k = k &* c1
      k = k << 15 | k >> 17
      h ^= k &* c2
    }
    h ^= UInt32(truncatingIfNeeded: bytes.count)
    h ^= h >> 16
    h = h &* 0x85eb_ca6b
    h ^= h >> 13
    h = h &* 0xc2b2_ae35
    h ^= h >> 16
    return Int32(bitPattern: h)
  }

  /// The column of a hash, and its sign.
  static func place(_ text: String, _ columns: Int) -> (column: Int32, sign: Double) {
    let value = hash(text)
    return (Int32(Int(value.magnitude) % columns), value >= 0 ? 1 : -1)
  }
}
