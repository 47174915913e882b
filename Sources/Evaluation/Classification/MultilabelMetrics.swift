/// How the numbers of several labels a row become one.
public enum MultilabelAverage: String, Codable, Sendable, Hashable, CaseIterable {
  /// Counts are added over the labels first.
  case micro
  /// The mean over the labels.
  case macro
  /// The mean over the labels, weighted by how many rows truly have each.
  case weighted
  /// The mean over the rows.
  case samples
}

/// Rows of which each has any number of labels: what truly is and what was predicted.
///
/// Values equal those of scikit-learn for multi-label indicators.
public struct MultilabelOutcomes: Sendable, Hashable {
  /// How many labels there are.
  public let labels: Int
  /// How many rows.
  public let rows: Int
  private let truth: [Bool]
  private let predicted: [Bool]
  private let weights: [Double]?

  /// - Parameters:
  ///   - truth, predicted: row-major, `[rows, labels]`.
  ///   - weights: one a row, or `nil` for ones.
  /// - Throws: `MetricError` on no rows, arrays that do not make whole rows, different lengths and bad weights.
  public init(truth: [Bool], predicted: [Bool], labels: Int, weights: [Double]? = nil) throws(MetricError) {
    guard labels > 0 else { throw MetricError(.badArgument, "\(labels) labels", expected: "at least one") }
    guard truth.count % labels == 0 else {
      throw MetricError(.lengthMismatch, "\(truth.count) values do not make rows of \(labels) labels")
    }
    try Check.rows(truth.count, predicted.count)
    rows = truth.count / labels
    try Check.rows(rows, weights: weights?.count)
    try Check.weights(weights)
    self.labels = labels
    self.truth = truth
    self.predicted = predicted
    self.weights = weights
  }

  private struct Counts {
    var right = 0.0
    var truth = 0.0
    var predicted = 0.0
  }

  private var perLabel: [Counts] {
    var counts = [Counts](repeating: Counts(), count: labels)
    for row in 0..<rows {
      let weight = weights?[row] ?? 1
      for label in 0..<labels {
        let (t, p) = (truth[row * labels + label], predicted[row * labels + label])
        if t { counts[label].truth += weight }
        if p { counts[label].predicted += weight }
        if t, p { counts[label].right += weight }
      }
    }
    return counts
  }

  private var perRow: [Counts] {
    (0..<rows).map { row in
      var counts = Counts()
      for label in 0..<labels {
        let (t, p) = (truth[row * labels + label], predicted[row * labels + label])
        if t { counts.truth += 1 }
        if p { counts.predicted += 1 }
        if t, p { counts.right += 1 }
      }
      return counts
    }
  }

  /// The confusion matrix of each label: class 1 is that a row has it.
  /// - Throws: `MetricError` where every weight is zero.
  public func confusions() throws(MetricError) -> [ConfusionMatrix] {
    var matrices: [ConfusionMatrix] = []
    for label in 0..<labels {
      let places = stride(from: label, to: truth.count, by: labels)
      matrices.append(
        try ConfusionMatrix(
          truth: places.map { truth[$0] ? 1 : 0 }, predicted: places.map { predicted[$0] ? 1 : 0 }, classes: 2, weights: weights))
    }
    return matrices
  }

  private func average(
    _ average: MultilabelAverage, _ measure: (Counts) -> Double
  ) -> Double {
    switch average {
    case .samples: return meanLeavingOutNaN(perRow.map(measure), weights: weights)
    case .micro:
      return measure(
        perLabel.reduce(into: Counts()) {
          $0.right += $1.right
          $0.truth += $1.truth
          $0.predicted += $1.predicted
        })
    case .macro: return meanLeavingOutNaN(perLabel.map(measure), weights: nil)
    case .weighted:
      let all = perLabel
      return meanLeavingOutNaN(all.map(measure), weights: all.map(\.truth))
    }
  }

  /// Precision, recall and F-score.
  /// - Throws: `MetricError` if beta is negative.
  public func scores(
    _ kind: MultilabelAverage, beta: Double = 1, zeroDivision: ZeroDivision = .zero
  ) throws(MetricError) -> PrecisionRecall {
    guard beta >= 0 else { throw MetricError(.badArgument, "beta is \(beta)", expected: "0 or more") }
    func ratio(_ part: Double, _ whole: Double) -> Double { whole > 0 ? part / whole : zeroDivision.value }
    let square = beta * beta
    return PrecisionRecall(
      precision: average(kind) { ratio($0.right, $0.predicted) },
      recall: average(kind) { ratio($0.right, $0.truth) },
      fScore: average(kind) { ratio((1 + square) * $0.right, square * $0.truth + $0.predicted) },
      support: perLabel.reduce(0) { $0 + $1.truth })
  }

  /// The overlap of what is true with what was predicted: both over either (Jaccard, 1901).
  public func jaccard(_ kind: MultilabelAverage, zeroDivision: ZeroDivision = .zero) -> Double {
    average(kind) { counts in
      let either = counts.truth + counts.predicted - counts.right
      return either > 0 ? counts.right / either : zeroDivision.value
    }
  }

  /// The share of labels that is wrong.
  public var hammingLoss: Double {
    Metrics.weightedMean(perRow.map { ($0.truth + $0.predicted - 2 * $0.right) / Double(labels) }, weights: weights)
  }

  /// The share of rows whose labels are all right.
  public var subsetAccuracy: Double {
    Metrics.weightedMean(perRow.map { $0.truth == $0.right && $0.predicted == $0.right ? 1 : 0 }, weights: weights)
  }

