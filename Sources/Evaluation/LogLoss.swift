import Foundation

extension Metrics {
  /// The mean of -log p(true class), natural logarithm. Probabilities are kept `ulpOfOne` away from 0 and 1, as scikit-learn does.
  /// - Parameter probabilities: row-major, `[rows, classes]`.
  /// - Throws: `MetricError` on no rows, different lengths, NaN (naming the row), labels out of range and bad weights.
  @specialized(where Score == Float)
  @specialized(where Score == Double)
  public static func logLoss<Score: BinaryFloatingPoint>(
    truth: [Int], probabilities: [Score], classes: Int, weights: [Double]? = nil
  ) throws(MetricError) -> Double {
    try Check.rows(truth.count, weights: weights?.count)
    try Check.weights(weights)
    try Check.probabilities(probabilities, rows: truth.count, classes: classes)
    try Check.labels(truth, classes: classes)
    let low = Double(Score.ulpOfOne), high = 1 - low
    var sum = 0.0, total = 0.0
    truth.withUnsafeBufferPointer { truth in
      probabilities.withUnsafeBufferPointer { probabilities in
        for row in 0..<truth.count {
          let probability = min(max(Double(probabilities[row &* classes &+ truth[row]]), low), high)
          let weight = weights?[row] ?? 1
          sum -= weight * log(probability)
          total += weight
        }
      }
    }
    return sum / total
  }

  /// -log p(true class) of every row.
  @specialized(where Score == Float)
  @specialized(where Score == Double)
  static func logLosses<Score: BinaryFloatingPoint>(truth: [Int], probabilities: [Score], classes: Int) -> [Double] {
    let low = Double(Score.ulpOfOne), high = 1 - low
    return truth.indices.map { -log(min(max(Double(probabilities[$0 * classes + truth[$0]]), low), high)) }
  }

  /// The mean squared distance of the probabilities from the truth (Brier, 1950), over all classes: 0 … 2.
  /// - Parameter halved: 0 … 1, which for two classes is the square of the positive's error; `nil` halves for two classes only, as
  ///   scikit-learn does.
  /// - Throws: as `logLoss`.
  public static func brier<Score: BinaryFloatingPoint>(
    truth: [Int], probabilities: [Score], classes: Int, weights: [Double]? = nil, halved: Bool? = nil
  ) throws(MetricError) -> Double {
    try Check.rows(truth.count, weights: weights?.count)
    try Check.weights(weights)
    try Check.probabilities(probabilities, rows: truth.count, classes: classes)
    try Check.labels(truth, classes: classes)
    let scores = brierScores(truth: truth, probabilities: probabilities, classes: classes)
    let mean = weightedMean(scores, weights: weights)
    return halved ?? (classes == 2) ? mean / 2 : mean
  }

  /// The squared distance of every row, over all classes.
  @specialized(where Score == Float)
  @specialized(where Score == Double)
  static func brierScores<Score: BinaryFloatingPoint>(truth: [Int], probabilities: [Score], classes: Int) -> [Double] {
    truth.indices.map { row in
      var sum = 0.0
      for column in 0..<classes {
        let error = Double(probabilities[row * classes + column]) - (column == truth[row] ? 1 : 0)
        sum += error * error
      }
      return sum
    }
  }

  static func weightedMean(_ values: [Double], weights: [Double]?) -> Double {
    guard let weights else { return values.reduce(0, +) / Double(values.count) }
    return zip(values, weights).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
  }
}
