import Foundation
import MartletCore

extension KeyedRandom {
  /// A standard normal number (Box and Muller, 1958).
  mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return radius * cos(2 * Double.pi * uniform())
  }

  /// The logarithm of a number from the gamma distribution of the given shape and scale 1 (Marsaglia and Tsang, 2000).
  ///
  /// The logarithm, because numbers of a small shape are often too small for a `Double`.
  mutating func logGamma(shape: Double) -> Double {
    guard shape >= 1 else {
      let base = logGamma(shape: shape + 1)
      return base + log(1 - uniform()) / shape
    }
    let d = shape - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = normal()
      let root = 1 + c * x
      guard root > 0 else { continue }
      let v = root * root * root
      if log(1 - uniform()) < 0.5 * x * x + d - d * v + d * log(v) { return log(d) + log(v) }
    }
  }

  /// A number from the beta distribution.
  mutating func beta(_ a: Double, _ b: Double) -> Double {
    let x = logGamma(shape: a)
    let y = logGamma(shape: b)
    return 1 / (1 + exp(y - x))
  }
}
