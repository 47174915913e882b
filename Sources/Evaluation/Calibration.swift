import Foundation

/// Whether probabilities mean what they say: predictions sorted into bins by confidence.
public struct CalibrationBins: Codable, Sendable, Hashable {
  /// Predictions of similar confidence.
  public struct Bin: Codable, Sendable, Hashable {
    /// Confidences above this, except in the first bin, which includes it.
    public let lower: Double
    /// … up to and including this.
    public let upper: Double
    /// The weight of its rows.
    public let count: Double
    /// The mean confidence, 0 in an empty bin.
    public let confidence: Double
    /// The share that is right, 0 in an empty bin.
    public let accuracy: Double

    /// How far promise and truth are apart.
    public var gap: Double { abs(confidence - accuracy) }
  }

  /// The bins, by rising confidence.
  public let bins: [Bin]

  /// Expected calibration error: the mean gap, weighted by the bins' counts (Naeini et al., 2015).
  public var expectedError: Double {
    let total = bins.reduce(0) { $0 + $1.count }
    return bins.reduce(0) { $0 + $1.count * $1.gap } / total
  }

  /// Maximum calibration error: the widest gap of any bin.
  public var maximumError: Double { bins.map { $0.count > 0 ? $0.gap : 0 }.max() ?? 0 }
}

/// Where bins of confidence end.
public enum CalibrationStrategy: Sendable, Hashable, Codable {
  /// Equal widths over 0 … 1.
  case uniform
  /// Equal numbers of rows.
  case quantile
}

extension Metrics {
  /// Sorts confidences into bins.
  /// - Parameters:
  ///   - confidences: 0 … 1: the probability of the predicted class, or that of "positive".
  ///   - isRight: whether the prediction is right, or whether the row is positive.
  /// - Throws: `MetricError` on no rows, different lengths, confidences outside 0 … 1 (naming the row), fewer than one bin, bad weights.
  public static func calibration<Score: BinaryFloatingPoint>(
    confidences: [Score], isRight: [Bool], bins: Int = 15, strategy: CalibrationStrategy = .uniform, weights: [Double]? = nil
  ) throws(MetricError) -> CalibrationBins {
    guard bins >= 1 else { throw MetricError(.badArgument, "\(bins) bins", expected: "at least one") }
    try Check.rows(isRight.count, confidences.count, "confidences", weights: weights?.count)
    try Check.weights(weights)
    let values = confidences.map { Double($0) }
    for (row, value) in values.enumerated() where !(value >= 0 && value <= 1) {
      throw MetricError(
        value.isNaN ? .notANumber : .notAProbability, row: row, "the confidence of row \(row) is \(value)", expected: "0 to 1")
    }
    var edges = (0...bins).map { Double($0) / Double(bins) }
    if strategy == .quantile {
      let sorted = values.sorted()
      edges = edges.map { Quantile.sorted(sorted, $0) }
    }
    let inner = Array(edges[1..<bins])
    var counts = [Double](repeating: 0, count: bins), sums = counts, right = counts
    for (row, value) in values.enumerated() {
      let bin = CalibrationEdges.bin(of: value, inner)
      let weight = weights?[row] ?? 1
      counts[bin] += weight
      sums[bin] += weight * value
      if isRight[row] { right[bin] += weight }
    }
    return CalibrationBins(
      bins: (0..<bins).map { bin in
        let whole = counts[bin] > 0 ? counts[bin] : 1
        return CalibrationBins.Bin(
          lower: edges[bin], upper: edges[bin + 1], count: counts[bin], confidence: sums[bin] / whole, accuracy: right[bin] / whole)
      })
  }
}

enum CalibrationEdges {
  /// The number of inner edges below a value: values on an edge belong to the bin under it.
  static func bin(of value: Double, _ inner: [Double]) -> Int {
    var low = 0, high = inner.count
    while low < high {
      let middle = (low + high) / 2
      if inner[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
