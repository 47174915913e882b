/// Blocks of 256 numbers whose parts have small scales of their own (the "K" types and IQ4_XS).
enum NestedBlocks {
  /// 16 parts of 16: two bits each, a 4-bit scale and a 4-bit offset a part.
  static func q2K(_ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>) {
    let bytes = source.assumingMemoryBound(to: UInt8.self)
    let scale = HalfPrecision.float(source, 80)
    let offset = HalfPrecision.float(source, 82)
    for part in 0..<16 {
      let own = scale * Float(bytes[part] & 15)
      let low = offset * Float(bytes[part] >> 4)
      let (half, shift) = (part / 8, UInt8(part % 8 / 2 * 2))
      let from = bytes + 16 + half * 32 + part % 2 * 16
      for i in 0..<16 { target[part * 16 + i] = own * Float(from[i] >> shift & 3) - low }
    }
  }

  /// 16 parts of 16: three bits each, a 6-bit scale a part.
  static func q3K(_ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>) {
    let bytes = source.assumingMemoryBound(to: UInt8.self)
    let packed = bytes + 96
    let scale = HalfPrecision.float(source, 108)
    for part in 0..<16 {
      let low = part < 8 ? packed[part] & 15 : packed[part - 8] >> 4
      let high = packed[8 + part % 4] >> UInt8(part / 4 * 2) & 3
      let own = scale * Float(Int32(low | high << 4) - 32)
      let (half, shift) = (part / 8, UInt8(part % 8 / 2 * 2))
      let from = bytes + 32 + half * 32 + part % 2 * 16
      let mask = bytes + part % 2 * 16
      let bit = UInt8(1) << UInt8(half * 4 + part % 8 / 2)
      for i in 0..<16 { target[part * 16 + i] = own * Float(Int32(from[i] >> shift & 3) - (mask[i] & bit == 0 ? 4 : 0)) }
    }
  }

  /// The 6-bit scale and offset of one of eight parts.
  private static func six(_ packed: UnsafePointer<UInt8>, _ part: Int) -> (scale: Float, offset: Float) {
    if part < 4 { return (Float(packed[part] & 63), Float(packed[part + 4] & 63)) }
    return (
      Float(packed[part + 4] & 15 | (packed[part - 4] >> 6) << 4), Float(packed[part + 4] >> 4 | (packed[part] >> 6) << 4)
    )
  }

  /// Eight parts of 32: four bits each, a 6-bit scale and a 6-bit offset a part.
  static func q4K(_ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>) {
    let bytes = source.assumingMemoryBound(to: UInt8.self)
    let scale = HalfPrecision.float(source, 0)
    let offset = HalfPrecision.float(source, 2)
    for part in 0..<8 {
      let six = six(bytes + 4, part)
      let (own, low) = (scale * six.scale, offset * six.offset)
      let from = bytes + 16 + part / 2 * 32
      let shift = UInt8(part % 2 * 4)
      for i in 0..<32 { target[part * 32 + i] = own * Float(from[i] >> shift & 15) - low }
    }
  }

  /// The same with five bits.
  static func q5K(_ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>) {
    let bytes = source.assumingMemoryBound(to: UInt8.self)
    let scale = HalfPrecision.float(source, 0)
    let offset = HalfPrecision.float(source, 2)
    let fifth = bytes + 16
    for part in 0..<8 {
      let six = six(bytes + 4, part)
      let (own, low) = (scale * six.scale, offset * six.offset)
      let from = bytes + 48 + part / 2 * 32
      let shift = UInt8(part % 2 * 4)
      for i in 0..<32 {
        target[part * 32 + i] = own * Float(from[i] >> shift & 15 | (fifth[i] >> UInt8(part) & 1) << 4) - low
      }
    }
  }

  /// 16 parts of 16: six bits each, an 8-bit scale a part.
  static func q6K(_ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>) {
    let bytes = source.assumingMemoryBound(to: UInt8.self)
    let scales = (source + 192).assumingMemoryBound(to: Int8.self)
    let scale = HalfPrecision.float(source, 208)
    for part in 0..<16 {
      let own = scale * Float(scales[part])
      // Within 128 numbers, each group of 32 takes its own nibble and its own two bits.
      let (half, group) = (part / 8, part % 8 / 2)
      let low = bytes + half * 64 + group % 2 * 32 + part % 2 * 16
      let high = bytes + 128 + half * 32 + part % 2 * 16
      for i in 0..<16 {
        let nibble = low[i] >> UInt8(group / 2 * 4) & 15
        let two = high[i] >> UInt8(group * 2) & 3
        target[part * 16 + i] = own * Float(Int32(nibble | two << 4) - 32)
      }
    }
  }

  /// Bytes with one scale.
  static func q8K(_ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>) {
    let scale = source.loadUnaligned(as: Float.self)
    let bytes = (source + 4).assumingMemoryBound(to: Int8.self)
    for i in 0..<256 { target[i] = scale * Float(bytes[i]) }
  }

  /// Eight parts of 32 values of the codebook, a 6-bit scale a part.
  static func iq4XS(_ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>) {
    let bytes = source.assumingMemoryBound(to: UInt8.self)
    let scale = HalfPrecision.float(source, 0)
    let high = source.loadUnaligned(fromByteOffset: 2, as: UInt16.self)
    for part in 0..<8 {
      let low = UInt16(bytes[4 + part / 2] >> UInt8(part % 2 * 4) & 15)
      let own = scale * Float(Int32(low | (high >> UInt16(part * 2) & 3) << 4) - 32)
      PlainBlocks.codes(bytes + 8 + part * 16, scale: own, target + part * 32)
    }
  }
}
