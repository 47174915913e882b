public import Charts
import MartletCore

/// How much worse a model gets where a feature's values are shuffled (Breiman, 2001; Fisher, Rudin and Dominici, 2019).
public struct PermutationImportance: Codable, Sendable, Hashable {
  /// One feature.
  public struct Feature: Codable, Sendable, Hashable {
    /// Its name.
    public let name: String
    /// By how much the score got worse, one a shuffle; below zero where it got better.
    public let drops: [Double]
    /// Their mean, with Student's interval over the shuffles.
    public let importance: Estimate
  }

  /// The metric's name.
  public let metric: String
  /// The score with all features as they are.
  public let baseline: Double
  /// The features, the most important first.
  public let features: [Feature]

  /// Shuffles each feature several times and measures again.
  /// - Parameters:
  ///   - features: the features' names.
  ///   - rows: how many rows are measured on.
  ///   - higherIsBetter: the metric's direction; `nil` looks it up in the catalogue.
  ///   - score: the score with a feature's value of row `permutation[i]` in row `i`; `nil` for all features as they are.
  /// - Throws: `MetricError` on no rows, no features and fewer than two repeats, `CancellationError` in a cancelled task, and what `score`
  ///   throws.
  public static func measure(
    features: [String], rows: Int, metric: String, higherIsBetter: Bool? = nil, repeats: Int = 5, seed: UInt64 = 0, level: Double = 0.95,
    isolation: isolated (any Actor)? = #isolation, score: ((feature: Int, permutation: [Int])?) async throws -> Double
  ) async throws -> PermutationImportance {
    guard !features.isEmpty, rows > 0, repeats >= 2 else {
      throw MetricError(
        .badArgument, "\(repeats) shuffles of \(features.count) features of \(rows) rows",
        expected: "two shuffles, one feature and one row at least")
    }
    let isHigherBetter = higherIsBetter ?? MetricInfo.named(metric)?.higherIsBetter ?? true
    let baseline = try await score(nil)
    var result: [Feature] = []
    for (index, name) in features.enumerated() {
      var drops: [Double] = []
      for time in 0..<repeats {
        try Task.checkCancellation()
        var random = KeyedRandom(seed: seed, purpose: "permutation importance", index: UInt64(index * repeats + time))
        let shuffled = try await score((index, Array(0..<rows).shuffled(using: &random)))
        drops.append(isHigherBetter ? baseline - shuffled : shuffled - baseline)
      }
      let test = try PairedTest.student(differences: drops, level: level)
      let mean = drops.reduce(0, +) / Double(repeats)
      result.append(
        Feature(
          name: name, drops: drops,
          importance: test.difference ?? Estimate(value: mean, lower: mean, upper: mean, level: level, method: .student)))
    }
    return PermutationImportance(
      metric: metric, baseline: baseline,
      features: result.sorted { ($0.importance.value, $1.name) > ($1.importance.value, $0.name) })
  }

  /// Bars with intervals, the most important first.
  public func chart(_ limit: Int = 20) -> any Chart {
    let title = MetricInfo.named(metric)?.title ?? metric
    let change = MetricInfo.named(metric)?.higherIsBetter == false ? "rise" : "fall"
    return BarChart(
      title: "What the model relies on", valueTitle: "\(change) of \(title) where shuffled",
      bars: features.prefix(limit).map { BarChart.Bar($0.name, $0.importance.value, interval: $0.importance.lower...$0.importance.upper) })
  }
}
