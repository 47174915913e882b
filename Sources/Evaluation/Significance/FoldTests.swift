import Foundation
import MartletCore

extension PairedTest {
  /// Wilcoxon's signed-rank test: are the differences as often and as far above zero as below? (Wilcoxon, 1945)
  ///
  /// Differences of zero are left out. Exact up to 50 differences without ties, by the normal distribution with the correction for ties
  /// otherwise, as in SciPy.
  /// - Throws: `MetricError` on no differences and NaN.
  public static func wilcoxon(differences: [Double]) throws(MetricError) -> TestResult {
    try check(differences, least: 1)
    let used = differences.filter { $0 != 0 }
    guard !used.isEmpty else { return TestResult("Wilcoxon signed rank", statistic: 0, pValue: 1) }
    let order = used.indices.sorted { abs(used[$0]) < abs(used[$1]) }
    var above = 0.0, below = 0.0, tieTerm = 0.0
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, abs(used[order[end]]) == abs(used[order[start]]) { end += 1 }
      let rank = Double(start + end + 1) / 2
      for index in order[start..<end] { if used[index] > 0 { above += rank } else { below += rank } }
      let size = Double(end - start)
      tieTerm += size * size * size - size
      start = end
    }
    let count = used.count, n = Double(used.count)
    let statistic = min(above, below)
    if count <= 50, tieTerm == 0, used.count == differences.count {
      // How many subsets of the ranks have each sum.
      var ways = [Double](repeating: 0, count: count * (count + 1) / 2 + 1)
      ways[0] = 1
      for rank in 1...count { for sum in stride(from: ways.count - 1, through: rank, by: -1) { ways[sum] += ways[sum - rank] } }
      let tail = ways[0...Int(statistic)].reduce(0, +) / pow(2, n)
      return TestResult("Wilcoxon signed rank, exact", statistic: statistic, pValue: 2 * tail)
    }
    let mean = n * (n + 1) / 4
    let variance = n * (n + 1) * (2 * n + 1) / 24 - tieTerm / 48
    let z = variance > 0 ? (statistic - mean) / variance.squareRoot() : 0
    return TestResult("Wilcoxon signed rank", statistic: statistic, pValue: Probability.normalTwoSided(z))
  }

  /// Student's t test of differences that do not depend on each other.
  /// - Throws: `MetricError` on fewer than two differences and NaN.
  public static func student(differences: [Double], level: Double = 0.95) throws(MetricError) -> TestResult {
    try tTest("paired t", differences, factor: 1 / Double(max(1, differences.count)), level: level, method: .student)
  }

  /// The t test of differences over the folds of a cross-validation, whose training rows overlap: the variance is made larger by the ratio
  /// of test to training rows (Nadeau and Bengio, "Inference for the generalization error", 2003).
  /// - Parameter testToTrain: test rows over training rows of a fold, 1/4 for five folds.
  /// - Throws: `MetricError` on fewer than two differences, NaN and a ratio below zero.
  public static func correctedResampledT(
    differences: [Double], testToTrain: Double, level: Double = 0.95
  ) throws(MetricError) -> TestResult {
    guard testToTrain >= 0 else {
      throw MetricError(.badArgument, "a ratio of test to training rows of \(testToTrain)", expected: "0 or more")
    }
    let factor = 1 / Double(max(1, differences.count)) + testToTrain
    return try tTest("corrected resampled t", differences, factor: factor, level: level, method: .correctedResampledT)
  }

  private static func tTest(
    _ name: String, _ differences: [Double], factor: Double, level: Double, method: Estimate.Method
  ) throws(MetricError) -> TestResult {
    try check(differences, least: 2)
    let n = Double(differences.count)
    let mean = differences.reduce(0, +) / n
    let variance = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1)
    let deviation = (variance * factor).squareRoot()
    let t = deviation > 0 ? mean / deviation : mean == 0 ? 0 : mean * .infinity
    let half = Probability.studentQuantile(0.5 + level / 2, degrees: n - 1) * deviation
    return TestResult(
      name, statistic: t, pValue: Probability.studentTwoSided(t, degrees: n - 1),
      difference: Estimate(value: mean, lower: mean - half, upper: mean + half, level: level, method: method))
  }

  /// Dietterich's 5×2 cross-validation t test ("Approximate statistical tests for comparing supervised classification learning algorithms",
  /// 1998): five repetitions of two halves.
  /// - Parameter differences: five pairs: second minus first on each half.
  /// - Throws: `MetricError` if there are not five pairs of finite numbers.
  public static func fiveByTwoT(differences: [[Double]]) throws(MetricError) -> TestResult {
    let variance = try fiveByTwoVariances(differences).reduce(0, +) / 5
    let t = variance > 0 ? differences[0][0] / variance.squareRoot() : differences[0][0] == 0 ? 0 : differences[0][0] * .infinity
    return TestResult("5x2cv t", statistic: t, pValue: Probability.studentTwoSided(t, degrees: 5))
  }

  /// Alpaydin's combined 5×2 cross-validation F test ("Combined 5×2 cv F test for comparing supervised classification learning algorithms",
  /// 1999), which does not depend on the order of the pairs.
  /// - Parameter differences: five pairs: second minus first on each half.
  /// - Throws: `MetricError` if there are not five pairs of finite numbers.
  public static func fiveByTwoF(differences: [[Double]]) throws(MetricError) -> TestResult {
    let variance = try fiveByTwoVariances(differences).reduce(0, +)
    let squares = differences.joined().reduce(0) { $0 + $1 * $1 }
    let f = variance > 0 ? squares / (2 * variance) : squares == 0 ? 0 : .infinity
    return TestResult("5x2cv F", statistic: f, pValue: Probability.fisherUpper(f, 10, 5))
  }

  private static func fiveByTwoVariances(_ differences: [[Double]]) throws(MetricError) -> [Double] {
    guard differences.count == 5, differences.allSatisfy({ $0.count == 2 }) else {
      throw MetricError(.lengthMismatch, "there are \(differences.count) repetitions", expected: "five, of two differences each")
    }
    try check(Array(differences.joined()), least: 10)
    return differences.map { pair in
      let mean = (pair[0] + pair[1]) / 2
      return (pair[0] - mean) * (pair[0] - mean) + (pair[1] - mean) * (pair[1] - mean)
    }
  }
}
