import Foundation

/// Distribution functions that tests and intervals need: to about 1e-13 of their value.
enum Distribution {
  /// P(|Z| ≥ |z|) for a standard normal Z.
  static func normalTwoSided(_ z: Double) -> Double { erfc(abs(z) / 2.0.squareRoot()) }

  /// P(Z ≥ z) for a standard normal Z.
  static func normalUpper(_ z: Double) -> Double { erfc(z / 2.0.squareRoot()) / 2 }

  /// P(|T| ≥ |t|) for Student's T.
  static func studentTwoSided(_ t: Double, degrees: Double) -> Double {
    guard t.isFinite else { return t.isNaN ? .nan : 0 }
    return incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5)
  }

  /// P(T ≥ t) for Student's T.
  static func studentUpper(_ t: Double, degrees: Double) -> Double {
    let both = studentTwoSided(t, degrees: degrees)
    return t >= 0 ? both / 2 : 1 - both / 2
  }

  /// P(F ≥ f) for Fisher's F.
  static func fisherUpper(_ f: Double, _ first: Double, _ second: Double) -> Double {
    guard f > 0 else { return f.isNaN ? .nan : 1 }
    guard f.isFinite else { return 0 }
    return incompleteBeta(second / (second + first * f), second / 2, first / 2)
  }

  /// P(X ≥ x) for χ² with one degree of freedom.
  static func chiSquaredUpper(_ x: Double) -> Double { x > 0 ? erfc((x / 2).squareRoot()) : x.isNaN ? .nan : 1 }

  /// The value below which a share of Student's distribution lies, by bisection on the distribution function.
  static func studentQuantile(_ probability: Double, degrees: Double) -> Double {
    guard probability > 0, probability < 1, degrees > 0 else { return .nan }
    if probability == 0.5 { return 0 }
    if probability < 0.5 { return -studentQuantile(1 - probability, degrees: degrees) }
    let tail = 1 - probability
    var low = 0.0, high = 1.0
    while studentUpper(high, degrees: degrees) > tail, high < 1e300 { high *= 2 }
    for _ in 0..<200 where high - low > 1e-15 * high {
      let middle = (low + high) / 2
      if studentUpper(middle, degrees: degrees) > tail { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// The regularised incomplete beta function, by its continued fraction (Lentz's method, as in Press et al., Numerical Recipes 6.4).
  static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    if x.isNaN { return .nan }
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(1 - x, b, a) }
    let scale: Double = lgamma(a + b) - lgamma(a) - lgamma(b)
    let front: Double = exp(scale + a * log(x) + b * log1p(-x)) / a
    func away(_ value: Double) -> Double { abs(value) < 1e-300 ? 1e-300 : value }
    var c = 1.0
    var d = 1 / away(1 - (a + b) * x / (a + 1))
    var fraction = d
    for step in 1...1000 {
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
    return front * fraction
  }

  /// P(X ≥ k) where X of `drawn` rows, drawn without replacement from `total` of which `marked` are marked, are marked.
  static func hypergeometricUpper(_ k: Int, drawn: Int, marked: Int, total: Int) -> Double {
    let lowest = max(0, drawn + marked - total), highest = min(drawn, marked)
    if k <= lowest { return 1 }
    if k > highest { return 0 }
    func logChoose(_ n: Int, _ k: Int) -> Double { lgamma(Double(n) + 1) - lgamma(Double(k) + 1) - lgamma(Double(n - k) + 1) }
    // The terms follow from each other; the sum stops where nothing is added any more, beyond the mode.
    var term = exp(logChoose(marked, k) + logChoose(total - marked, drawn - k) - logChoose(total, drawn))
    var sum = term
    var i = k
    while i < highest {
      let up = Double(marked - i) * Double(drawn - i)
      let down = Double(i + 1) * Double(total - marked - drawn + i + 1)
      term *= up / down
      sum += term
      i += 1
      if term < sum * 1e-17, up < down { break }
    }
    return min(1, sum)
  }
}
