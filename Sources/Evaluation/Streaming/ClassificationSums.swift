import Foundation
import MartletCore

/// The state of an evaluation in constant memory: for streams, many machines and monitoring, where rows cannot be kept.
///
/// Parts added up give the state of the whole, exactly and in any order: counts are whole and sums are not rounded.
public struct ClassificationSums: Sendable, Hashable, Codable {
  /// The classes' names.
  public let labels: [String]
  /// How many rows.
  public private(set) var rows = 0
  private var cells: [Int]
  private var logLosses = ExactSum()
  private var brierScores = ExactSum()
  /// Squares of both, for their intervals.
  private var logLossSquares = ExactSum()
  private var brierSquares = ExactSum()
  /// Bins of the confidence of the prediction: rows, right rows, confidences.
  private var binRows: [Int]
  private var binRight: [Int]
  private var binConfidences: [ExactSum]
  /// Rows by how many classes come before the true one.
  private var places: [Int]
  /// Scores of every class against the rest; of class 1 only where there are two.
  private var sketches: [ScoreSketch]

  /// An empty state.
  /// - Throws: `MetricError` if there is no class.
  public init(labels: [String], bins: Int = 15, sketchBits: Int = 10) throws(MetricError) {
    guard !labels.isEmpty, bins >= 1 else {
      throw MetricError(.badArgument, "\(labels.count) classes and \(bins) bins", expected: "at least one of each")
    }
    self.labels = labels
    cells = Array(repeating: 0, count: labels.count * labels.count)
    binRows = Array(repeating: 0, count: bins)
    binRight = binRows
    binConfidences = Array(repeating: ExactSum(), count: bins)
    places = Array(repeating: 0, count: labels.count)
    sketches = Array(repeating: ScoreSketch(bits: sketchBits), count: labels.count == 2 ? 1 : labels.count)
  }

  /// Adds a batch.
  /// - Parameters:
  ///   - probabilities: row-major, `[rows, classes]`; every row sums to one.
  ///   - decisions: the class decided for in every row, where a threshold or costs decide; `nil` for the most probable.
  /// - Throws: `MetricError` naming the first row at fault; nothing of the batch is counted then.
  public mutating func add(probabilities: [Float], truth: [Int], decisions: [Int]? = nil) throws(MetricError) {
    guard !truth.isEmpty || !probabilities.isEmpty else { return }
    let classes = labels.count
    try Check.rows(truth.count)
    try Check.distribution(probabilities, rows: truth.count, classes: classes, firstRow: rows)
    for (row, label) in truth.enumerated() { try Check.label(label, row: rows + row, classes: classes) }
    let mostProbable = try Metrics.predictions(probabilities, classes: classes)
    if let decisions {
      try Check.rows(truth.count, decisions.count)
      for (row, label) in decisions.enumerated() { try Check.label(label, row: rows + row, classes: classes, "decided label") }
    }
    let decided = decisions ?? mostProbable
    let inner = (1..<max(binRows.count, 1)).map { Double($0) / Double(binRows.count) }
    let losses = Metrics.logLosses(truth: truth, probabilities: probabilities, classes: classes)
    let scores = Metrics.brierScores(truth: truth, probabilities: probabilities, classes: classes)
    for (row, place) in Metrics.places(truth: truth, probabilities: probabilities, classes: classes).enumerated() {
      cells[truth[row] * classes + decided[row]] += 1
      places[place] += 1
      logLosses.add(losses[row])
      brierScores.add(scores[row])
      logLossSquares.add(losses[row] * losses[row])
      brierSquares.add(scores[row] * scores[row])
      let confidence = min(max(Double(probabilities[row * classes + mostProbable[row]]), 0), 1)
      let bin = CalibrationEdges.bin(of: confidence, inner)
      binRows[bin] += 1
      if truth[row] == mostProbable[row] { binRight[bin] += 1 }
      binConfidences[bin].add(confidence)
      for index in sketches.indices {
        let label = classes == 2 ? 1 : index
        try sketches[index].add(Double(probabilities[row * classes + label]), isPositive: truth[row] == label)
      }
    }
    rows += truth.count
  }

  /// Adds the state of other rows.
  /// - Throws: `MetricError` if classes, bins or sketches differ.
  public mutating func merge(_ other: ClassificationSums) throws(MetricError) {
    guard other.labels == labels, other.binRows.count == binRows.count, other.sketches.first?.bits == sketches.first?.bits else {
      throw MetricError(.badArgument, "the states have different classes, bins or sketches", expected: "the same of both")
    }
    rows += other.rows
    for index in cells.indices { cells[index] += other.cells[index] }
    for index in places.indices { places[index] += other.places[index] }
    for index in binRows.indices {
      binRows[index] += other.binRows[index]
      binRight[index] += other.binRight[index]
      binConfidences[index].merge(other.binConfidences[index])
    }
    logLosses.merge(other.logLosses)
    brierScores.merge(other.brierScores)
    logLossSquares.merge(other.logLossSquares)
    brierSquares.merge(other.brierSquares)
    for index in sketches.indices { try sketches[index].merge(other.sketches[index]) }
  }

