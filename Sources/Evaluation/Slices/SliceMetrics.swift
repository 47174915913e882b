public import Charts

/// Metrics of every group of some features, and of their intersections, each compared with all other rows.
public struct SliceMetrics: Codable, Sendable, Hashable {
  /// One slice's numbers.
  public struct Row: Codable, Sendable, Hashable {
    /// What its rows share; empty for all rows.
    public let conditions: [Slice.Condition]
    /// How many rows.
    public let rows: Int
    /// Metrics with intervals, by name.
    public let metrics: [String: Estimate]
    /// How probable a difference from all other rows as large as that of the main metric is by chance, corrected for how many slices there
    /// are; `nil` for all rows.
    public let adjustedPValue: Double?

    /// `region = north, age < 25`.
    public var name: String { conditions.isEmpty ? "all rows" : conditions.map(\.text).joined(separator: ", ") }
  }

  /// The metrics' names, the main one first.
  public let measures: [String]
  /// All rows, then the slices in the order of the features.
  public let rows: [Row]
  /// How many slices had too few rows to be shown.
  public let tooSmall: Int

  /// Slices of a classifier: accuracy (the main one), macro F1, macro recall and log loss.
  /// - Parameters:
  ///   - losses: -log p(true class) of every row, where it is known.
  ///   - degree: 1 for the features by themselves, 2 and 3 with intersections.
  ///   - minimumRows: slices of fewer rows are left out.
  /// - Throws: `MetricError` on no rows, no features, different lengths and labels out of range.
  public init(
    truth: [Int], predicted: [Int], classes: Int, losses: [Double]? = nil, features: [GroupFeature], degree: Int = 1, minimumRows: Int = 30,
    multiplicity: Multiplicity = .holm, options: IntervalOptions = IntervalOptions(resamples: 300)
  ) throws(MetricError) {
    try options.check()
    _ = try ConfusionMatrix(truth: truth, predicted: predicted, classes: classes)
    let wrong = zip(truth, predicted).map { $0 == $1 ? 0.0 : 1 }
    try self.init(
      features, main: wrong, degree, minimumRows, multiplicity,
      measures: ["accuracy", "f1_macro", "recall_macro"] + (losses == nil ? [] : ["log_loss"])
    ) { rows throws(MetricError) in
      let matrix = try ConfusionMatrix(truth: rows.map { truth[$0] }, predicted: rows.map { predicted[$0] }, classes: classes)
      let counted = try matrix.estimates([.fScore(.macro), .recall(.macro)], options: options)
      var metrics = [
        "accuracy": Intervals.wilson(share: matrix.accuracy, count: Double(rows.count), level: options.level),
        "f1_macro": counted[.fScore(.macro)], "recall_macro": counted[.recall(.macro)],
      ].compactMapValues { $0 }
      if let losses { metrics["log_loss"] = Bootstrap.mean(rows.map { losses[$0] }, weights: nil, options: options) }
      return metrics
    }
  }

  /// Slices of a model of numbers: mean absolute error (the main one), root mean squared error and bias.
  /// - Throws: `MetricError` on no rows, no features, different lengths and values that are not finite.
  public init(
    truth: [Double], predicted: [Double], features: [GroupFeature], degree: Int = 1, minimumRows: Int = 30,
    multiplicity: Multiplicity = .holm, options: IntervalOptions = IntervalOptions(resamples: 300)
  ) throws(MetricError) {
    try options.check()
    try Check.regression(truth, predicted, nil)
    try self.init(
      features, main: zip(truth, predicted).map { abs($0 - $1) }, degree, minimumRows, multiplicity, measures: ["mae", "rmse", "bias"]
    ) { rows throws(MetricError) in
      let metrics = try Estimate.regression(
        [.meanAbsoluteError, .rootMeanSquaredError, .bias], truth: rows.map { truth[$0] }, predicted: rows.map { predicted[$0] },
        options: options)
      return Dictionary(uniqueKeysWithValues: metrics.compactMap { key, value in key.name.map { ($0, value) } })
    }
  }

  private init(
    _ features: [GroupFeature], main: [Double], _ degree: Int, _ minimumRows: Int, _ multiplicity: Multiplicity, measures: [String],
    _ metrics: ([Int]) throws(MetricError) -> [String: Estimate]
  ) throws(MetricError) {
    guard (1...3).contains(degree) else { throw MetricError(.badArgument, "slices of \(degree) features", expected: "1 to 3") }
    let finder = try SliceFinder(features: features, losses: main)
    var slices: [(conditions: [Slice.Condition], rows: [Int])] = []
    var small = 0
    for size in 1...degree {
      for combination in SliceFinder.combinations(size, of: features.count) {
        let frame = try GroupFrame(rows: main.count, features: combination.map { features[$0] }, controls: [])
        var members = [[Int]](repeating: [], count: frame.groups)
        for (row, group) in frame.groupOfRow.enumerated() { members[group].append(row) }
        for (group, rows) in members.enumerated() where !rows.isEmpty {
          if rows.count < minimumRows {
            small += 1
            continue
          }
          let conditions = zip(combination, frame.values(group)).map { Slice.Condition(feature: features[$0].name, value: $1) }
          slices.append((conditions, rows))
        }
      }
    }
    let adjusted = multiplicity.adjusted(slices.map { finder.twoSidedPValue($0.rows) })
    var result = [Row(conditions: [], rows: main.count, metrics: try metrics(Array(main.indices)), adjustedPValue: nil)]
    for (slice, p) in zip(slices, adjusted) {
      result.append(Row(conditions: slice.conditions, rows: slice.rows.count, metrics: try metrics(slice.rows), adjustedPValue: p))
    }
    self.measures = measures
    rows = result
    tooSmall = small
  }

  /// The slices as rows of a table; those that differ beyond chance are marked.
  public var table: TextTable {
    func cell(_ estimate: Estimate?) -> [String] {
      guard let estimate, !estimate.value.isNaN else { return ["–", ""] }
      let text = ClassificationEvaluation.text
      return [text(estimate.value), "\(text(estimate.lower)) to \(text(estimate.upper))"]
    }
    return TextTable(
      columns: [.init("slice"), .number("rows")] + measures.flatMap { [.number(MetricInfo.named($0)?.title ?? $0), .number("interval")] }
        + [.number("p, corrected")],
      rows: rows.map { row in
        [row.name, NumberText.grouped(row.rows)] + measures.flatMap { cell(row.metrics[$0]) }
          + [row.adjustedPValue.map { NumberText.significant($0, digits: 2) + ($0 <= 0.05 ? " *" : "") } ?? ""]
      })
  }
}

extension SliceFinder {
  /// Whether given rows differ from all others, either way.
  func twoSidedPValue(_ rows: [Int]) -> Double {
    let (upper, lower) = (onesided(rows, sign: 1), onesided(rows, sign: -1))
    return min(1, 2 * min(upper, lower))
  }
}
