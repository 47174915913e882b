/// Precision, recall and F-score of one class or of an average over classes.
public struct PrecisionRecall: Sendable, Hashable, Codable {
  /// The share of what was predicted as the class that is of the class.
  public let precision: Double
  /// The share of the class that was predicted as the class.
  public let recall: Double
  /// The harmonic mean of the two, recall counting `beta` times as much.
  public let fScore: Double
  /// How much of the class there truly is; for averages, of all classes averaged.
  public let support: Double
}

extension Margins {
  private static func ratio(_ part: Double, _ whole: Double, _ zero: ZeroDivision) -> Double { whole > 0 ? part / whole : zero.value }

  private static func fScore(
    right: Double, truth: Double, predicted: Double, beta: Double, _ zero: ZeroDivision, precision: Double, recall: Double
  )
    -> Double
  {
    if beta == .infinity { return recall }
    if beta == 0 { return precision }
    return ratio((1 + beta * beta) * right, beta * beta * truth + predicted, zero)
  }

  func scores(of label: Int, beta: Double, _ zero: ZeroDivision) -> PrecisionRecall {
    Self.scores(right: right[label], truth: truth[label], predicted: predicted[label], beta: beta, zero)
  }

  private static func scores(right: Double, truth: Double, predicted: Double, beta: Double, _ zero: ZeroDivision) -> PrecisionRecall {
    let precision = ratio(right, predicted, zero), recall = ratio(right, truth, zero)
    let f = fScore(right: right, truth: truth, predicted: predicted, beta: beta, zero, precision: precision, recall: recall)
    return PrecisionRecall(precision: precision, recall: recall, fScore: f, support: truth)
  }

  /// Classes with any weight, as truth or prediction: those that averages of a resample go over.
  var occurring: [Int] { truth.indices.filter { truth[$0] > 0 || predicted[$0] > 0 } }

  func scores(_ average: Average, labels: [Int], beta: Double, _ zero: ZeroDivision) -> PrecisionRecall {
    switch average {
    case .binary(let positive): return scores(of: positive, beta: beta, zero)
    case .micro:
      let sums = labels.reduce(into: (0.0, 0.0, 0.0)) { sums, label in
        sums.0 += right[label]
        sums.1 += truth[label]
        sums.2 += predicted[label]
      }
      return Self.scores(right: sums.0, truth: sums.1, predicted: sums.2, beta: beta, zero)
    case .macro, .weighted:
      let each = labels.map { scores(of: $0, beta: beta, zero) }
      let weights = average == .weighted ? each.map(\.support) : nil
      return PrecisionRecall(
        precision: meanLeavingOutNaN(each.map(\.precision), weights: weights),
        recall: meanLeavingOutNaN(each.map(\.recall), weights: weights),
        fScore: meanLeavingOutNaN(each.map(\.fScore), weights: weights), support: each.reduce(0) { $0 + $1.support })
    }
  }
}

extension ConfusionMatrix {
  /// Precision, recall and F-score, as `precision_recall_fscore_support` of scikit-learn computes them.
  /// - Parameters:
  ///   - beta: how much recall counts against precision, 0 … ∞.
  ///   - labels: the classes to average over; `nil` for those that occur as truth or prediction.
  ///   - zeroDivision: what a ratio without a denominator is.
  /// - Throws: `MetricError` if beta is negative or a label out of range.
  public func scores(
    _ average: Average, beta: Double = 1, labels: [Int]? = nil, zeroDivision: ZeroDivision = .zero
  ) throws(MetricError)
    -> PrecisionRecall
  {
    guard beta >= 0 else { throw MetricError(.badArgument, "beta is \(beta)", expected: "0 or more") }
    for label in labels ?? [] { try Check.label(label, row: 0, classes: classes, "averaged label") }
    if case .binary(let positive) = average { try Check.label(positive, row: 0, classes: classes, "positive label") }
    return Margins(self).scores(average, labels: labels ?? presentClasses, beta: beta, zeroDivision)
  }

  /// Precision, recall, F-score and support of every class 0 ..< classes.
  /// - Throws: `MetricError` if beta is negative.
  public func scoresPerClass(beta: Double = 1, zeroDivision: ZeroDivision = .zero) throws(MetricError) -> [PrecisionRecall] {
    guard beta >= 0 else { throw MetricError(.badArgument, "beta is \(beta)", expected: "0 or more") }
    let margins = Margins(self)
    return (0..<classes).map { margins.scores(of: $0, beta: beta, zeroDivision) }
  }
}
