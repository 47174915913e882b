import Foundation

/// Tail probabilities for the tests of data checks.
enum Tail {
  /// P(X >= x) of the chi-squared distribution.
  static func chiSquared(_ x: Double, degrees: Int) -> Double {
    guard x > 0, degrees > 0 else { return 1 }
    return upperGamma(Double(degrees) / 2, x / 2)
  }

  /// P(X >= successes) of the binomial distribution.
  static func binomial(atLeast successes: Int, of trials: Int, rate: Double) -> Double {
    guard successes > 0 else { return 1 }
    guard successes <= trials, rate > 0 else { return 0 }
    guard rate < 1 else { return 1 }
    return beta(rate, Double(successes), Double(trials - successes + 1))
  }

  /// The regularised upper incomplete gamma function: a series below, a continued fraction above (Lentz), as in DLMF 8.11 and 8.9.
  static func upperGamma(_ a: Double, _ x: Double) -> Double {
    guard x > 0 else { return 1 }
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
      d = 1 / guarded(an * d + b)
      c = guarded(b + an / c)
      let step = d * c
      h *= step
      if abs(step - 1) < 1e-16 { break }
      i += 1
    }
    return h * scale
  }

  /// The regularised incomplete beta function by its continued fraction (DLMF 8.17.22).
  static func beta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    guard x > 0 else { return 0 }
    guard x < 1 else { return 1 }
    if x > (a + 1) / (a + b + 2) { return 1 - beta(1 - x, b, a) }
    let scale = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    var c = 1.0, d = 1 / guarded(1 - (a + b) * x / (a + 1)), h = d, m = 1.0
    while m < 10_000 {
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      d = 1 / guarded(1 + even * d)
      c = guarded(1 + even / c)
      h *= d * c
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      d = 1 / guarded(1 + odd * d)
      c = guarded(1 + odd / c)
      let step = d * c
      h *= step
      if abs(step - 1) < 1e-16 { break }
      m += 1
    }
    return min(max(h * scale, 0), 1)
  }

  private static func guarded(_ value: Double) -> Double { abs(value) < 1e-300 ? 1e-300 : value }

  /// The chi-squared test of homogeneity between two rows of counts; cells that expect fewer than five are pooled.
  /// - Returns: 1 where there is nothing to compare.
  static func homogeneity(_ first: [Double], _ second: [Double]) -> Double {
    let a = first.reduce(0, +), b = second.reduce(0, +)
    guard a > 0, b > 0 else { return 1 }
    let smaller = min(a, b) / (a + b)
    var cells: [(Double, Double)] = [], rest = (0.0, 0.0)
    for (x, y) in zip(first, second) where x + y > 0 {
      if (x + y) * smaller >= 5 {
        cells.append((x, y))
      } else {
        rest.0 += x
        rest.1 += y
      }
    }
    if (rest.0 + rest.1) * smaller >= 5 {
      cells.append(rest)
    } else if let last = cells.indices.last {
      cells[last].0 += rest.0
      cells[last].1 += rest.1
    }
    guard cells.count > 1 else { return 1 }
    let statistic = cells.reduce(0.0) { sum, cell in
      let total = cell.0 + cell.1
      let (ea, eb) = (total * a / (a + b), total * b / (a + b))
      return sum + (cell.0 - ea) * (cell.0 - ea) / ea + (cell.1 - eb) * (cell.1 - eb) / eb
    }
    return chiSquared(statistic, degrees: cells.count - 1)
  }
}
