/// Two models of numbers on the same rows: is the second better than the first, beyond chance?
public struct RegressionComparison: Codable, Sendable, Hashable {
  /// One metric of both, by name.
  public let differences: [EvaluationComparison.Difference]
  /// Wilcoxon's test on the absolute errors, row by row.
  public let wilcoxon: TestResult?
  /// What to know about the comparison.
  public let notes: [String]

  /// Compares row by row where both hold the outcomes of the same rows, by their intervals otherwise.
  /// - Throws: `MetricError` if the interval's options make no sense.
  public init(
    _ first: RegressionEvaluation, _ second: RegressionEvaluation, intervals: IntervalOptions = IntervalOptions()
  ) throws(MetricError) {
    try intervals.check()
    let names = MetricInfo.of(Set(first.metrics.keys).intersection(second.metrics.keys)).map(\.name)
    var differences: [EvaluationComparison.Difference] = []
    var notes: [String] = []
    var paired: (RegressionOutcomes, RegressionOutcomes)?
    if let one = first.outcomes, let two = second.outcomes, one.truth == two.truth, one.weights == two.weights { paired = (one, two) }
    if paired == nil { notes.append("The two were not evaluated on the same rows, so their intervals are compared as independent.") }
    // A bias is best at zero, not at one of its ends: no direction, no verdict.
    for name in names where name != "bias" {
      guard let info = MetricInfo.named(name), let metric = RegressionMetric(name: name), let a = first.metrics[name],
        let b = second.metrics[name]
      else { continue }
      var difference = EvaluationComparison.independent(a, b, level: intervals.level)
      var isPaired = false
      if let (one, two) = paired, let exact = Self.paired(metric, one, two, intervals) {
        difference = exact
        isPaired = true
      }
      differences.append(
        EvaluationComparison.Difference(
          name: name, first: a, second: b, difference: difference, isPaired: isPaired,
          verdict: EvaluationComparison.verdict(difference, higherIsBetter: info.higherIsBetter)))
    }
    self.differences = differences
    self.notes = notes
    wilcoxon = paired.flatMap { one, two in
      let errors = one.truth.indices.map { abs(two.predicted[$0] - one.truth[$0]) - abs(one.predicted[$0] - one.truth[$0]) }
      return try? PairedTest.wilcoxon(differences: errors)
    }
  }

  /// Second minus first with an interval from resamples of the rows that both share.
  private static func paired(
    _ metric: RegressionMetric, _ one: RegressionOutcomes, _ two: RegressionOutcomes, _ options: IntervalOptions
  ) -> Estimate? {
    guard case .sums(let count, let row, let value) = RegressionForm(metric, truth: one.truth, weights: one.weights) else { return nil }
    let groups = Bootstrap.Groups(rows: one.truth.count, columns: 2 * count, seed: options.seed) { index, add in
      let weight = one.weights?[index] ?? 1
      add(0, weight)
      add(count, weight)
      row(one.truth[index], one.predicted[index]) { add($0, weight * $1) }
      row(one.truth[index], two.predicted[index]) { add(count + $0, weight * $1) }
    }
    var draws: [Double] = []
    groups.resample(options) { draws.append(value(Array($0[count...])) - value(Array($0[..<count]))) }
    let seen =
      Metrics.regressionValue(metric, two.truth, two.predicted, two.weights)
      - Metrics.regressionValue(metric, one.truth, one.predicted, one.weights)
    return Intervals.percentiles(draws, value: seen, level: options.level)
  }
}
