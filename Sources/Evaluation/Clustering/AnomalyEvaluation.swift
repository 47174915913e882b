public import Charts

/// What a detector of anomalies is worth: where the truth is known, how well its scores order and how well its threshold cuts; always, how
/// often it alarms.
public struct AnomalyEvaluation: Codable, Sendable, Hashable {
  /// How many rows were evaluated.
  public let rows: Int
  /// How many of them truly are anomalies, where that is known.
  public let anomalies: Int?
  /// Scores above it are called anomalies.
  public let threshold: Double
  /// Metrics by name: `alarm_rate`, and with a truth `auc`, `average_precision`, `precision_at_n`, `precision`, `recall`, `f1`.
  public let metrics: [String: Estimate]
  /// Scores that shares of the rows stay under.
  public let scoreQuantiles: [Double]
  /// How often scores lie in each of 40 bins, of all rows or of the normal ones.
  public let histogram: Bins
  /// The same of anomalies; `nil` where the truth is not known.
  public let anomalyHistogram: Bins?
  /// The rows with the highest scores, the highest first.
  public let highest: [Row]
  /// What is not defined on this data, and why.
  public let notes: [String]
  /// How the intervals were computed.
  public let intervals: IntervalOptions

  /// One row.
  public struct Row: Codable, Sendable, Hashable {
    /// Its place in the data, from 0.
    public let row: Int
    /// Its score.
    public let score: Double
    /// Whether it truly is an anomaly, where that is known.
    public let isAnomaly: Bool?
  }

  /// Counts between edges.
  public struct Bins: Codable, Sendable, Hashable {
    /// One more than there are counts, ascending.
    public let edges: [Double]
    /// Rows between two edges.
    public let counts: [Double]
  }

  /// Measures scores.
  /// - Parameters:
  ///   - scores: one a row, higher is more unusual.
  ///   - truth: whether each row is an anomaly, where that is known.
  ///   - highest: how many of the highest rows to list.
  /// - Throws: `MetricError` on no rows, different lengths and scores that are not finite (naming the row).
  public init(
    scores: [Double], threshold: Double, truth: [Bool]? = nil, highest: Int = 24, intervals: IntervalOptions = IntervalOptions()
  ) throws(MetricError) {
    try intervals.check()
    try Check.rows(scores.count, truth?.count, "truths")
    if let row = scores.firstIndex(where: { !$0.isFinite }) {
      throw MetricError(.notANumber, row: row, "the score of row \(row) is \(scores[row])", expected: "finite numbers")
    }
    rows = scores.count
    self.threshold = threshold
    self.intervals = intervals
    let alarms = scores.map { $0 > threshold }
    var metrics = [
      "alarm_rate": Intervals.wilson(
        share: Double(alarms.count { $0 }) / Double(scores.count), count: Double(scores.count), level: intervals.level)
    ]
    var notes: [String] = []
    if let truth {
      let positives = truth.count { $0 }
      anomalies = positives
      if positives == 0 || positives == truth.count {
        notes.append("Every row is \(positives == 0 ? "normal" : "an anomaly"): how well scores tell them apart is not defined.")
      } else {
        metrics["auc"] = try Estimate.auc(truth, scores, options: intervals)
        metrics["average_precision"] = try Estimate.averagePrecision(truth, scores, options: intervals)
        let matrix = try ConfusionMatrix(truth: truth.map { $0 ? 1 : 0 }, predicted: alarms.map { $0 ? 1 : 0 }, classes: 2)
        let counted = try matrix.estimates(
          [.precision(.binary(positive: 1)), .recall(.binary(positive: 1)), .fScore(.binary(positive: 1))], options: intervals)
        metrics["precision"] = counted[.precision(.binary(positive: 1))]
        metrics["recall"] = counted[.recall(.binary(positive: 1))]
        metrics["f1"] = counted[.fScore(.binary(positive: 1))]
        let top = Metrics.ranked(scores).prefix(positives).count { truth[$0] }
        metrics["precision_at_n"] = Intervals.wilson(
          share: Double(top) / Double(positives), count: Double(positives), level: intervals.level)
      }
    } else {
      anomalies = nil
      notes.append("Which rows truly are anomalies is not known: only how often it alarms can be said.")
    }
    self.metrics = metrics
    self.notes = notes
    let sorted = scores.sorted()
    scoreQuantiles = [0, 0.5, 0.9, 0.95, 0.99, 1].map { Quantile.sorted(sorted, $0) }
    let low = sorted[0], high = max(sorted[sorted.count - 1], low + max(abs(low), 1) * 1e-9)
    func bins(_ isIn: (Int) -> Bool) -> Bins {
      var counts = [Double](repeating: 0, count: 40)
      for row in scores.indices where isIn(row) { counts[min(39, Int((scores[row] - low) / (high - low) * 40))] += 1 }
      return Bins(edges: (0...40).map { low + (high - low) * Double($0) / 40 }, counts: counts)
    }
    histogram = bins { row in !(truth?[row] ?? false) }
    anomalyHistogram = truth.map { truth in bins { truth[$0] } }
    self.highest = Metrics.ranked(scores).prefix(max(0, highest)).map { Row(row: $0, score: scores[$0], isAnomaly: truth?[$0]) }
  }

  /// The metrics as a table.
  public var metricTable: TextTable { TextTable.metrics(metrics, level: intervals.level) }

  /// The sections of a report.
  public var sections: [HTMLReport.Section] {
    var charts: [any Chart] = [
      Histogram(
        title: anomalyHistogram == nil ? "Scores" : "Scores of normal rows", valueTitle: "score", countTitle: "rows",
        edges: histogram.edges,
        counts: histogram.counts)
    ]
    if let anomalyHistogram {
      charts.append(
        Histogram(
          title: "Scores of anomalies", valueTitle: "score", countTitle: "rows", edges: anomalyHistogram.edges,
          counts: anomalyHistogram.counts))
    }
    let table = TextTable(
      columns: [.number("row"), .number("score"), .init("truly an anomaly")],
      rows: highest.map {
        [NumberText.grouped($0.row), NumberText.significant($0.score), $0.isAnomaly.map { $0 ? "yes" : "no" } ?? "not known"]
      })
    return [
      .init(
        "Scores", note: "Rows above \(NumberText.significant(threshold)) are called anomalies.",
        notes.map { .notice($0) } + [.charts(charts)]),
      .init("Most unusual rows", note: "", [.table(table)]), .init("All metrics", note: "", [.table(metricTable)]),
    ]
  }
}
