import Foundation
import MartletCore

/// Two evaluations side by side: is the second better than the first, beyond chance?
public struct EvaluationComparison: Codable, Sendable, Hashable {
  /// One metric of both.
  public struct Difference: Codable, Sendable, Hashable {
    /// The metric's name.
    public let name: String
    /// The first model's value.
    public let first: Estimate
    /// The second model's value.
    public let second: Estimate
    /// Second minus first, with its interval.
    public let difference: Estimate
    /// Both models saw the same rows, and the interval makes use of it.
    public let isPaired: Bool
    /// What the interval allows to say.
    public let verdict: Verdict
  }

  /// What can be said about the second model.
  public enum Verdict: String, Codable, Sendable, Hashable {
    /// The whole interval is on the better side.
    case better
    /// The whole interval is on the worse side.
    case worse
    /// The interval holds zero.
    case undecided
  }

  /// McNemar's exact test: are the rows that only one of both gets right split evenly?
  public struct McNemar: Codable, Sendable, Hashable {
    /// Rows that only the first model gets right.
    public let onlyFirstRight: Int
    /// Rows that only the second model gets right.
    public let onlySecondRight: Int
    /// Two-sided, from the binomial distribution.
    public let pValue: Double

    /// The test on its two counts (McNemar, 1947).
    public init(onlyFirstRight: Int, onlySecondRight: Int) {
      self.onlyFirstRight = onlyFirstRight
      self.onlySecondRight = onlySecondRight
      // As many or more of the other kind, which is as likely.
      let tail = Probability.binomialUpper(
        max(onlyFirstRight, onlySecondRight), of: onlyFirstRight + onlySecondRight, rate: 0.5)
      pValue = min(1, 2 * tail)
    }
  }

  /// The metrics that both have, in the catalogue's order.
  public let differences: [Difference]
  /// The test on right and wrong, where both saw the same rows; `nil` otherwise.
  public let mcNemar: McNemar?
  /// What to know about the comparison.
  public let notes: [String]

  /// Compares two evaluations: row by row where both hold the outcomes of the same rows, by their intervals otherwise.
  /// - Throws: `MetricError` if the classes differ.
  public init(
    _ first: ClassificationEvaluation, _ second: ClassificationEvaluation, intervals: IntervalOptions = IntervalOptions()
  ) throws(MetricError) {
    try intervals.check()
    guard first.labels == second.labels else {
      throw MetricError(
        .badArgument, "the two evaluations have different classes: \(first.labels) and \(second.labels)", expected: "the same classes")
    }
    var paired: [String: Estimate] = [:]
    var notes: [String] = []
    var mcNemar: McNemar?
    if let one = first.outcomes, let two = second.outcomes, one.truth == two.truth, one.weights == two.weights {
      paired = Self.pairedDifferences(one, two, classes: first.labels.count, intervals)
      let isRight = zip(one.truth, zip(one.predicted, two.predicted)).map { ($0 == $1.0, $0 == $1.1) }
      mcNemar = McNemar(
        onlyFirstRight: isRight.count { $0.0 && !$0.1 }, onlySecondRight: isRight.count { !$0.0 && $0.1 })
    } else {
      notes.append(
        "The evaluations were not made on the same rows, or do not hold their outcomes: intervals are those of independent data.")
    }
    self.mcNemar = mcNemar
    self.notes = notes
    differences = MetricInfo.of(first.metrics.keys).compactMap { info in
      guard let a = first.metrics[info.name], let b = second.metrics[info.name] else { return nil }
      let difference = paired[info.name] ?? Self.independent(a, b, level: intervals.level)
      return Difference(
        name: info.name, first: a, second: b, difference: difference, isPaired: paired[info.name] != nil,
        verdict: Self.verdict(difference, higherIsBetter: info.higherIsBetter))
    }
  }

  static func verdict(_ difference: Estimate, higherIsBetter: Bool) -> Verdict {
    if difference.lower > 0 { return higherIsBetter ? .better : .worse }
    if difference.upper < 0 { return higherIsBetter ? .worse : .better }
    return .undecided
  }

