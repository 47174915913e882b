/// The checksum of zip archives (CRC-32, ISO 3309), eight bytes at a time.
enum CyclicRedundancy {
  // Table k holds the checksum of a byte followed by k zeros.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var value = UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
      tables[byte] = value
    }
    for position in 256..<tables.count {
      let before = tables[position - 256]
      tables[position] = before >> 8 ^ tables[Int(before & 255)]
    }
    return tables
  }()

  static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    tables.withUnsafeBufferPointer { tables in
      var value: UInt32 = 0xFFFF_FFFF
      var position = 0
      while position + 8 <= bytes.count {
        let word = bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self).littleEndian ^ UInt64(value)
        func look(_ table: Int, _ shift: UInt64) -> UInt32 { tables[table * 256 + Int(word >> shift & 255)] }
        value = look(7, 0) ^ look(6, 8) ^ look(5, 16) ^ look(4, 24)
        value ^= look(3, 32) ^ look(2, 40) ^ look(1, 48) ^ look(0, 56)
        position += 8
      }
      while position < bytes.count {
        value = value >> 8 ^ tables[Int((value ^ UInt32(bytes[position])) & 255)]
        position += 1
      }
      return ~value
    }
  }
}