  /// The metrics with bootstrap intervals over the rows: `precision_micro`, `recall_macro`, `f1_samples`, `hamming_loss` ….
  /// - Throws: `MetricError` where the options make no sense.
  public func estimates(options: IntervalOptions = IntervalOptions()) throws(MetricError) -> [String: Estimate] {
    try options.check()
    let level = options.level
    let count = Intervals.effectiveCount(weights, count: rows)
    var result = [
      "subset_accuracy": Intervals.wilson(share: subsetAccuracy, count: count, level: level),
      "hamming_loss": Bootstrap.mean(
        perRow.map { ($0.truth + $0.predicted - 2 * $0.right) / Double(labels) }, weights: weights, options: options),
    ]
    let zero = ZeroDivision.zero
    func f1(_ right: Double, _ truth: Double, _ predicted: Double) -> Double { truth + predicted > 0 ? 2 * right / (truth + predicted) : 0 }
    result["f1_samples"] = Bootstrap.mean(
      perRow.map { f1($0.right, $0.truth, $0.predicted) }, weights: weights, options: options)
    let groups = Bootstrap.Groups(rows: rows, columns: 3 * labels, seed: options.seed) { row, add in
      let weight = weights?[row] ?? 1
      for label in 0..<labels {
        let (t, p) = (truth[row * labels + label], predicted[row * labels + label])
        if t, p { add(3 * label, weight) }
        if t { add(3 * label + 1, weight) }
        if p { add(3 * label + 2, weight) }
      }
    }
    var micro: [Double] = [], macro: [Double] = []
    groups.resample(options) { sums in
      var whole = (0.0, 0.0, 0.0), mean = 0.0
      for label in 0..<labels {
        let (r, t, p) = (sums[3 * label], sums[3 * label + 1], sums[3 * label + 2])
        whole = (whole.0 + r, whole.1 + t, whole.2 + p)
        mean += f1(r, t, p) / Double(labels)
      }
      micro.append(f1(whole.0, whole.1, whole.2))
      macro.append(mean)
    }
    result["f1_micro"] = Intervals.percentiles(micro, value: try scores(.micro, zeroDivision: zero).fScore, level: level)
    result["f1_macro"] = Intervals.percentiles(macro, value: try scores(.macro, zeroDivision: zero).fScore, level: level)
    return result
  }
}

/// Metrics of scores for every label of a row.
extension Metrics {
  private static func rankRows(
    _ truth: [Bool], _ scores: [Double], labels: Int, _ weights: [Double]?, _ body: ([Bool], [Double]) -> Double
  ) throws(MetricError) -> Double {
    guard labels > 0, truth.count % labels == 0 else {
      throw MetricError(.lengthMismatch, "\(truth.count) values do not make rows of \(labels) labels")
    }
    let rows = truth.count / labels
    try Check.rows(rows, weights: weights?.count)
    try Check.weights(weights)
    try Check.probabilities(scores, rows: rows, classes: labels)
    let values = (0..<rows).map { row in
      body(Array(truth[(row * labels)..<((row + 1) * labels)]), Array(scores[(row * labels)..<((row + 1) * labels)]))
    }
    return weightedMean(values, weights: weights)
  }

  /// How far down the ranking of labels one has to go to meet all true ones, the mean over the rows.
  /// - Parameters:
  ///   - truth, scores: row-major, `[rows, labels]`.
  /// - Throws: `MetricError` on no rows, different lengths, NaN and bad weights.
  public static func coverageError(_ truth: [Bool], _ scores: [Double], labels: Int, weights: [Double]? = nil) throws(MetricError) -> Double
  {
    try rankRows(truth, scores, labels: labels, weights) { truth, scores in
      guard let least = zip(truth, scores).filter(\.0).map(\.1).min() else { return 0 }
      return Double(scores.count { $0 >= least })
    }
  }

  /// The share of pairs of a true and a false label that are in the wrong order (ties count as wrong), the mean over the rows.
  /// - Throws: as `coverageError`.
  public static func labelRankingLoss(
    _ truth: [Bool], _ scores: [Double], labels: Int, weights: [Double]? = nil
  ) throws(MetricError) -> Double {
    try rankRows(truth, scores, labels: labels, weights) { truth, scores in
      let mine = zip(truth, scores).filter(\.0).map(\.1), others = zip(truth, scores).filter { !$0.0 }.map(\.1)
      if mine.isEmpty || others.isEmpty { return 0 }
      let wrong = mine.reduce(0) { sum, score in sum + others.count { $0 >= score } }
      return Double(wrong) / Double(mine.count * others.count)
    }
  }

  /// For every true label, the share of true ones among the labels ranked as high; the mean over a row's labels and over the rows.
  /// - Throws: as `coverageError`.
  public static func labelRankingAveragePrecision(
    _ truth: [Bool], _ scores: [Double], labels: Int, weights: [Double]? = nil
  ) throws(MetricError) -> Double {
    try rankRows(truth, scores, labels: labels, weights) { truth, scores in
      let mine = zip(truth, scores).filter(\.0).map(\.1)
      if mine.isEmpty || mine.count == scores.count { return 1 }
      let sum = mine.reduce(0.0) { sum, score in sum + Double(mine.count { $0 >= score }) / Double(scores.count { $0 >= score }) }
      return sum / Double(mine.count)
    }
  }
}