  static func independent(_ a: Estimate, _ b: Estimate, level: Double) -> Estimate {
    let deviation = [a, b].reduce(0.0) { sum, one in
      let part = one.margin / Probability.normalQuantile(0.5 + one.level / 2)
      return sum + part * part
    }.squareRoot()
    let z = Probability.normalQuantile(0.5 + level / 2)
    let value = b.value - a.value
    return Estimate(value: value, lower: value - z * deviation, upper: value + z * deviation, level: level, method: .normal)
  }

  /// Differences from resamples of the joint counts (truth, first prediction, second prediction), and of the losses row by row.
  private static func pairedDifferences(
    _ one: RowOutcomes, _ two: RowOutcomes, classes: Int, _ options: IntervalOptions
  ) -> [String: Estimate] {
    struct Joint: Hashable {
      let truth: Int
      let first: Int
      let second: Int
    }
    var joint: [Joint: (weight: Double, squared: Double)] = [:]
    for row in one.truth.indices {
      let weight = one.weights?[row] ?? 1
      let key = Joint(truth: one.truth[row], first: one.predicted[row], second: two.predicted[row])
      let before = joint[key] ?? (0, 0)
      joint[key] = (before.weight + weight, before.squared + weight * weight)
    }
    let keys = joint.keys.sorted { ($0.truth, $0.first, $0.second) < ($1.truth, $1.first, $1.second) }
    let cells = keys.indices.map { index in
      Bootstrap.Cell(index: index, weight: joint[keys[index]]?.weight ?? 0, squared: joint[keys[index]]?.squared)
    }
    let measures: [(String, (Margins) -> Double)] = [
      ("accuracy", { $0.accuracy }), ("balanced_accuracy", { $0.balancedAccuracy }), ("matthews_correlation", { $0.matthewsCorrelation }),
      ("cohen_kappa", { $0.kappa }),
    ]
    let averages: [(String, Average, (PrecisionRecall) -> Double)] = [
      ("precision_macro", .macro, \.precision), ("recall_macro", .macro, \.recall), ("f1_macro", .macro, \.fScore),
      ("f1_micro", .micro, \.fScore),
      ("precision_weighted", .weighted, \.precision), ("recall_weighted", .weighted, \.recall), ("f1_weighted", .weighted, \.fScore),
    ]
    let binary: [(String, Average, (PrecisionRecall) -> Double)] =
      classes == 2
      ? [
        ("precision", .binary(positive: 1), \.precision), ("recall", .binary(positive: 1), \.recall),
        ("f1", .binary(positive: 1), \.fScore),
      ] : []
    let all =
      measures
      + (averages + binary).map { name, average, path in (name, { path($0.scores(average, labels: $0.occurring, beta: 1, .zero)) }) }
    func sums(_ weight: (Int) -> Double) -> (Margins, Margins) {
      var a = Margins(classes: classes), b = Margins(classes: classes)
      for (index, key) in keys.enumerated() {
        let amount = weight(index)
        if amount == 0 { continue }
        a.add(amount, truth: key.truth, predicted: key.first)
        b.add(amount, truth: key.truth, predicted: key.second)
      }
      return (a, b)
    }
    var draws = [[Double]](repeating: [], count: all.count)
    for resample in 0..<options.resamples {
      var sampler = PoissonSampler(KeyedRandom(seed: options.seed, purpose: "paired bootstrap", index: UInt64(resample)))
      let (a, b) = sums { sampler.next(mean: cells[$0].count) * cells[$0].unit }
      guard a.total > 0 else { continue }
      for (index, measure) in all.enumerated() { draws[index].append(measure.1(b) - measure.1(a)) }
    }
    let (a, b) = sums { joint[keys[$0]]?.weight ?? 0 }
    var result: [String: Estimate] = [:]
    for (index, measure) in all.enumerated() {
      result[measure.0] = Intervals.percentiles(draws[index], value: measure.1(b) - measure.1(a), level: options.level)
    }
    result["log_loss"] = Bootstrap.mean(zip(one.losses, two.losses).map { Double($1) - Double($0) }, weights: one.weights, options: options)
    return result
  }
}
