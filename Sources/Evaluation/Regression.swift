/// How far numbers are from the true ones.
public struct RegressionErrors: Sendable, Hashable, Codable {
  /// The mean of the squared errors.
  public let meanSquared: Double
  /// Its root: in the unit of the data.
  public var rootMeanSquared: Double { meanSquared.squareRoot() }
  /// The mean of the absolute errors.
  public let meanAbsolute: Double
  /// The median of the absolute errors (weights do not count here).
  public let medianAbsolute: Double
  /// The share of the variance that is explained. Where the truth is constant: 1 if it is met exactly, else 0.
  public let r2: Double
  /// The largest absolute error.
  public let maximum: Double
}

extension Metrics {
  /// Errors of predicted numbers.
  /// - Throws: `MetricError` on no rows, different lengths, values that are not finite (naming the row) and bad weights.
  @specialized(where Value == Float)
  @specialized(where Value == Double)
  public static func regression<Value: BinaryFloatingPoint>(
    truth: [Value], predicted: [Value], weights: [Double]? = nil
  ) throws(MetricError)
    -> RegressionErrors
  {
    try Check.rows(truth.count, predicted.count, "predictions", weights: weights?.count)
    try Check.weights(weights)
    var squared = 0.0, absolute = 0.0, sum = 0.0, total = 0.0, largest = 0.0
    var errors: [Double] = []
    errors.reserveCapacity(truth.count)
    for row in truth.indices {
      let error = abs(Double(truth[row]) - Double(predicted[row]))
      guard error.isFinite else {
        throw MetricError(
          .notANumber, row: row, "row \(row) has truth \(truth[row]) and prediction \(predicted[row])", expected: "finite numbers")
      }
      let weight = weights?[row] ?? 1
      squared += weight * error * error
      absolute += weight * error
      sum += weight * Double(truth[row])
      total += weight
      largest = max(largest, error)
      errors.append(error)
    }
    let mean = sum / total
    var spread = 0.0
    for row in truth.indices {
      let distance = Double(truth[row]) - mean
      spread += (weights?[row] ?? 1) * distance * distance
    }
    errors.sort()
    return RegressionErrors(
      meanSquared: squared / total, meanAbsolute: absolute / total, medianAbsolute: Quantile.sorted(errors, 0.5),
      r2: spread > 0 ? 1 - squared / spread : squared == 0 ? 1 : 0, maximum: largest)
  }
}