  /// The confusion matrix of all rows.
  /// - Throws: `MetricError` without rows.
  public func confusion() throws(MetricError) -> ConfusionMatrix {
    try Check.rows(rows)
    return try ConfusionMatrix(classes: labels.count, wholeCounts: cells)
  }

  /// The metrics so far, by the names of `ClassificationEvaluation`: exact but for the areas, which are within `aucBound`.
  ///
  /// All have intervals but the calibration error, which has its value at both ends.
  /// - Throws: `MetricError` without rows.
  public func metrics(options: IntervalOptions = IntervalOptions(resamples: 300)) throws(MetricError) -> [String: Estimate] {
    try options.check()
    let matrix = try confusion()
    let count = Double(rows), classes = labels.count
    func plain(_ value: Double) -> Estimate { Estimate(value: value, lower: value, upper: value, level: options.level, method: .normal) }
    func mean(_ sum: ExactSum, _ squares: ExactSum, scale: Double = 1) -> Estimate {
      let mean = sum.value / count
      let variance = max(0, squares.value / count - mean * mean) / max(count - 1, 1)
      let half = Probability.normalQuantile(0.5 + options.level / 2) * variance.squareRoot()
      return Estimate(
        value: scale * mean, lower: scale * max(0, mean - half), upper: scale * (mean + half), level: options.level, method: .normal)
    }
    var result: [String: Estimate] = [
      "accuracy": Intervals.wilson(share: matrix.accuracy, count: count, level: options.level), "log_loss": mean(logLosses, logLossSquares),
      "brier": mean(brierScores, brierSquares, scale: classes == 2 ? 0.5 : 1),
      "ece": plain(
        binRows.indices.reduce(0) { $0 + abs(binConfidences[$1].value - Double(binRight[$1])) } / count),
    ]
    let counted = try matrix.estimates(
      [.balancedAccuracy, .fScore(.macro), .fScore(.weighted), .precision(.macro), .recall(.macro), .matthewsCorrelation], options: options)
    result["balanced_accuracy"] = counted[.balancedAccuracy]
    result["f1_macro"] = counted[.fScore(.macro)]
    result["f1_weighted"] = counted[.fScore(.weighted)]
    result["precision_macro"] = counted[.precision(.macro)]
    result["recall_macro"] = counted[.recall(.macro)]
    result["matthews_correlation"] = counted[.matthewsCorrelation]
    for k in [3, 5] where k < classes {
      result["top_\(k)"] = Intervals.wilson(share: Double(places[..<k].reduce(0, +)) / count, count: count, level: options.level)
    }
    if let areas = try? sketches.map({ sketch throws(MetricError) in try sketch.auc() }), !areas.isEmpty {
      let name = classes == 2 ? "auc" : "auc_ovr_macro"
      result[name] = Self.hanley(
        areas.reduce(0) { $0 + $1.value } / Double(areas.count), sketches, bound: areas.map(\.bound).max() ?? 0, options.level)
    }
    return result
  }

  /// How far the area under the ROC curve can be from the exact one.
  public var aucBound: Double { sketches.compactMap { try? $0.auc().bound }.max() ?? .nan }

  /// Hanley and McNeil's interval (1982), from the area and the counts, made wider by the sketch's bound.
  private static func hanley(_ area: Double, _ sketches: [ScoreSketch], bound: Double, _ level: Double) -> Estimate {
    let variances = sketches.map { sketch in
      let p = Double(sketch.positives), n = Double(sketch.negatives)
      let q1 = area / (2 - area), q2 = 2 * area * area / (1 + area)
      return max(0, area * (1 - area) + (p - 1) * (q1 - area * area) + (n - 1) * (q2 - area * area)) / (p * n)
    }
    // Areas of classes depend on each other: the mean of their deviations is the most that the mean's can be.
    let deviation = variances.reduce(0) { $0 + $1.squareRoot() } / Double(variances.count)
    let half = Probability.normalQuantile(0.5 + level / 2) * deviation + bound
    return Estimate(value: area, lower: max(0, area - half), upper: min(1, area + half), level: level, method: .normal)
  }
}

extension ConfusionMatrix {
  /// A matrix of whole counts.
  init(classes: Int, wholeCounts: [Int]) throws(MetricError) {
    var truth: [Int] = [], predicted: [Int] = [], weights: [Double] = []
    for (cell, count) in wholeCounts.enumerated() where count > 0 {
      truth.append(cell / classes)
      predicted.append(cell % classes)
      weights.append(Double(count))
    }
    try self.init(truth: truth, predicted: predicted, classes: classes, cellCounts: weights)
  }
}
