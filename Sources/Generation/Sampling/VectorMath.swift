import CGeneration

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Passes over a vocabulary's scores by the machine's widest registers. Sums are taken in a fixed order, so they repeat exactly, on every
/// machine.
enum VectorMath {
  /// The largest score and whether every score is a number below positive infinity.
  static func maximum(_ scores: UnsafeBufferPointer<Float>) -> (value: Float, isValid: Bool) {
    guard let base = scores.baseAddress else { return (-.infinity, true) }
    var valid: Int32 = 0
    let value = cg_scores_maximum(base, Int64(scores.count), &valid)
    return (value, valid == 1)
  }

  /// Σ exp(score − shift).
  static func sumOfExponentials(_ scores: UnsafeBufferPointer<Float>, shift: Float) -> Double {
    scores.baseAddress.map { cg_scores_sum($0, Int64(scores.count), shift) } ?? 0
  }

  /// log Σ exp(score), the largest score taken out first.
  static func logSumExp(_ scores: UnsafeBufferPointer<Float>) -> Float {
    let shift = maximum(scores).value
    guard shift > -.infinity else { return shift }
    return shift + Float(log(sumOfExponentials(scores, shift: shift)))
  }
}
