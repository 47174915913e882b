import Foundation

/// The outcome of a statistical test.
public struct TestResult: Codable, Sendable, Hashable {
  /// The test's name, for people.
  public let name: String
  /// Its statistic.
  public let statistic: Double
  /// How probable a statistic as extreme is where there is no difference, on both sides.
  public let pValue: Double
  /// Second minus first with its interval, where the test estimates one.
  public let difference: Estimate?

  init(_ name: String, statistic: Double, pValue: Double, difference: Estimate? = nil) {
    self.name = name
    self.statistic = statistic
    self.pValue = min(1, pValue)
    self.difference = difference
  }

  /// Whether the difference is more than chance allows at a level.
  public func isSignificant(at level: Double = 0.05) -> Bool { pValue <= level }
}

/// Corrections of p-values for how many there are.
///
/// Values equal statsmodels' `multipletests`.
public enum Multiplicity: String, Codable, Sendable, Hashable, CaseIterable {
  /// No correction.
  case none
  /// Family-wise: p-values times their number.
  case bonferroni
  /// Family-wise, step by step: never less powerful than Bonferroni's (Holm, 1979).
  case holm
  /// Family-wise for independent tests: 1 - (1 - p)^n.
  case sidak
  /// Family-wise for independent tests, from the largest p-value down (Hochberg, 1988).
  case hochberg
  /// The share of false discoveries, for independent or positively dependent tests (Benjamini and Hochberg, 1995).
  case benjaminiHochberg = "benjamini_hochberg"
  /// The share of false discoveries, whatever the dependence (Benjamini and Yekutieli, 2001).
  case benjaminiYekutieli = "benjamini_yekutieli"

  /// The corrected p-values, in the order of the given ones. NaN stays NaN and does not count.
  /// - Parameter of: how many tests there were, where some of their p-values are not given (all of those larger than the given ones).
  public func adjusted(_ pValues: [Double], of tests: Int? = nil) -> [Double] {
    let order = pValues.indices.filter { !pValues[$0].isNaN }.sorted { (pValues[$0], $0) < (pValues[$1], $1) }
    let count = Double(max(order.count, tests ?? 0))
    var result = pValues
    switch self {
    case .none: return pValues
    case .bonferroni: for index in order { result[index] = min(1, pValues[index] * count) }
    case .sidak: for index in order { result[index] = Self.complementPower(pValues[index], count) }
    case .holm:
      var largest = 0.0
      for (place, index) in order.enumerated() {
        largest = max(largest, min(1, pValues[index] * (count - Double(place))))
        result[index] = largest
      }
    case .hochberg, .benjaminiHochberg, .benjaminiYekutieli:
      var least = 1.0
      let harmonic = self == .benjaminiYekutieli ? (1...max(1, Int(count))).reduce(0) { $0 + 1 / Double($1) } : 1
      for (place, index) in order.enumerated().reversed() {
        let factor = self == .hochberg ? count - Double(place) : count * harmonic / Double(place + 1)
        least = min(least, pValues[index] * factor)
        result[index] = least
      }
    }
    return result
  }

  /// 1 - (1 - p)^n without losing small p.
  private static func complementPower(_ p: Double, _ n: Double) -> Double { -expm1(n * log1p(-p)) }
}
