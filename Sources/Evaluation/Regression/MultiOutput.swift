/// How the numbers of several outputs become one, as scikit-learn's `multioutput`.
public enum OutputAverage: Sendable, Hashable {
  /// The mean over the outputs.
  case uniform
  /// The mean weighted by how much each output's truth varies: for shares of what is explained, where constant outputs then count nothing.
  /// All the same where none varies.
  case variance
  /// The mean with weights of one's own, one an output.
  case weights([Double])
}

extension Metrics {
  /// One metric of predictions of several numbers a row, for each of them.
  /// - Parameters:
  ///   - truth, predicted: row-major, `[rows, outputs]`.
  ///   - weights: one a row, or `nil` for ones.
  /// - Returns: one number an output.
  /// - Throws: as ``regression(_:truth:predicted:weights:)``, and if the numbers do not make whole rows.
  public static func regression(
    _ metric: RegressionMetric, truth: [Double], predicted: [Double], outputs: Int, weights: [Double]? = nil
  ) throws(MetricError) -> [Double] {
    guard outputs >= 1 else { throw MetricError(.badArgument, "\(outputs) outputs", expected: "at least one") }
    guard truth.count % outputs == 0, predicted.count == truth.count else {
      throw MetricError(
        .lengthMismatch, "\(truth.count) true and \(predicted.count) predicted numbers do not make rows of \(outputs)",
        expected: "as many of both, and whole rows")
    }
    var values: [Double] = []
    for output in 0..<outputs {
      let (own, said) = (column(output, of: truth, outputs), column(output, of: predicted, outputs))
      values.append(try regression(metric, truth: own, predicted: said, weights: weights))
    }
    return values
  }

  /// One metric of predictions of several numbers a row, as one number. The roots (RMSE, RMSLE) are averaged as roots.
  /// - Throws: as above; if the metric has no such average: the largest error and Tweedie deviances are of one output only, the variance is a
  ///   weight for R² and the explained variance, and weights are one an output, none below 0.
  public static func regression(
    _ metric: RegressionMetric, truth: [Double], predicted: [Double], outputs: Int, average: OutputAverage, weights: [Double]? = nil
  ) throws(MetricError) -> Double {
    let values = try regression(metric, truth: truth, predicted: predicted, outputs: outputs, weights: weights)
    switch average {
    case .uniform: return values.reduce(0, +) / Double(outputs)
    case .weights(let shares):
      guard shares.count == outputs, shares.allSatisfy({ $0 >= 0 && $0 < .infinity }), shares.contains(where: { $0 > 0 }) else {
        throw MetricError(.badWeight, "weights of outputs \(shares)", expected: "\(outputs) of them, 0 or more, and not all 0")
      }
      return weightedMean(values, weights: shares)
    case .variance:
      guard metric == .r2 || metric == .explainedVariance else {
        throw MetricError(
          .badArgument, "an average by variance of \(metric.name ?? "\(metric)")", expected: "r2 or explained_variance", remedy: ".uniform")
      }
      let spreads = (0..<outputs).map { output -> Double in
        let own = column(output, of: truth, outputs)
        let mean = weightedMean(own, weights: weights)
        return weightedMean(own.map { ($0 - mean) * ($0 - mean) }, weights: weights)
      }
      return spreads.contains { $0 > 0 } ? weightedMean(values, weights: spreads) : values.reduce(0, +) / Double(outputs)
    }
  }

  private static func column(_ output: Int, of values: [Double], _ outputs: Int) -> [Double] {
    stride(from: output, to: values.count, by: outputs).map { values[$0] }
  }
}
