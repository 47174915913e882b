/// How the true positive rate grows with the false positive rate as the threshold falls.
public struct ROCCurve: Codable, Sendable, Hashable {
  /// From 0 to 1, never falling.
  public let falsePositiveRates: [Double]
  /// From 0 to 1, never falling.
  public let truePositiveRates: [Double]
  /// Scores at or above the threshold count as positive. The first is infinite: nothing is positive.
  public let thresholds: [Double]

  /// The area under the curve by the trapezoidal rule.
  public var area: Double {
    zip(falsePositiveRates.indices.dropFirst(), truePositiveRates.dropFirst()).reduce(0) { sum, next in
      let width = falsePositiveRates[next.0] - falsePositiveRates[next.0 - 1]
      return sum + width * (next.1 + truePositiveRates[next.0 - 1]) / 2
    }
  }

  /// At most `limit` of the points, evenly along the curve's length, both ends among them: enough to draw it.
  public func thinned(to limit: Int = 200) -> ROCCurve {
    let count = thresholds.count
    guard count > limit, limit >= 2 else { return self }
    // The way along both axes together: 0 at one end, 2 at the other.
    let way = zip(falsePositiveRates, truePositiveRates).map(+)
    var chosen: [Int] = []
    var next = 0.0
    for index in 0..<count where way[index] >= next || index == count - 1 {
      if index == count - 1, chosen.count >= limit { chosen.removeLast() }
      chosen.append(index)
      while next <= way[index] { next += 2 / Double(limit - 1) }
    }
    return ROCCurve(
      falsePositiveRates: chosen.map { falsePositiveRates[$0] }, truePositiveRates: chosen.map { truePositiveRates[$0] },
      thresholds: chosen.map { thresholds[$0] })
  }
}

/// How precision falls as recall grows.
public struct PrecisionRecallCurve: Codable, Sendable, Hashable {
  /// The last is 1, by convention.
  public let precisions: [Double]
  /// Falling to 0.
  public let recalls: [Double]
  /// Ascending; one fewer than there are points.
  public let thresholds: [Double]
}

/// Positive and negative weight at or above each distinct score, from the highest score down.
struct ScoreSteps {
  var positives: [Double] = []
  var negatives: [Double] = []
  var thresholds: [Double] = []
  var positiveTotal: Double { positives.last ?? 0 }
  var negativeTotal: Double { negatives.last ?? 0 }

  @specialized(where Score == Float)
  @specialized(where Score == Double)
  init<Score: BinaryFloatingPoint>(
    _ isPositive: [Bool], _ scores: [Score], weights: [Double]?, column: Int = 0, columns: Int = 1
  ) throws(MetricError) {
    try Check.rows(isPositive.count, scores.count / max(columns, 1), "scores", weights: weights?.count)
    try Check.weights(weights)
    self.init(
      try SortedScores(scores, column: column, columns: columns), isPositive, scores, weights: weights, column: column, columns: columns)
  }

  /// From rows that are checked and sorted already.
  @specialized(where Score == Float)
  @specialized(where Score == Double)
  init<Score: BinaryFloatingPoint>(
    _ sorted: SortedScores, _ isPositive: [Bool], _ scores: [Score], weights: [Double]?, column: Int = 0, columns: Int = 1
  ) {
    let distinct = sorted.tiesWithNext.reduce(0) { $0 + ($1 ? 0 : 1) }
    positives.reserveCapacity(distinct)
    negatives.reserveCapacity(distinct)
    thresholds.reserveCapacity(distinct)
    var above = 0.0, aboveNegative = 0.0
    for place in stride(from: sorted.order.count - 1, through: 0, by: -1) {
      let row = Int(sorted.order[place])
      let weight = weights?[row] ?? 1
      if isPositive[row] { above += weight } else { aboveNegative += weight }
      // The last of a run of equal scores, seen from above.
      if place == 0 || !sorted.tiesWithNext[place - 1] {
        positives.append(above)
        negatives.append(aboveNegative)
        thresholds.append(Double(scores[row * columns + column]))
      }
    }
  }

