import Foundation

/// A metric as sums over the rows: what resampling, merging and slices need.
enum RegressionForm {
  /// The numbers of a row whose weighted sums are needed beside the weight itself, and the metric from those sums (the weight first).
  case sums(
    count: Int, row: @Sendable (_ truth: Double, _ predicted: Double, _ add: (Int, Double) -> Void) -> Void,
    value: @Sendable ([Double]) -> Double)
  /// A quantile of the absolute errors.
  case quantileOfErrors(Double)
  case largestError

  init(_ metric: RegressionMetric, truth: [Double], weights: [Double]?) {
    func mean(_ loss: @escaping @Sendable (Double, Double) -> Double, root: Bool = false) -> RegressionForm {
      .sums(
        count: 2, row: { truth, predicted, add in add(1, loss(truth, predicted)) },
        value: {
          let mean = $0[1] / $0[0]
          return root ? mean.squareRoot() : mean
        })
    }
    switch metric {
    case .meanSquaredError: self = mean { ($0 - $1) * ($0 - $1) }
    case .rootMeanSquaredError: self = mean({ ($0 - $1) * ($0 - $1) }, root: true)
    case .meanAbsoluteError: self = mean { abs($0 - $1) }
    case .meanAbsolutePercentageError: self = mean { abs($0 - $1) / max(abs($0), .ulpOfOne) }
    case .meanSquaredLogError: self = mean(Self.squaredLog)
    case .rootMeanSquaredLogError: self = mean(Self.squaredLog, root: true)
    case .bias: self = mean { $1 - $0 }
    case .pinballLoss(let alpha): self = mean { Self.pinball($0 - $1, alpha) }
    case .tweedieDeviance(let power): self = mean { Self.deviance($0, $1, power: power) }
    case .medianAbsoluteError: self = .quantileOfErrors(0.5)
    case .maximumError: self = .largestError
    case .r2, .explainedVariance:
      // Squares are taken around the mean of the truth, so that large offsets cost no digits.
      let centre = Metrics.weightedMean(truth, weights: weights)
      let forgivesBias = metric == .explainedVariance
      self = .sums(
        count: 5,
        row: { truth, predicted, add in
          let away = truth - centre, error = truth - predicted
          add(1, away)
          add(2, away * away)
          add(3, error)
          add(4, error * error)
        },
        value: { sums in
          let spread = sums[2] - sums[1] * sums[1] / sums[0]
          let error = forgivesBias ? sums[4] - sums[3] * sums[3] / sums[0] : sums[4]
          return Self.explained(error, spread)
        })
    case .d2Tweedie(let power):
      // The deviance of the mean needs only the sums of y and of the part of the deviance that knows no prediction.
      self = .sums(
        count: 4,
        row: { truth, predicted, add in
          add(1, truth)
          add(2, Self.deviance(truth, predicted, power: power))
          add(3, Self.ownPart(truth, power: power))
        },
        value: { sums in
          let mean = sums[1] / sums[0]
          let null =
            switch power {
            case 0: sums[3] / sums[0] - mean * mean
            case 1: 2 * (sums[3] / sums[0] - mean * log(mean))
            case 2: 2 * (log(mean) - sums[3] / sums[0])
            default: 2 * (sums[3] / sums[0] - pow(mean, 2 - power) / ((1 - power) * (2 - power)))
            }
          return 1 - sums[2] / sums[0] / null
        })
    case .d2Pinball(let alpha):
      // The quantile to beat is that of all rows, in every resample.
      let quantile = Quantile.weighted(truth, weights: weights, alpha)
      self = .sums(
        count: 3,
        row: { truth, predicted, add in
          add(1, Self.pinball(truth - predicted, alpha))
          add(2, Self.pinball(truth - quantile, alpha))
        }, value: { Self.explained($0[1], $0[2]) })
    }
  }

  private static func explained(_ error: Double, _ spread: Double) -> Double { spread > 0 ? 1 - error / spread : error == 0 ? 1 : 0 }

  @Sendable private static func squaredLog(_ truth: Double, _ predicted: Double) -> Double {
    let difference = log1p(truth) - log1p(predicted)
    return difference * difference
  }

  static func pinball(_ difference: Double, _ alpha: Double) -> Double { difference >= 0 ? alpha * difference : (alpha - 1) * difference }

  static func deviance(_ y: Double, _ m: Double, power p: Double) -> Double {
    switch p {
    case 0: return (y - m) * (y - m)
    case 1: return 2 * ((y > 0 ? y * log(y / m) : 0) - y + m)
    case 2: return 2 * (log(m / y) + y / m - 1)
    default:
      let own = pow(p < 0 ? max(y, 0) : y, 2 - p) / ((1 - p) * (2 - p))
      return 2 * (own - y * pow(m, 1 - p) / (1 - p) + pow(m, 2 - p) / (2 - p))
    }
  }

