import Foundation

/// Distribution functions that tests and intervals need: to about 1e-13 of their value.
package enum Probability {
  /// P(|Z| ≥ |z|) for a standard normal Z.
  package static func normalTwoSided(_ z: Double) -> Double { erfc(abs(z) / 2.0.squareRoot()) }

  /// P(Z ≥ z) for a standard normal Z.
  package static func normalUpper(_ z: Double) -> Double { erfc(z / 2.0.squareRoot()) / 2 }

  /// P(|T| ≥ |t|) for Student's T.
  package static func studentTwoSided(_ t: Double, degrees: Double) -> Double {
    guard t.isFinite else { return t.isNaN ? .nan : 0 }
    return SpecialFunction.incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5)
  }

  /// P(T ≥ t) for Student's T.
  package static func studentUpper(_ t: Double, degrees: Double) -> Double {
    let both = studentTwoSided(t, degrees: degrees)
    return t >= 0 ? both / 2 : 1 - both / 2
  }

  /// P(F ≥ f) for Fisher's F.
  package static func fisherUpper(_ f: Double, _ first: Double, _ second: Double) -> Double {
    guard f > 0 else { return f.isNaN ? .nan : 1 }
    guard f.isFinite else { return 0 }
    return SpecialFunction.incompleteBeta(second / (second + first * f), second / 2, first / 2)
  }

  /// P(X ≥ x) for χ².
  package static func chiSquaredUpper(_ x: Double, degrees: Int = 1) -> Double {
    if x.isNaN { return .nan }
    guard x > 0, degrees > 0 else { return 1 }
    return degrees == 1 ? erfc((x / 2).squareRoot()) : SpecialFunction.upperGamma(Double(degrees) / 2, x / 2)
  }

  /// P(X ≥ successes) where each of `trials` succeeds with probability `rate`.
  package static func binomialUpper(_ successes: Int, of trials: Int, rate: Double) -> Double {
    guard successes > 0 else { return 1 }
    guard successes <= trials, rate > 0 else { return 0 }
    guard rate < 1 else { return 1 }
    return SpecialFunction.incompleteBeta(rate, Double(successes), Double(trials - successes + 1))
  }

  /// P(X ≥ k) where X of `drawn` rows, drawn without replacement from `total` of which `marked` are marked, are marked.
  package static func hypergeometricUpper(_ k: Int, drawn: Int, marked: Int, total: Int) -> Double {
    let lowest = max(0, drawn + marked - total), highest = min(drawn, marked)
    if k <= lowest { return 1 }
    if k > highest { return 0 }
    // The terms follow from each other; the sum stops where nothing is added any more, beyond the mode.
    var term = exp(
      SpecialFunction.logChoose(marked, k) + SpecialFunction.logChoose(total - marked, drawn - k) - SpecialFunction.logChoose(total, drawn))
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

  // Quantiles ---------------------------------------------------------------------------------------------------------------------------

  /// The quantile of the standard normal distribution.
  ///
  /// Acklam's rational approximation, made exact by two steps of Halley's method.
  package static func normalQuantile(_ p: Double) -> Double {
    if p.isNaN || p < 0 || p > 1 { return .nan }
    if p == 0 { return -.infinity }
    if p == 1 { return .infinity }
    if p > 0.5 {
      // 1 - p is exact here, and the lower tail keeps its digits.
      return -normalQuantile(1 - p)
    }
    let a = [
      -3.969683028665376e+01, 2.209460984245205e+02, -2.759285104469687e+02, 1.383577518672690e+02, -3.066479806614716e+01,
      2.506628277459239e+00,
    ]
    let b = [-5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02, 6.680131188771972e+01, -1.328068155288572e+01]
    let c = [
      -7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00, -2.549732539343734e+00, 4.374664141464968e+00,
      2.938163982698783e+00,
    ]
    let d = [7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00, 3.754408661907416e+00]
    var x: Double
    if p < 0.02425 {
      let q = (-2 * log(p)).squareRoot()
      let top = ((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]
      x = top / ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1)
    } else {
      let q = p - 0.5, r = q * q
      let top = (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q
      x = top / (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1)
    }
    for _ in 0..<2 {
      let error = 0.5 * erfc(-x / 2.0.squareRoot()) - p
      let step = error * (2 * Double.pi).squareRoot() * exp(x * x / 2)
      x -= step / (1 + x * step / 2)
    }
    return x
  }

  /// The value below which a share of Student's distribution lies, by bisection on the distribution function.
  package static func studentQuantile(_ probability: Double, degrees: Double) -> Double {
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
}
