#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Passes over a vocabulary's scores, sixteen at a time. Sums are taken in a fixed order, so they repeat exactly.
enum VectorMath {
  typealias Lanes = SIMD16<Float>

  /// exp by range reduction to ±ln 2 / 2 and a polynomial of degree six; 0 below −87, relative error under 2e-7.
  @inline(__always) static func exp(_ x: Lanes) -> Lanes {
    let clamped = x.clamped(lowerBound: Lanes(repeating: -87.5), upperBound: Lanes(repeating: 88))
    // Adding and subtracting 1.5 · 2^23 rounds to the nearest integer.
    let magic = Lanes(repeating: 12_582_912)
    let rounded = clamped * 1.442_695_04 + magic
    let n = rounded - magic
    let r = (clamped - n * 0.693_359_375) + n * 2.121_944_4e-4
    var p = Lanes(repeating: 1.987_569_15e-4)
    p = p * r + 1.398_199_95e-3
    p = p * r + 8.333_451_9e-3
    p = p * r + 4.166_579_6e-2
    p = p * r + 1.666_666_5e-1
    p = p * r + 0.5
    p = p * r * r + r + 1
    // The low bits of the sum are the integer itself.
    let exponent = (unsafeBitCast(rounded, to: SIMD16<Int32>.self) &- 0x4B40_0000 &+ 127) &<< 23
    let scaled = p * unsafeBitCast(exponent, to: Lanes.self)
    return scaled.replacing(with: 0, where: x .< -87)
  }

  /// The largest score and whether every score is a number below positive infinity.
  static func maximum(_ scores: UnsafeBufferPointer<Float>) -> (value: Float, isValid: Bool) {
    let blocks = scores.count / 16
    var value = -Float.infinity
    var valid = true
    if blocks > 0, let base = UnsafeRawPointer(scores.baseAddress) {
      var best = Lanes(repeating: -.infinity)
      var invalid = SIMDMask<SIMD16<Int32>>(repeating: false)
      for block in 0..<blocks {
        let x = base.loadUnaligned(fromByteOffset: block * 64, as: Lanes.self)
        invalid = invalid .| .!(x .< .infinity)
        best.replace(with: x, where: x .> best)
      }
      value = best.max()
      valid = !any(invalid)
    }
    for index in blocks * 16..<scores.count {
      value = max(value, scores[index])
      if !(scores[index] < .infinity) { valid = false }
    }
    return (value, valid)
  }

  /// Σ exp(score − shift).
  static func sumOfExponentials(_ scores: UnsafeBufferPointer<Float>, shift: Float) -> Double {
    var total = 0.0
    let blocks = scores.count / 16
    if blocks > 0, let base = UnsafeRawPointer(scores.baseAddress) {
      // Partial sums of 64 blocks stay accurate in 32 bits.
      var block = 0
      while block < blocks {
        let end = min(block + 64, blocks)
        var sum = Lanes.zero
        while block < end {
          sum += exp(base.loadUnaligned(fromByteOffset: block * 64, as: Lanes.self) - shift)
          block += 1
        }
        total += Double(sum.sum())
      }
    }
    for index in blocks * 16..<scores.count { total += Double(expf(scores[index] - shift)) }
    return total
  }

  /// log Σ exp(score), the largest score taken out first.
  static func logSumExp(_ scores: UnsafeBufferPointer<Float>) -> Float {
    let shift = maximum(scores).value
    guard shift > -.infinity else { return shift }
    return shift + Float(log(sumOfExponentials(scores, shift: shift)))
  }
}
