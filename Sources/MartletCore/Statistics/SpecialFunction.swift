import Foundation

/// The functions that distributions are made of.
package enum SpecialFunction {
  /// The regularised incomplete beta function, by its continued fraction (DLMF 8.17.22, Lentz's method): to about 1e-13 of its value.
  package static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    if x.isNaN { return .nan }
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(1 - x, b, a) }
    let scale: Double = lgamma(a + b) - lgamma(a) - lgamma(b)
    let front: Double = exp(scale + a * log(x) + b * log1p(-x)) / a
    var c = 1.0
    var d = 1 / away(1 - (a + b) * x / (a + 1))
    var fraction = d
    for step in 1...10_000 {
      let m = Double(step)
      let twice: Double = a + 2 * m
      let even: Double = m * (b - m) * x / ((twice - 1) * twice)
      d = 1 / away(1 + even * d)
      c = away(1 + even / c)
      fraction *= d * c
      let odd: Double = -(a + m) * (a + b + m) * x / (twice * (twice + 1))
      d = 1 / away(1 + odd * d)
      c = away(1 + odd / c)
      fraction *= d * c
      if abs(d * c - 1) < 1e-16 { break }
    }
    return min(max(front * fraction, 0), 1)
  }

  /// The regularised upper incomplete gamma function: a series below, a continued fraction above (Lentz), as in DLMF 8.11 and 8.9.
  package static func upperGamma(_ a: Double, _ x: Double) -> Double {
    if x.isNaN { return .nan }
    guard x > 0 else { return 1 }
    guard x < .infinity else { return 0 }
    let scale = exp(a * log(x) - x - lgamma(a))
    if x < a + 1 {
      var term = 1 / a, sum = term, n = a
      while abs(term) > abs(sum) * 1e-17 {
        n += 1
        term *= x / n
        sum += term
      }
      return 1 - sum * scale
    }
    var b = x + 1 - a, c = 1 / 1e-300, d = 1 / b, h = d, i = 1.0
    while i < 10_000 {
      let an = -i * (i - a)
      b += 2
      d = 1 / away(an * d + b)
      c = away(b + an / c)
      let step = d * c
      h *= step
      if abs(step - 1) < 1e-16 { break }
      i += 1
    }
    return h * scale
  }

  /// The logarithm of how many ways there are to choose `k` of `n`.
  package static func logChoose(_ n: Int, _ k: Int) -> Double {
    lgamma(Double(n) + 1) - lgamma(Double(k) + 1) - lgamma(Double(n - k) + 1)
  }

  private static func away(_ value: Double) -> Double { abs(value) < 1e-300 ? 1e-300 : value }
}
