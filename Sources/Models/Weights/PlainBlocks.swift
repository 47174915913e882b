/// Blocks of 32 numbers with one scale.
enum PlainBlocks {
  /// The 16 values of IQ4_NL and IQ4_XS.
  static let codebook: [Float] = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]

  static func q40(_ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>) {
    let scale = HalfPrecision.float(source, 0)
    let bytes = (source + 2).assumingMemoryBound(to: UInt8.self)
    for i in 0..<16 {
      target[i] = scale * Float(Int32(bytes[i] & 15) - 8)
      target[i + 16] = scale * Float(Int32(bytes[i] >> 4) - 8)
    }
  }

  static func q41(_ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>) {
    let scale = HalfPrecision.float(source, 0)
    let offset = HalfPrecision.float(source, 2)
    let bytes = (source + 4).assumingMemoryBound(to: UInt8.self)
    for i in 0..<16 {
      target[i] = scale * Float(bytes[i] & 15) + offset
      target[i + 16] = scale * Float(bytes[i] >> 4) + offset
    }
  }

  static func q50(_ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>) {
    let scale = HalfPrecision.float(source, 0)
    let fifth = source.loadUnaligned(fromByteOffset: 2, as: UInt32.self)
    let bytes = (source + 6).assumingMemoryBound(to: UInt8.self)
    for i in 0..<16 {
      target[i] = scale * Float(Int32(UInt32(bytes[i] & 15) | (fifth >> UInt32(i) & 1) << 4) - 16)
      target[i + 16] = scale * Float(Int32(UInt32(bytes[i] >> 4) | (fifth >> UInt32(i + 16) & 1) << 4) - 16)
    }
  }

  static func q51(_ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>) {
    let scale = HalfPrecision.float(source, 0)
    let offset = HalfPrecision.float(source, 2)
    let fifth = source.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
    let bytes = (source + 8).assumingMemoryBound(to: UInt8.self)
    for i in 0..<16 {
      target[i] = scale * Float(UInt32(bytes[i] & 15) | (fifth >> UInt32(i) & 1) << 4) + offset
      target[i + 16] = scale * Float(UInt32(bytes[i] >> 4) | (fifth >> UInt32(i + 16) & 1) << 4) + offset
    }
  }

  static func q80(_ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>) {
    let scale = HalfPrecision.float(source, 0)
    let bytes = (source + 2).assumingMemoryBound(to: Int8.self)
    for i in 0..<32 { target[i] = scale * Float(bytes[i]) }
  }

  static func iq4NL(_ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>) {
    codes((source + 2).assumingMemoryBound(to: UInt8.self), scale: HalfPrecision.float(source, 0), target)
  }

  static func codes(_ bytes: UnsafePointer<UInt8>, scale: Float, _ target: UnsafeMutablePointer<Float>) {
    codebook.withUnsafeBufferPointer { codebook in
      for i in 0..<16 {
        target[i] = scale * codebook[Int(bytes[i] & 15)]
        target[i + 16] = scale * codebook[Int(bytes[i] >> 4)]
      }
    }
  }
}