  func checkBothKinds() throws(MetricError) {
    guard positiveTotal > 0, negativeTotal > 0 else {
      throw MetricError(
        .singleClass, "every row is \(positiveTotal > 0 ? "positive" : "negative"), so there is no ROC curve",
        expected: "rows of both kinds", remedy: "evaluate on data that holds both classes")
    }
  }

  func rocCurve(dropsCollinear: Bool) throws(MetricError) -> ROCCurve {
    try checkBothKinds()
    var kept = Array(thresholds.indices)
    if dropsCollinear, thresholds.count > 2 {
      kept = thresholds.indices.filter { index in
        guard index > 0, index < thresholds.count - 1 else { return true }
        let bendsUp = positives[index - 1] - 2 * positives[index] + positives[index + 1]
        let bendsRight = negatives[index - 1] - 2 * negatives[index] + negatives[index + 1]
        return bendsUp != 0 || bendsRight != 0
      }
    }
    return ROCCurve(
      falsePositiveRates: [0] + kept.map { negatives[$0] / negativeTotal },
      truePositiveRates: [0] + kept.map { positives[$0] / positiveTotal }, thresholds: [.infinity] + kept.map { thresholds[$0] })
  }

  /// Σ (Rₙ - Rₙ₋₁) Pₙ: no interpolation, which would flatter.
  var averagePrecision: Double {
    guard positiveTotal > 0 else { return 0 }
    var sum = 0.0, before = 0.0
    for index in positives.indices {
      let all = positives[index] + negatives[index]
      if all > 0 { sum += (positives[index] - before) / positiveTotal * (positives[index] / all) }
      before = positives[index]
    }
    return sum
  }
}

extension Metrics {
  /// The ROC curve of scores for "positive".
  /// - Parameter dropsCollinear: leaves out points on straight pieces, which neither the area nor a picture needs.
  /// - Throws: `MetricError` on no rows, different lengths, NaN scores (naming the row) and where only one kind of row occurs.
  public static func rocCurve<Score: BinaryFloatingPoint>(
    _ isPositive: [Bool], _ scores: [Score], weights: [Double]? = nil, dropsCollinear: Bool = true
  ) throws(MetricError) -> ROCCurve {
    try ScoreSteps(isPositive, scores, weights: weights).rocCurve(dropsCollinear: dropsCollinear)
  }

  /// Precision against recall, thresholds ascending.
  /// - Throws: `MetricError` on no rows, different lengths, NaN scores (naming the row) and where no row is positive.
  public static func precisionRecallCurve<Score: BinaryFloatingPoint>(
    _ isPositive: [Bool], _ scores: [Score], weights: [Double]? = nil
  ) throws(MetricError) -> PrecisionRecallCurve {
    let steps = try ScoreSteps(isPositive, scores, weights: weights)
    try requirePositive(steps)
    return PrecisionRecallCurve(
      precisions: zip(steps.positives, steps.negatives).map { $0 + $1 > 0 ? $0 / ($0 + $1) : 0 }.reversed() + [1],
      recalls: steps.positives.map { $0 / steps.positiveTotal }.reversed() + [0], thresholds: steps.thresholds.reversed())
  }

  /// Average precision: the area under the precision-recall curve as a sum of steps, without interpolation.
  /// - Throws: `MetricError` on no rows, different lengths, NaN scores (naming the row) and where no row is positive.
  public static func averagePrecision<Score: BinaryFloatingPoint>(
    _ isPositive: [Bool], _ scores: [Score], weights: [Double]? = nil
  ) throws(MetricError) -> Double {
    let steps = try ScoreSteps(isPositive, scores, weights: weights)
    try requirePositive(steps)
    return steps.averagePrecision
  }

  private static func requirePositive(_ steps: ScoreSteps) throws(MetricError) {
    guard steps.positiveTotal > 0 else {
      throw MetricError(.singleClass, "no row is positive, so there is no precision-recall curve", expected: "at least one positive row")
    }
  }
}
