/// Metrics of classification and regression over Swift arrays. Labels are 0 ..< classes, probabilities row-major `[rows, classes]`.
///
/// Values equal scikit-learn's. What `Metrics` returns are plain numbers; `Estimate` has the same names with an interval beside the value,
/// and `ConfusionMatrix` everything that is counted.
public enum Metrics {
  /// The share of rows that is right.
  /// - Throws: `MetricError` on no rows, different lengths and bad weights.
  public static func accuracy(truth: [Int], predicted: [Int], weights: [Double]? = nil) throws(MetricError) -> Double {
    try Check.rows(truth.count, predicted.count, weights: weights?.count)
    try Check.weights(weights)
    if let weights {
      var right = 0.0, total = 0.0
      for row in truth.indices {
        total += weights[row]
        if truth[row] == predicted[row] { right += weights[row] }
      }
      return right / total
    }
    let right = truth.withUnsafeBufferPointer { truth in
      predicted.withUnsafeBufferPointer { predicted in
        var right = 0
        for row in 0..<truth.count { right &+= truth[row] == predicted[row] ? 1 : 0 }
        return right
      }
    }
    return Double(right) / Double(truth.count)
  }

  /// Precision, recall and F-score in one: see `ConfusionMatrix.scores`.
  /// - Throws: `MetricError` on no rows, different lengths, labels out of range (naming the row) and bad weights.
  public static func precisionRecall(
    truth: [Int], predicted: [Int], classes: Int, average: Average, beta: Double = 1, labels: [Int]? = nil, weights: [Double]? = nil,
    zeroDivision: ZeroDivision = .zero
  ) throws(MetricError) -> PrecisionRecall {
    try ConfusionMatrix(truth: truth, predicted: predicted, classes: classes, weights: weights)
      .scores(average, beta: beta, labels: labels, zeroDivision: zeroDivision)
  }

  /// The F1 score.
  /// - Throws: as `precisionRecall`.
  public static func f1(
    truth: [Int], predicted: [Int], classes: Int, average: Average, weights: [Double]? = nil
  ) throws(MetricError) -> Double {
    try precisionRecall(truth: truth, predicted: predicted, classes: classes, average: average, weights: weights).fScore
  }

  /// The class with the highest probability of every row; the first of equals.
  /// - Throws: `MetricError` if the probabilities do not make whole rows or one is NaN (naming the row).
  @specialized(where Score == Float)
  @specialized(where Score == Double)
  public static func predictions<Score: BinaryFloatingPoint>(_ probabilities: [Score], classes: Int) throws(MetricError) -> [Int] {
    guard classes > 0 else { throw MetricError(.badArgument, "\(classes) classes", expected: "at least one") }
    try Check.probabilities(probabilities, rows: probabilities.count / classes, classes: classes)
    return probabilities.withUnsafeBufferPointer { probabilities in
      (0..<(probabilities.count / classes)).map { row in
        var best = 0
        for column in 1..<max(classes, 1) where probabilities[row &* classes &+ column] > probabilities[row &* classes &+ best] {
          best = column
        }
        return best
      }
    }
  }

  /// The share of rows whose true class is among the `k` most probable. Of equal probabilities the higher class comes first, as in
  /// scikit-learn.
  /// - Throws: `MetricError` on k < 1 and as `logLoss`.
  public static func topK<Score: BinaryFloatingPoint>(
    _ k: Int, truth: [Int], probabilities: [Score], classes: Int, weights: [Double]? = nil
  ) throws(MetricError) -> Double {
    guard k >= 1 else { throw MetricError(.badArgument, "top-\(k) accuracy", expected: "k of at least 1") }
    try Check.rows(truth.count, weights: weights?.count)
    try Check.weights(weights)
    try Check.probabilities(probabilities, rows: truth.count, classes: classes)
    try Check.labels(truth, classes: classes)
    let places = places(truth: truth, probabilities: probabilities, classes: classes)
    return weightedMean(places.map { $0 < k ? 1 : 0 }, weights: weights)
  }

  /// How many classes come before the true one in every row.
  @specialized(where Score == Float)
  @specialized(where Score == Double)
  static func places<Score: BinaryFloatingPoint>(truth: [Int], probabilities: [Score], classes: Int) -> [Int] {
    probabilities.withUnsafeBufferPointer { probabilities in
      truth.indices.map { row in
        let own = probabilities[row &* classes &+ truth[row]]
        var place = 0
        for column in 0..<classes {
          let other = probabilities[row &* classes &+ column]
          if other > own || (other == own && column > truth[row]) { place += 1 }
        }
        return place
      }
    }
  }
}
