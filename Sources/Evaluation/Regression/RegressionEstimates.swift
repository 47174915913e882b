import Foundation

extension Estimate {
  /// One metric of predicted numbers with its interval: BCa bootstrap of the sums that it is made of, order statistics for the median.
  /// - Throws: as `Metrics.regression(_:truth:predicted:weights:)`.
  public static func regression(
    _ metric: RegressionMetric, truth: [Double], predicted: [Double], weights: [Double]? = nil, options: IntervalOptions = IntervalOptions()
  ) throws(MetricError) -> Estimate {
    let all = try regression([metric], truth: truth, predicted: predicted, weights: weights, options: options)
    return all[metric] ?? Intervals.percentiles([], value: .nan, level: options.level)
  }

  /// Several metrics of the same rows, from the same resamples.
  /// - Throws: as `Metrics.regression(_:truth:predicted:weights:)`.
  public static func regression(
    _ metrics: [RegressionMetric], truth: [Double], predicted: [Double], weights: [Double]? = nil,
    options: IntervalOptions = IntervalOptions()
  ) throws(MetricError) -> [RegressionMetric: Estimate] {
    try options.check()
    try Check.regression(truth, predicted, weights)
    for metric in metrics { if let problem = metric.problem(truth: truth, predicted: predicted) { throw problem } }
    return RegressionIntervals(truth: truth, predicted: predicted, weights: weights, options: options).estimates(metrics)
  }
}

/// Intervals of several metrics from one deal of the rows into groups.
struct RegressionIntervals {
  let truth: [Double]
  let predicted: [Double]
  let weights: [Double]?
  let options: IntervalOptions

  func estimates(_ metrics: [RegressionMetric]) -> [RegressionMetric: Estimate] {
    struct Place {
      let metric: RegressionMetric
      let first: Int
      let count: Int
      let row: @Sendable (Double, Double, (Int, Double) -> Void) -> Void
      let value: @Sendable ([Double]) -> Double
    }
    var result: [RegressionMetric: Estimate] = [:]
    var places: [Place] = []
    var columns = 1
    for metric in Set(metrics) {
      let whole = Metrics.regressionValue(metric, truth, predicted, weights)
      switch RegressionForm(metric, truth: truth, weights: weights) {
      case .quantileOfErrors(let probability): result[metric] = quantile(probability, whole)
      case .largestError: result[metric] = largest(whole)
      case .sums(let count, let row, let value):
        places.append(Place(metric: metric, first: columns, count: count - 1, row: row, value: value))
        columns += count - 1
      }
    }
    guard !places.isEmpty else { return result }
    let groups = Bootstrap.Groups(rows: truth.count, columns: columns, seed: options.seed) { index, add in
      let weight = weights?[index] ?? 1
      add(0, weight)
      for place in places { place.row(truth[index], predicted[index]) { add(place.first + $0 - 1, weight * $1) } }
    }
    var draws = [[Double]](repeating: [], count: places.count)
    groups.resample(options) { sums in
      for (index, place) in places.enumerated() {
        draws[index].append(place.value([sums[0]] + sums[place.first..<(place.first + place.count)]))
      }
    }
    var whole = [Double](repeating: 0, count: columns)
    for group in 0..<groups.count { for column in 0..<columns { whole[column] += groups.sums[group * columns + column] } }
    for (index, place) in places.enumerated() {
      let value = Metrics.regressionValue(place.metric, truth, predicted, weights)
      let without = (0..<groups.count).map { group in
        func rest(_ column: Int) -> Double { whole[column] - groups.sums[group * columns + column] }
        return rest(0) > 0 ? place.value([rest(0)] + (place.first..<(place.first + place.count)).map(rest)) : .nan
      }
      result[place.metric] = Intervals.bca(draws[index], value: value, jackknife: without, level: options.level)
    }
    return result
  }

  /// Between two of the ordered errors, whose places follow from the binomial distribution: holds for any distribution of errors.
  private func quantile(_ probability: Double, _ value: Double) -> Estimate {
    let errors = zip(truth, predicted).map { abs($0 - $1) }
    let count = Intervals.effectiveCount(weights, count: truth.count)
    let half = options.normalQuantile * (probability * (1 - probability) / count).squareRoot()
    let low = Quantile.weighted(errors, weights: weights, max(0, probability - half - 0.5 / count))
    let high = Quantile.weighted(errors, weights: weights, min(1, probability + half + 0.5 / count))
    return Estimate(value: value, lower: min(value, low), upper: max(value, high), level: options.level, method: .orderStatistics)
  }

  /// The largest error of other data of this size: at least the error that is exceeded too seldom to stay out, no upper end is known.
  private func largest(_ value: Double) -> Estimate {
    let errors = zip(truth, predicted).map { abs($0 - $1) }.sorted()
    let share = pow((1 - options.level) / 2, 1 / Double(errors.count))
    return Estimate(
      value: value, lower: min(value, Quantile.sorted(errors, share)), upper: .infinity, level: options.level, method: .orderStatistics)
  }
}
