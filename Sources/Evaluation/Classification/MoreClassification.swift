import Foundation

extension ConfusionMatrix {
  /// Jaccard's overlap of each class with what is predicted as it, averaged: right over either.
  /// - Throws: `MetricError` if a label is out of range.
  public func jaccard(_ average: Average, labels: [Int]? = nil, zeroDivision: ZeroDivision = .zero) throws(MetricError) -> Double {
    // Checks labels and the positive class.
    _ = try scores(average, labels: labels)
    let margins = Margins(self)
    func of(_ right: Double, _ truth: Double, _ predicted: Double) -> Double {
      let either = truth + predicted - right
      return either > 0 ? right / either : zeroDivision.value
    }
    let classes = labels ?? presentClasses
    switch average {
    case .binary(let positive): return of(margins.right[positive], margins.truth[positive], margins.predicted[positive])
    case .micro:
      func sum(_ values: [Double]) -> Double { classes.reduce(0) { $0 + values[$1] } }
      return of(sum(margins.right), sum(margins.truth), sum(margins.predicted))
    case .macro, .weighted:
      let each = classes.map { of(margins.right[$0], margins.truth[$0], margins.predicted[$0]) }
      return meanLeavingOutNaN(each, weights: average == .weighted ? classes.map { margins.truth[$0] } : nil)
    }
  }

  /// How much a positive (a negative) prediction raises (lowers) the odds of class `positive` against the rest of two classes.
  ///
  /// NaN where it is not defined: no positives, or nothing that the ratio could be taken to.
  public func likelihoodRatios(positive: Int = 1) throws(MetricError) -> (positive: Double, negative: Double) {
    try Check.label(positive, row: 0, classes: classes, "positive label")
    let margins = Margins(self)
    let tp = margins.right[positive], fn = margins.truth[positive] - tp, fp = margins.predicted[positive] - tp
    let tn = margins.total - tp - fn - fp
    guard tp + fn > 0 else { return (.nan, .nan) }
    return (
      fp > 0 ? tp * (tn + fp) / (fp * (tp + fn)) : .nan, tn > 0 ? fn * (tn + fp) / (tn * (tp + fn)) : .nan
    )
  }
}

/// How the false negative rate falls as the false positive rate grows: detection error tradeoff.
public struct DETCurve: Codable, Sendable, Hashable {
  /// From one end to the other, never growing.
  public let falsePositiveRates: [Double]
  /// Never falling.
  public let falseNegativeRates: [Double]
  /// Ascending: scores at or above count as positive.
  public let thresholds: [Double]
}

extension Metrics {
  /// The share of rows that is wrong.
  /// - Throws: as `accuracy`.
  public static func zeroOneLoss(truth: [Int], predicted: [Int], weights: [Double]? = nil) throws(MetricError) -> Double {
    1 - (try accuracy(truth: truth, predicted: predicted, weights: weights))
  }

  /// The hinge loss of scores for "positive": 0 where the margin is 1 or more.
  /// - Throws: `MetricError` on no rows, different lengths, NaN and bad weights.
  public static func hingeLoss(_ isPositive: [Bool], scores: [Double], weights: [Double]? = nil) throws(MetricError) -> Double {
    try Check.rows(isPositive.count, scores.count, "scores", weights: weights?.count)
    try Check.weights(weights)
    try Check.probabilities(scores, rows: scores.count, classes: 1)
    return weightedMean(zip(isPositive, scores).map { max(0, 1 - ($0 ? $1 : -$1)) }, weights: weights)
  }

  /// The hinge loss of several classes: the true class's score against the best other (Crammer and Singer, 2001).
  /// - Parameter scores: row-major, `[rows, classes]`.
  /// - Throws: `MetricError` on no rows, different lengths, NaN, labels out of range and bad weights.
  public static func hingeLoss(truth: [Int], scores: [Double], classes: Int, weights: [Double]? = nil) throws(MetricError) -> Double {
    try Check.rows(truth.count, weights: weights?.count)
    try Check.weights(weights)
    try Check.probabilities(scores, rows: truth.count, classes: classes)
    try Check.labels(truth, classes: classes)
    guard classes >= 2 else { throw MetricError(.badArgument, "one class", expected: "two or more") }
    return weightedMean(
      truth.indices.map { row in
        var other = -Double.infinity
        for column in 0..<classes where column != truth[row] { other = max(other, scores[row * classes + column]) }
        return max(0, 1 - scores[row * classes + truth[row]] + other)
      }, weights: weights)
  }

