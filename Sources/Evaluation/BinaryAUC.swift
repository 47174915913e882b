/// Area under the ROC curve for two classes.
extension Metrics {
  /// The probability that a positive row scores above a negative one, ties counting half.
  /// - Throws: `MetricError` on no rows, different lengths, NaN scores (naming the row) and where only one kind of row occurs.
  @specialized(where Score == Float)
  @specialized(where Score == Double)
  public static func auc<Score: BinaryFloatingPoint>(
    _ isPositive: [Bool], _ scores: [Score], weights: [Double]? = nil
  ) throws(MetricError)
    -> Double
  {
    try Check.rows(isPositive.count, scores.count, "scores", weights: weights?.count)
    try Check.weights(weights)
    let sorted = try SortedScores(scores)
    return try RankArea(sorted, isPositive: isPositive, weights: weights).area
  }
}

/// Positive weight above negative weight, counted in one walk up the sorted scores.
struct RankArea {
  let area: Double

  init(_ sorted: SortedScores, isPositive: [Bool], weights: [Double]?) throws(MetricError) {
    let (above, positives, negatives) =
      if let weights {
        Self.count(sorted, isPositive) { weights[$0] }
      } else {
        Self.count(sorted, isPositive)
      }
    guard positives > 0, negatives > 0 else {
      throw MetricError(
        .singleClass, "every row is \(positives > 0 ? "positive" : "negative"), so the area under the ROC curve is not defined",
        expected: "rows of both kinds", remedy: "evaluate on data that holds both classes")
    }
    area = above / (positives * negatives)
  }

  @inline(__always)
  static func count(_ sorted: SortedScores, _ isPositive: [Bool], weight: (Int) -> Double) -> (Double, Double, Double) {
    var above = 0.0, below = 0.0, positives = 0.0
    var groupPositive = 0.0, groupNegative = 0.0
    for place in sorted.order.indices {
      let row = Int(sorted.order[place])
      if isPositive[row] { groupPositive += weight(row) } else { groupNegative += weight(row) }
      if !sorted.tiesWithNext[place] {
        above += groupPositive * (below + groupNegative / 2)
        below += groupNegative
        positives += groupPositive
        groupPositive = 0
        groupNegative = 0
      }
    }
    return (above, positives, below)
  }

  /// Without weights, whole numbers do: twice the count, so that halves stay whole.
  private static func count(_ sorted: SortedScores, _ isPositive: [Bool]) -> (Double, Double, Double) {
    var twiceAbove = 0, below = 0, positives = 0, groupPositive = 0, groupNegative = 0
    sorted.order.withUnsafeBufferPointer { order in
      sorted.tiesWithNext.withUnsafeBufferPointer { ties in
        isPositive.withUnsafeBufferPointer { isPositive in
          for place in 0..<order.count {
            let positive = isPositive[Int(order[place])] ? 1 : 0
            groupPositive &+= positive
            groupNegative &+= 1 &- positive
            if !ties[place] {
              twiceAbove &+= groupPositive &* (2 &* below &+ groupNegative)
              below &+= groupNegative
              positives &+= groupPositive
              groupPositive = 0
              groupNegative = 0
            }
          }
        }
      }
    }
    return (Double(twiceAbove) / 2, Double(positives), Double(below))
  }
}
