public import Charts
import MartletCore

/// What a way to learn is worth, over the folds of a cross-validation.
public struct CrossValidationSummary: Codable, Sendable, Hashable {
  /// One fold's result.
  public struct Fold: Codable, Sendable, Hashable {
    /// How many rows were learned from.
    public let trainingRows: Int
    /// How many rows were measured on.
    public let testRows: Int
    /// Metrics by name.
    public let metrics: [String: Double]
    /// How long it took, in seconds, where that is known.
    public let seconds: Double?

    /// A result by its parts.
    public init(trainingRows: Int, testRows: Int, metrics: [String: Double], seconds: Double? = nil) {
      self.trainingRows = trainingRows
      self.testRows = testRows
      self.metrics = metrics
      self.seconds = seconds
    }
  }

  /// The folds in their order.
  public let folds: [Fold]
  /// Mean over the folds and interval of every metric that all folds have: the interval of the way to learn, not of one model, by Student's
  /// t with the variance corrected for the folds' overlap (Nadeau and Bengio, 2003).
  public let metrics: [String: Estimate]
  /// The standard deviation over the folds.
  public let deviations: [String: Double]

  /// The summary of folds.
  /// - Throws: `MetricError` if there are no folds, or folds have different metrics.
  public init(_ folds: [Fold], level: Double = 0.95) throws(MetricError) {
    guard let first = folds.first else { throw MetricError(.empty, "there are no folds", expected: "at least one") }
    for (index, fold) in folds.enumerated() where Set(fold.metrics.keys) != Set(first.metrics.keys) {
      throw MetricError(
        .badArgument, "fold \(index + 1) has the metrics \(fold.metrics.keys.sorted().joined(separator: ", "))",
        expected: "those of the first: \(first.metrics.keys.sorted().joined(separator: ", "))")
    }
    try IntervalOptions(level: level).check()
    self.folds = folds
    var estimates: [String: Estimate] = [:], deviations: [String: Double] = [:]
    let count = Double(folds.count)
    let ratio = folds.reduce(0) { $0 + Double($1.testRows) / Double(max(1, $1.trainingRows)) } / count
    for name in first.metrics.keys {
      let values = folds.compactMap { $0.metrics[name] }
      let mean = values.reduce(0, +) / count
      let variance = folds.count > 1 ? values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1) : .nan
      let half = Probability.studentQuantile(0.5 + level / 2, degrees: count - 1) * (variance * (1 / count + ratio)).squareRoot()
      deviations[name] = variance.squareRoot()
      let range = MetricInfo.named(name)?.range ?? -.infinity ... .infinity
      estimates[name] = Estimate(
        value: mean, lower: max(mean - half, min(mean, range.lowerBound)), upper: min(mean + half, max(mean, range.upperBound)),
        level: level, method: .correctedResampledT)
    }
    metrics = estimates
    self.deviations = deviations
  }

  /// Whether another way to learn differs, on the same folds: the corrected resampled t test of a metric, the other minus this.
  /// - Throws: `MetricError` if the folds are not the same number or have no such metric.
  public func compared(with other: CrossValidationSummary, metric: String, level: Double = 0.95) throws(MetricError) -> TestResult {
    guard folds.count == other.folds.count, metrics[metric] != nil, other.metrics[metric] != nil else {
      throw MetricError(.badArgument, "'\(metric)' of \(folds.count) and of \(other.folds.count) folds", expected: "the same folds of both")
    }
    let differences = zip(folds, other.folds).map { ($1.metrics[metric] ?? .nan) - ($0.metrics[metric] ?? .nan) }
    let ratio = folds.reduce(0) { $0 + Double($1.testRows) / Double(max(1, $1.trainingRows)) } / Double(folds.count)
    return try PairedTest.correctedResampledT(differences: differences, testToTrain: ratio, level: level)
  }

  /// The metrics as rows: mean, standard deviation, interval, and each fold.
  public var table: TextTable {
    let shown = folds.count <= 10 ? folds : []
    return TextTable(
      columns: [.init("metric"), .number("mean"), .number("deviation"), .number("from"), .number("to")]
        + shown.indices.map { .number("fold \($0 + 1)") },
      rows: (MetricInfo.of(metrics.keys).map(\.name) + metrics.keys.filter { MetricInfo.named($0) == nil }.sorted()).compactMap { name in
        guard let estimate = metrics[name] else { return nil }
        let numbers = [estimate.value, deviations[name] ?? .nan, estimate.lower, estimate.upper] + shown.map { $0.metrics[name] ?? .nan }
        return [MetricInfo.named(name)?.title ?? name] + numbers.map { $0.isNaN ? "–" : ClassificationEvaluation.text($0) }
      })
  }
}

/// Predictions of every row by a model that has not seen it, gathered fold by fold.
public struct OutOfFoldPredictions: Codable, Sendable, Hashable {
  /// Numbers a row: 1 for regression, the number of classes for probabilities.
  public let width: Int
  private var sums: [Double]
  private var counts: [Int]

  /// Room for `rows` rows.
  public init(rows: Int, width: Int = 1) {
    self.width = max(1, width)
    sums = Array(repeating: 0, count: max(0, rows) * max(1, width))
    counts = Array(repeating: 0, count: max(0, rows))
  }

  /// Adds the predictions of a fold's test rows.
  /// - Parameter predictions: row-major, `[rows, width]`.
  /// - Throws: `MetricError` on a wrong number of predictions and rows out of range.
  public mutating func add(rows: [Int], predictions: [Double]) throws(MetricError) {
    guard predictions.count == rows.count * width else {
      throw MetricError(
        .lengthMismatch, "there are \(predictions.count) predictions for \(rows.count) rows", expected: "\(rows.count * width)")
    }
    for row in rows where !counts.indices.contains(row) {
      throw MetricError(.badArgument, row: row, "there is no row \(row)", expected: "0 ..< \(counts.count)")
    }
    for (place, row) in rows.enumerated() {
      counts[row] += 1
      for column in 0..<width { sums[row * width + column] += predictions[place * width + column] }
    }
  }

  /// The rows that have predictions, in order: all of them, but for time-ordered divisions, which never measure on the first.
  public var rows: [Int] { counts.indices.filter { counts[$0] > 0 } }

  /// The predictions of `rows`, row-major; their mean where a row was measured on several times.
  public var values: [Double] {
    rows.flatMap { row in (0..<width).map { sums[row * width + $0] / Double(counts[row]) } }
  }
}
