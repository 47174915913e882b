public import Evaluation
import MartletCore

/// Several pipelines on the same folds: which is best, and whether the others are worse beyond chance.
public struct CandidateComparison: Sendable, Hashable, Codable {
  /// One pipeline beside the best.
  public struct Row: Sendable, Hashable, Codable {
    public let name: String
    /// Mean over the folds with its interval; `nil` where the pipeline could not learn or the metric is not defined.
    public let score: Estimate?
    /// All metrics of the folds.
    public let metrics: [String: Estimate]
    /// The best one minus this, fold by fold: the corrected resampled t test; `nil` for the best itself and where there are no folds.
    public let test: TestResult?
    /// Its p-value, corrected for how many pipelines are compared (Holm).
    public let adjustedPValue: Double?
    public let problem: String?
    public let seconds: Double
  }

  public let metric: String
  public let higherIsBetter: Bool
  /// In the order of the candidates.
  public let rows: [Row]
  /// The place of the best.
  public let best: Int

  /// - Throws: `ArgumentError` if the metric is unknown, or no pipeline could learn (in the words of the first).
  public init(_ results: [CandidateResult], metric: String, level: Double = 0.95) throws {
    self.metric = metric
    let isHigherBetter = try PipelineScores.higherIsBetter(metric)
    higherIsBetter = isHigherBetter
    let scores = results.map { $0.summary?.metrics[metric] }
    let usable = scores.indices.filter { scores[$0] != nil }
    func value(_ place: Int) -> Double { scores[place].map { isHigherBetter ? $0.value : -$0.value } ?? -.infinity }
    guard let best = usable.max(by: { (value($0), -$0) < (value($1), -$1) }) else {
      if let problem = results.compactMap(\.problem).first {
        throw ArgumentError(results.count == 1 ? problem : "no model could learn: \(problem)")
      }
      throw ArgumentError(
        "'\(metric)' is not defined on the folds",
        expected: "one of \(results.first?.summary?.metrics.keys.sorted().joined(separator: ", ") ?? "")",
        remedy: "select: {metric: …}, or fewer folds")
    }
    self.best = best
    let winner = results[best].summary
    let tests = results.indices.map { place -> TestResult? in
      guard place != best, let winner, winner.folds.count > 1, let other = results[place].summary else { return nil }
      return try? other.compared(with: winner, metric: metric, level: level)
    }
    let places = tests.indices.filter { tests[$0] != nil }
    let adjusted = Multiplicity.holm.adjusted(places.compactMap { tests[$0]?.pValue })
    rows = results.indices.map { place in
      Row(
        name: results[place].name, score: scores[place], metrics: results[place].summary?.metrics ?? [:], test: tests[place],
        adjustedPValue: places.firstIndex(of: place).map { adjusted[$0] }, problem: results[place].problem,
        seconds: results[place].seconds)
    }
  }
}