  private static func ownPart(_ y: Double, power p: Double) -> Double {
    switch p {
    case 0: y * y
    case 1: y > 0 ? y * log(y) : 0
    case 2: log(y)
    default: pow(p < 0 ? max(y, 0) : y, 2 - p) / ((1 - p) * (2 - p))
    }
  }
}

extension Metrics {
  /// One metric of predicted numbers.
  /// - Throws: `MetricError` on no rows, different lengths, values that are not finite (naming the row) or not what the metric is made for
  ///   (as a negative truth for Poisson's deviance), and bad weights.
  public static func regression(
    _ metric: RegressionMetric, truth: [Double], predicted: [Double], weights: [Double]? = nil
  ) throws(MetricError) -> Double {
    try Check.regression(truth, predicted, weights)
    if let problem = metric.problem(truth: truth, predicted: predicted) { throw problem }
    return regressionValue(metric, truth, predicted, weights)
  }

  /// The number, from rows that are checked.
  static func regressionValue(_ metric: RegressionMetric, _ truth: [Double], _ predicted: [Double], _ weights: [Double]?) -> Double {
    switch RegressionForm(metric, truth: truth, weights: weights) {
    case .quantileOfErrors(let probability):
      let errors = zip(truth, predicted).map { abs($0 - $1) }
      return weights == nil ? Quantile.sorted(errors.sorted(), probability) : Quantile.weighted(errors, weights: weights, probability)
    case .largestError: return zip(truth, predicted).reduce(0) { max($0, abs($1.0 - $1.1)) }
    case .sums(let count, let row, let value):
      if let quick = quickValue(metric, truth, predicted, weights) { return quick }
      var sums = [Double](repeating: 0, count: count)
      for index in truth.indices {
        let weight = weights?[index] ?? 1
        sums[0] += weight
        row(truth[index], predicted[index]) { sums[$0] += weight * $1 }
      }
      if case .d2Tweedie(let power) = metric {
        // From the rows themselves, which keeps the digits that a difference of sums would lose.
        let mean = sums[1] / sums[0]
        let null = weightedMean(truth.map { RegressionForm.deviance($0, mean, power: power) }, weights: weights)
        return truth.count < 2 ? .nan : 1 - sums[2] / sums[0] / null
      }
      if case .d2Pinball = metric, truth.count < 2 { return .nan }
      return value(sums)
    }
  }

  /// What most people ask for, without a call a row.
  private static func quickValue(_ metric: RegressionMetric, _ truth: [Double], _ predicted: [Double], _ weights: [Double]?) -> Double? {
    let total = weights.map { weights in LaneSum.of(weights.count) { weights[$0] } } ?? Double(truth.count)
    func meanSquare() -> Double { LaneSum.of(truth, predicted, weights) { ($0 - $1) * ($0 - $1) } / total }
    switch metric {
    case .meanSquaredError: return meanSquare()
    case .rootMeanSquaredError: return meanSquare().squareRoot()
    case .meanAbsoluteError: return LaneSum.of(truth, predicted, weights) { abs($0 - $1) } / total
    case .r2, .explainedVariance:
      // In two passes, which keeps the digits that a difference of sums would lose.
      let mean = LaneSum.of(truth, truth, weights) { truth, _ in truth } / total
      let bias = metric == .r2 ? 0 : LaneSum.of(truth, predicted, weights) { $0 - $1 } / total
      let error = LaneSum.of(truth, predicted, weights) { ($0 - $1 - bias) * ($0 - $1 - bias) }
      let spread = LaneSum.of(truth, truth, weights) { truth, _ in (truth - mean) * (truth - mean) }
      return spread > 0 ? 1 - error / spread : error == 0 ? 1 : 0
    default: return nil
    }
  }
}

extension Check {
  static func regression(_ truth: [Double], _ predicted: [Double], _ weights: [Double]?) throws(MetricError) {
    try rows(truth.count, predicted.count, weights: weights?.count)
    try self.weights(weights)
    for (name, values) in [("truth", truth), ("prediction", predicted)] {
      if LaneSum.areFinite(values) { continue }
      if let row = values.firstIndex(where: { !$0.isFinite }) {
        throw MetricError(.notANumber, row: row, "the \(name) of row \(row) is \(values[row])", expected: "finite numbers")
      }
    }
  }
}
