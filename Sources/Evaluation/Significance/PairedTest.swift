import Foundation
import MartletCore

/// Tests of two models on the same rows or the same folds. `second - first` is the difference that is tested against zero.
public enum PairedTest {
  /// How McNemar's test finds its p-value.
  public enum McNemarKind: String, Codable, Sendable, Hashable {
    /// From the binomial distribution.
    case exact
    /// From χ² with Edwards's correction for continuity.
    case corrected
    /// From χ².
    case plain
  }

  /// McNemar's test: are the rows that only one of both gets right split evenly? (McNemar, 1947)
  public static func mcNemar(onlyFirstRight: Int, onlySecondRight: Int, kind: McNemarKind = .exact) -> TestResult {
    let a = Double(onlyFirstRight), b = Double(onlySecondRight)
    switch kind {
    case .exact:
      let test = EvaluationComparison.McNemar(onlyFirstRight: onlyFirstRight, onlySecondRight: onlySecondRight)
      return TestResult("McNemar, exact", statistic: min(a, b), pValue: test.pValue)
    case .corrected, .plain:
      guard a + b > 0 else { return TestResult("McNemar", statistic: 0, pValue: 1) }
      let away = kind == .corrected ? abs(a - b) - 1 : abs(a - b)
      let statistic = away * away / (a + b)
      return TestResult(
        kind == .corrected ? "McNemar, corrected" : "McNemar", statistic: statistic, pValue: Probability.chiSquaredUpper(statistic))
    }
  }

  /// McNemar's test on predicted classes.
  /// - Throws: `MetricError` on no rows and different lengths.
  public static func mcNemar(
    truth: [Int], first: [Int], second: [Int], kind: McNemarKind = .exact
  ) throws(MetricError) -> TestResult {
    try Check.rows(truth.count, first.count)
    try Check.rows(truth.count, second.count)
    var a = 0, b = 0
    for row in truth.indices {
      if first[row] == truth[row], second[row] != truth[row] { a += 1 }
      if first[row] != truth[row], second[row] == truth[row] { b += 1 }
    }
    return mcNemar(onlyFirstRight: a, onlySecondRight: b, kind: kind)
  }

  /// DeLong's test of two areas under ROC curves on the same rows (DeLong, DeLong and Clarke-Pearson, 1988), in O(n log n).
  /// - Throws: as `Metrics.auc`.
  public static func deLong<Score: BinaryFloatingPoint>(
    _ isPositive: [Bool], first: [Score], second: [Score], level: Double = 0.95
  ) throws(MetricError) -> TestResult {
    let one = try DeLong.components(isPositive, first), two = try DeLong.components(isPositive, second)
    let positives = Double(isPositive.count { $0 }), negatives = Double(isPositive.count) - positives
    var variances = (0.0, 0.0)
    for row in isPositive.indices {
      let away = two.placements[row] - two.area - (one.placements[row] - one.area)
      if isPositive[row] { variances.0 += away * away } else { variances.1 += away * away }
    }
    let variance =
      variances.0 / max(positives - 1, 1) / positives + variances.1 / max(negatives - 1, 1) / negatives
    let difference = two.area - one.area
    let deviation = variance.squareRoot()
    let z = deviation > 0 ? difference / deviation : difference == 0 ? 0 : difference * .infinity
    let half = Probability.normalQuantile(0.5 + level / 2) * deviation
    return TestResult(
      "DeLong", statistic: z, pValue: Probability.normalTwoSided(z),
      difference: Estimate(value: difference, lower: difference - half, upper: difference + half, level: level, method: .delong))
  }

  /// A bootstrap of the rows: the difference of any metric with its interval, and how often it crosses zero.
  /// - Parameter metric: the metric of each model on rows that are given by their numbers, some of them several times.
  /// - Throws: `MetricError` on no rows and bad options.
  public static func bootstrap(
    rows: Int, options: IntervalOptions = IntervalOptions(), metric: (_ rows: [Int]) -> (first: Double, second: Double)
  ) throws(MetricError) -> TestResult {
    try options.check()
    try Check.rows(rows)
    let whole = metric(Array(0..<rows))
    var draws: [Double] = []
    var chosen = [Int](repeating: 0, count: rows)
    for resample in 0..<options.resamples {
      var random = KeyedRandom(seed: options.seed, purpose: "paired bootstrap rows", index: UInt64(resample))
      for place in 0..<rows { chosen[place] = Int(random.next(upperBound: UInt64(rows))) }
      let values = metric(chosen)
      if !(values.second - values.first).isNaN { draws.append(values.second - values.first) }
    }
    let difference = Intervals.percentiles(draws, value: whole.second - whole.first, level: options.level)
    let count = Double(draws.count)
    let below = (Double(draws.count { $0 <= 0 }) + 1) / (count + 1), above = (Double(draws.count { $0 >= 0 }) + 1) / (count + 1)
    return TestResult(
      "paired bootstrap", statistic: difference.value, pValue: draws.isEmpty ? .nan : 2 * min(below, above), difference: difference)
  }

  /// The permutation test of differences, one a row: their signs are turned at random; all of them where there are at most 16 rows.
  /// - Throws: `MetricError` on no rows and NaN.
  public static func permutation(differences: [Double], permutations: Int = 10_000, seed: UInt64 = 0) throws(MetricError) -> TestResult {
    try check(differences, least: 1)
    let count = differences.count
    let sum = differences.reduce(0, +)
    let size = differences.reduce(0) { $0 + abs($1) }
    // Sums that differ by rounding only are equal.
    let limit = abs(sum) - 1e-12 * size
    if count <= 16 {
      var extreme = 0
      for signs in 0..<(1 << count) {
        var turned = 0.0
        for (index, difference) in differences.enumerated() { turned += signs >> index & 1 == 1 ? -difference : difference }
        if abs(turned) >= limit { extreme += 1 }
      }
      return TestResult("permutation, exact", statistic: sum / Double(count), pValue: Double(extreme) / Double(1 << count))
    }
    var extreme = 1
    for permutation in 0..<permutations {
      var random = KeyedRandom(seed: seed, purpose: "sign permutation", index: UInt64(permutation))
      var turned = 0.0, bits: UInt64 = 0
      for (index, difference) in differences.enumerated() {
        if index & 63 == 0 { bits = random.next() }
        turned += bits & 1 == 1 ? -difference : difference
        bits >>= 1
      }
      if abs(turned) >= limit { extreme += 1 }
    }
    return TestResult("permutation", statistic: sum / Double(count), pValue: Double(extreme) / Double(permutations + 1))
  }

  static func check(_ differences: [Double], least: Int) throws(MetricError) {
    guard differences.count >= least else {
      throw MetricError(.empty, "there are \(differences.count) differences", expected: "at least \(least)")
    }
    if let row = differences.firstIndex(where: { !$0.isFinite }) {
      throw MetricError(.notANumber, row: row, "the difference of row \(row) is \(differences[row])", expected: "finite numbers")
    }
  }
}
