import Foundation

/// How fair decisions are between groups: the criteria of the field, each with its interval and what it allows to say.
public struct FairnessEvaluation: Codable, Sendable, Hashable {
  /// Metrics by group.
  public let frame: FairnessFrame
  /// The criteria, in the order in which they are shown.
  public let criteria: [Criterion]
  /// Whether probabilities mean the same in every group; empty where there are none.
  public let calibration: [GroupCalibration]

  /// One criterion.
  public struct Criterion: Codable, Sendable, Hashable {
    /// The name in JSON, `demographic_parity_difference`.
    public let name: String
    /// What it demands.
    public let meaning: String
    /// The value, the worst control group's where there are controls.
    public let value: Estimate
    /// What counts as fair: a difference of at most, or a ratio of at least this.
    public let limit: Double
    /// Ratios are best at 1, differences at 0.
    public let isRatio: Bool

    /// What the interval allows to say.
    public var verdict: Verdict {
      guard value.lower.isFinite, value.upper.isFinite else { return .undecided }
      if isRatio { return value.lower >= limit ? .met : value.upper < limit ? .missed : .undecided }
      return value.upper <= limit ? .met : value.lower > limit ? .missed : .undecided
    }
  }

  /// What can be said about a criterion.
  public enum Verdict: String, Codable, Sendable, Hashable {
    /// The whole interval lies within the limit.
    case met
    /// The whole interval lies beyond the limit.
    case missed
    /// The limit lies in the interval.
    case undecided
  }

  /// What probabilities are worth in one group.
  public struct GroupCalibration: Codable, Sendable, Hashable {
    /// The features' groups, controls first.
    public let values: [String]
    /// How many rows.
    public let rows: Int
    /// The mean probability.
    public let meanProbability: Double
    /// The share that is truly positive.
    public let baseRate: Double
    /// The expected calibration error, 10 bins.
    public let error: Estimate
  }

  /// Measures decisions between two classes.
  /// - Parameters:
  ///   - scores: the probability of "positive", for calibration within groups; may be left out.
  ///   - maximumDifference: the largest difference that counts as fair.
  ///   - minimumRatio: the least ratio that counts as fair: four fifths (Uniform Guidelines on Employee Selection Procedures, 1978).
  /// - Throws: as `FairnessFrame`, and where scores are not probabilities.
  public init(
    truth: [Bool], predicted: [Bool], scores: [Double]? = nil, features: [GroupFeature], controls: [GroupFeature] = [],
    weights: [Double]? = nil, maximumDifference: Double = 0.1, minimumRatio: Double = 0.8, options: IntervalOptions = IntervalOptions()
  ) throws(MetricError) {
    let frame = try FairnessFrame(
      truth: truth, predicted: predicted, features: features, controls: controls, weights: weights, options: options)
    self.frame = frame
    let all: [(String, String, Bool, Estimate)] = [
      ("demographic_parity_difference", "groups are decided positive equally often", false, frame.difference([.selectionRate])),
      (
        "demographic_parity_ratio", "the four-fifths rule: no group is selected less than 4/5 as often as another", true,
        frame.ratio([.selectionRate])
      ),
      (
        "equalized_odds_difference", "positives are found and negatives mistaken equally often in every group", false,
        frame.difference([.truePositiveRate, .falsePositiveRate])
      ),
      ("equalized_odds_ratio", "the same, as a ratio", true, frame.ratio([.truePositiveRate, .falsePositiveRate])),
      ("equal_opportunity_difference", "positives are found equally often in every group", false, frame.difference([.truePositiveRate])),
      ("equal_opportunity_ratio", "the same, as a ratio", true, frame.ratio([.truePositiveRate])),
      ("predictive_parity_difference", "positive decisions are right equally often in every group", false, frame.difference([.precision])),
      ("predictive_parity_ratio", "the same, as a ratio", true, frame.ratio([.precision])),
      ("accuracy_difference", "decisions are right equally often in every group", false, frame.difference([.accuracy])),
    ]
    criteria = all.map { name, meaning, isRatio, value in
      Criterion(name: name, meaning: meaning, value: value, limit: isRatio ? minimumRatio : maximumDifference, isRatio: isRatio)
    }
    guard let scores else {
      calibration = []
      return
    }
    try Check.rows(truth.count, scores.count, "scores")
    let groups = try GroupFrame(rows: truth.count, features: controls + features, controls: [])
    var members = [[Int]](repeating: [], count: groups.groups)
    for (row, group) in groups.groupOfRow.enumerated() { members[group].append(row) }
    var calibration: [GroupCalibration] = []
    for (group, rows) in members.enumerated() where !rows.isEmpty {
      let own = weights.map { weights in rows.map { weights[$0] } }
      if let own, own.allSatisfy({ $0 == 0 }) { continue }
      let (p, y) = (rows.map { scores[$0] }, rows.map { truth[$0] })
      calibration.append(
        GroupCalibration(
          values: groups.values(group), rows: rows.count, meanProbability: Metrics.weightedMean(p, weights: own),
          baseRate: Metrics.weightedMean(y.map { $0 ? 1 : 0 }, weights: own),
          error: try Estimate.expectedCalibrationError(confidences: p, isRight: y, bins: 10, weights: own, options: options)))
    }
    self.calibration = calibration
  }
}

extension FairnessFrame {
  /// The largest difference of several measures between groups: of selection rates, demographic parity; of true and false positive rates,
  /// equalised odds. The worst control group counts.
  public func difference(_ measures: [GroupMeasure], method: DisparityMethod = .betweenGroups) -> Estimate {
    worst(measures) {
      method == .betweenGroups ? $0.difference : $0.differenceToOverall
    } isWorse: {
      $0 > $1
    }
  }

  /// The least ratio of several measures between groups.
  public func ratio(_ measures: [GroupMeasure], method: DisparityMethod = .betweenGroups) -> Estimate {
    worst(measures) {
      method == .betweenGroups ? $0.ratio : $0.ratioToOverall
    } isWorse: {
      $0 < $1
    }
  }

  private func worst(
    _ measures: [GroupMeasure], _ value: (Disparity) -> Estimate, isWorse: (Double, Double) -> Bool
  ) -> Estimate {
    let names = Set(measures.map(\.rawValue))
    let all = disparities.filter { names.contains($0.measure) }.map(value).filter { !$0.value.isNaN }
    guard let first = all.first else { return Estimate(value: .nan, lower: .nan, upper: .nan, level: 0.95, method: .basicBootstrap) }
    return all.dropFirst().reduce(first) { isWorse($1.value, $0.value) ? $1 : $0 }
  }
}