  /// The share of the log loss that is explained, against predicting the classes' frequencies. NaN for fewer than two rows.
  /// - Throws: as `logLoss`.
  public static func d2LogLoss(truth: [Int], probabilities: [Double], classes: Int, weights: [Double]? = nil) throws(MetricError) -> Double
  {
    let loss = try logLoss(truth: truth, probabilities: probabilities, classes: classes, weights: weights)
    guard truth.count >= 2 else { return .nan }
    let null = Array(repeating: shares(truth, classes, weights), count: truth.count).flatMap { $0 }
    return 1 - loss / (try logLoss(truth: truth, probabilities: null, classes: classes, weights: weights))
  }

  /// The share of the Brier score that is explained, against predicting the classes' frequencies. NaN for fewer than two rows.
  /// - Throws: as `brier`.
  public static func d2Brier(truth: [Int], probabilities: [Double], classes: Int, weights: [Double]? = nil) throws(MetricError) -> Double {
    let score = try brier(truth: truth, probabilities: probabilities, classes: classes, weights: weights, halved: false)
    guard truth.count >= 2 else { return .nan }
    let null = Array(repeating: shares(truth, classes, weights), count: truth.count).flatMap { $0 }
    return 1 - score / (try brier(truth: truth, probabilities: null, classes: classes, weights: weights, halved: false))
  }

  private static func shares(_ truth: [Int], _ classes: Int, _ weights: [Double]?) -> [Double] {
    var shares = [Double](repeating: 0, count: classes), total = 0.0
    for (row, label) in truth.enumerated() {
      shares[label] += weights?[row] ?? 1
      total += weights?[row] ?? 1
    }
    return shares.map { $0 / total }
  }

  /// The detection error tradeoff curve of scores for "positive" (Martin et al., 1997).
  /// - Throws: as `rocCurve`.
  public static func detCurve<Score: BinaryFloatingPoint>(
    _ isPositive: [Bool], _ scores: [Score], weights: [Double]? = nil
  ) throws(MetricError) -> DETCurve {
    let steps = try ScoreSteps(isPositive, scores, weights: weights)
    try steps.checkBothKinds()
    let tp = [0] + steps.positives, fp = [0] + steps.negatives, thresholds = [.infinity] + steps.thresholds
    // From the last point without false positives to the first without false negatives.
    let first = fp.lastIndex { $0 == fp[0] } ?? 0, last = tp.firstIndex { $0 >= steps.positiveTotal } ?? tp.count - 1
    let range = (first...max(first, last)).reversed()
    return DETCurve(
      falsePositiveRates: range.map { fp[$0] / steps.negativeTotal },
      falseNegativeRates: range.map { (steps.positiveTotal - tp[$0]) / steps.positiveTotal }, thresholds: range.map { thresholds[$0] })
  }

  /// The area under the ROC curve up to a false positive rate, scaled so that chance is 0.5 and perfection 1 (McClish, 1989).
  /// - Throws: as `rocCurve`, and where the rate is not in 0 … 1.
  public static func partialAUC<Score: BinaryFloatingPoint>(
    _ isPositive: [Bool], _ scores: [Score], maximumFalsePositiveRate limit: Double, weights: [Double]? = nil
  ) throws(MetricError) -> Double {
    guard limit > 0, limit <= 1 else {
      throw MetricError(.badArgument, "a false positive rate of \(limit)", expected: "above 0, at most 1")
    }
    let curve = try rocCurve(isPositive, scores, weights: weights)
    if limit == 1 { return curve.area }
    let x = curve.falsePositiveRates, y = curve.truePositiveRates
    var area = 0.0
    for index in 1..<x.count where x[index - 1] < limit {
      let end = min(x[index], limit)
      let width = x[index] - x[index - 1]
      let top = width > 0 ? y[index - 1] + (y[index] - y[index - 1]) * (end - x[index - 1]) / width : y[index]
      area += (end - x[index - 1]) * (y[index - 1] + top) / 2
    }
    let least = limit * limit / 2
    return (1 + (area - least) / (limit - least)) / 2
  }

  /// The calibration error of every class's probability against the rest, the mean over the classes (Kull et al., 2019).
  /// - Parameter probabilities: row-major, `[rows, classes]`.
  /// - Throws: as `logLoss`, and on probabilities outside 0 … 1.
  public static func classwiseCalibrationError(
    truth: [Int], probabilities: [Double], classes: Int, bins: Int = 15, strategy: CalibrationStrategy = .uniform, weights: [Double]? = nil
  ) throws(MetricError) -> Double {
    try Check.rows(truth.count, weights: weights?.count)
    try Check.probabilities(probabilities, rows: truth.count, classes: classes)
    try Check.labels(truth, classes: classes)
    var sum = 0.0
    for label in 0..<classes {
      sum += try calibration(
        confidences: truth.indices.map { probabilities[$0 * classes + label] }, isRight: truth.map { $0 == label }, bins: bins,
        strategy: strategy, weights: weights
      ).expectedError
    }
    return sum / Double(classes)
  }
}
