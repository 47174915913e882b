import MartletCore

/// Packed numbers of GGUF files, unpacked. The formulas are those of the format; results equal the reference's bit for bit.
public enum Dequantization {
  /// Unpacks whole blocks.
  /// - Parameters:
  ///   - bytes: `count / type.blockCount * type.blockBytes` bytes.
  ///   - target: room for `count` numbers.
  /// - Precondition: `count` is a multiple of `type.blockCount` and `bytes` is long enough.
  static func run(_ type: GGUFType, _ bytes: UnsafeRawBufferPointer, into target: UnsafeMutablePointer<Float>, count: Int, threads: Int) {
    let blocks = count / type.blockCount
    precondition(blocks * type.blockCount == count && bytes.count >= blocks * type.blockBytes)
    guard blocks > 0, let base = bytes.baseAddress else { return }
    // Pieces of about 64k numbers.
    let piece = max(1, 65_536 / type.blockCount)
    let source = Source(base: base, target: target)
    Parallel.forEach((blocks + piece - 1) / piece, threads: threads) { index in
      let first = index * piece
      let count = min(piece, blocks - first)
      unpack(type, source.base + first * type.blockBytes, count, source.target + first * type.blockCount)
    }
  }

  /// `@unchecked Sendable`: pieces are disjoint.
  private struct Source: @unchecked Sendable {
    let base: UnsafeRawPointer
    let target: UnsafeMutablePointer<Float>
  }

  private static func unpack(_ type: GGUFType, _ source: UnsafeRawPointer, _ blocks: Int, _ target: UnsafeMutablePointer<Float>) {
    func each(_ body: (UnsafeRawPointer, UnsafeMutablePointer<Float>) -> Void) {
      for block in 0..<blocks { body(source + block * type.blockBytes, target + block * type.blockCount) }
    }
    func plain<Number: BitwiseCopyable>(_ number: Number.Type, _ convert: (Number) -> Float) {
      for i in 0..<blocks { target[i] = convert(source.loadUnaligned(fromByteOffset: i * MemoryLayout<Number>.size, as: Number.self)) }
    }
    switch type {
    case .float32: plain(Float.self) { $0 }
    case .float16: plain(UInt16.self) { HalfPrecision.float($0) }
    case .bfloat16: plain(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
    case .float64: plain(Double.self) { Float($0) }
    case .int8: plain(Int8.self) { Float($0) }
    case .int16: plain(Int16.self) { Float($0) }
    case .int32: plain(Int32.self) { Float($0) }
    case .int64: plain(Int64.self) { Float($0) }
    case .q40: each(PlainBlocks.q40)
    case .q41: each(PlainBlocks.q41)
    case .q50: each(PlainBlocks.q50)
    case .q51: each(PlainBlocks.q51)
    case .q80: each(PlainBlocks.q80)
    case .iq4NL: each(PlainBlocks.iq4NL)
    case .iq4XS: each(NestedBlocks.iq4XS)
    case .q2K: each(NestedBlocks.q2K)
    case .q3K: each(NestedBlocks.q3K)
    case .q4K: each(NestedBlocks.q4K)
    case .q5K: each(NestedBlocks.q5K)
    case .q6K: each(NestedBlocks.q6K)
    case .q8K: each(NestedBlocks.q8K)
    }
  }
}

enum HalfPrecision {
  static func float(_ bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let exponent = UInt32(bits >> 10 & 31)
    let fraction = UInt32(bits & 1023)
    switch exponent {
    case 0: return Float(bitPattern: sign | 0x3F80_0000) * (Float(fraction) * 0x1p-24)
    case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }

  static func float(_ source: UnsafeRawPointer, _ offset: Int) -> Float {
    float(source.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }
}
