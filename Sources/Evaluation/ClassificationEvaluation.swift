/// What a classifier is worth on labelled data: metrics with intervals, what it confuses, how honest its probabilities are, what it costs.
public struct ClassificationEvaluation: Codable, Sendable, Hashable {
  /// The classes' names, in the order of their numbers.
  public var labels: [String]
  /// How many rows were evaluated.
  public var rows: Int
  /// Metrics by name: `accuracy`, `f1_macro`, `auc_ovr_macro`, `log_loss`, `ece` … (`MetricInfo` says what each is).
  public var metrics: [String: Estimate]
  /// The classes one by one.
  public var perClass: [ClassResult]
  /// True against predicted class.
  public var confusion: ConfusionMatrix
  /// One ROC curve a class, thinned for display; none for a class without rows.
  public var rocCurves: [ClassROC]
  /// Confidence against accuracy, of the predicted class.
  public var calibration: CalibrationBins
  /// The rows that were most confidently wrong, the worst first.
  public var worstMistakes: [Mistake]
  /// Time, memory and size.
  public var costs: EvaluationCosts
  /// What is not defined on this data, and why.
  public var notes: [String]
  /// How the intervals were computed.
  public var intervals: IntervalOptions
  /// Every row's outcome, for paired comparisons; may be left out to save space.
  public var outcomes: RowOutcomes?

  /// One class's numbers.
  public struct ClassResult: Codable, Sendable, Hashable {
    /// The class's name.
    public let label: String
    /// The weight of its rows.
    public let support: Double
    /// The share of what was predicted as this class that is of it.
    public let precision: Estimate
    /// The share of this class that was predicted as it.
    public let recall: Estimate
    /// The harmonic mean of both.
    public let f1: Estimate
    /// Its area under the ROC curve against all others; `nil` where the class or all others have no rows.
    public let auc: Estimate?
  }

  /// One class's ROC curve.
  public struct ClassROC: Codable, Sendable, Hashable {
    /// The class's name.
    public let label: String
    /// The exact area, of the curve before it was thinned.
    public let area: Double
    /// The curve.
    public let curve: ROCCurve
  }

  /// A row that was wrong.
  public struct Mistake: Codable, Sendable, Hashable {
    /// Its place in the data, from 0.
    public let row: Int
    /// Its true class.
    public let truth: Int
    /// What was predicted.
    public let predicted: Int
    /// The probability that was given to the prediction.
    public let confidence: Double
    /// The probability that was given to the truth.
    public let truthProbability: Double
    /// -log of that.
    public let loss: Double
  }

  /// Two classes that are confused.
  public struct Confusion: Codable, Sendable, Hashable {
    /// The true class.
    public let truth: Int
    /// What it was taken for.
    public let predicted: Int
    /// How often.
    public let count: Double
    /// The share of the true class.
    public let share: Double
  }

  /// The pairs of different classes that were confused most often, the most frequent first.
  public func topConfusions(_ limit: Int = 10) -> [Confusion] {
    let shares = confusion.normalised(by: .truth)
    var all: [Confusion] = []
    for t in 0..<confusion.classes {
      for p in 0..<confusion.classes where p != t && confusion[truth: t, predicted: p] > 0 {
        all.append(Confusion(truth: t, predicted: p, count: confusion[truth: t, predicted: p], share: shares[t][p]))
      }
    }
    return Array(
      all.sorted { ($0.count, -Double($0.truth), -Double($0.predicted)) > ($1.count, -Double($1.truth), -Double($1.predicted)) }.prefix(
        limit))
  }

  /// The evaluation without the outcomes of single rows: small enough for a manifest.
  public func withoutOutcomes() -> ClassificationEvaluation {
    var copy = self
    copy.outcomes = nil
    return copy
  }
}
