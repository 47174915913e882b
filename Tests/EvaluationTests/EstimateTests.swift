import MartletCore
import Testing

@testable import Evaluation

/// Every estimate has the value of the metric of its name, and an interval that holds it.
struct EstimateTests {
  let options = IntervalOptions(resamples: 200)

  private func check(_ estimate: Estimate, _ value: Double, _ method: Estimate.Method) {
    #expect(abs(estimate.value - value) < 1e-12)
    #expect(estimate.lower <= estimate.value && estimate.value <= estimate.upper)
    #expect(estimate.lower < estimate.upper)
    #expect(estimate.method == method)
  }

  @Test(arguments: [false, true]) func valuesAreThoseOfTheMetrics(_ isWeighted: Bool) throws {
    let (p, truth) = Simulated.rows(200, classes: 3, seed: 31)
    let weights = isWeighted ? truth.indices.map { Double($0 % 3 + 1) } : nil
    let predicted = try Metrics.predictions(p, classes: 3)
    check(
      try .accuracy(truth: truth, predicted: predicted, weights: weights, options: options),
      try Metrics.accuracy(truth: truth, predicted: predicted, weights: weights), .wilson)
    check(
      try .logLoss(truth: truth, probabilities: p, classes: 3, weights: weights, options: options),
      try Metrics.logLoss(truth: truth, probabilities: p, classes: 3, weights: weights), .bootstrap)
    check(
      try .brier(truth: truth, probabilities: p, classes: 3, weights: weights, options: options),
      try Metrics.brier(truth: truth, probabilities: p, classes: 3, weights: weights), .bootstrap)
    check(
      try .topK(2, truth: truth, probabilities: p, classes: 3, weights: weights, options: options),
      try Metrics.topK(2, truth: truth, probabilities: p, classes: 3, weights: weights), .wilson)
    for average in AUCAverage.allCases {
      check(
        try .auc(truth: truth, probabilities: p, classes: 3, average: average, weights: weights, options: options),
        try Metrics.auc(truth: truth, probabilities: p, classes: 3, average: average, weights: weights),
        average == .oneVersusRestMicro ? .jackknife : .delong)
    }
    let isPositive = truth.map { $0 == 1 }
    let scores = truth.indices.map { p[$0 * 3 + 1] }
    check(
      try .averagePrecision(isPositive, scores, weights: weights, options: options),
      try Metrics.averagePrecision(isPositive, scores, weights: weights), .jackknife)
    check(
      try .auc(isPositive, scores, weights: weights, options: options), try Metrics.auc(isPositive, scores, weights: weights), .delong)
    check(
      try .expectedCalibrationError(confidences: scores, isRight: isPositive, weights: weights, options: options),
      try Metrics.calibration(confidences: scores, isRight: isPositive, weights: weights).expectedError, .basicBootstrap)
    let numbers = truth.map { Double($0) }, guesses = scores.map { Double($0) }
    let errors = try Metrics.regression(truth: numbers, predicted: guesses, weights: weights)
    for (squared, value) in [(true, errors.meanSquared), (false, errors.meanAbsolute)] {
      check(
        try .regressionError(truth: numbers, predicted: guesses, squared: squared, weights: weights, options: options), value, .bootstrap)
    }
  }

  @Test func measuresOfCountsComeFromTheSameResamples() throws {
    let (p, truth) = Simulated.rows(200, classes: 3, seed: 32)
    let matrix = try ConfusionMatrix(truth: truth, predicted: Metrics.predictions(p, classes: 3), classes: 3)
    let measures: [ConfusionMatrix.Measure] = [
      .balancedAccuracy, .precision(.macro), .recall(.macro), .fScore(.weighted), .fScore(.binary(positive: 2), beta: 2),
      .matthewsCorrelation, .cohenKappa,
    ]
    let estimates = try matrix.estimates(measures, options: options)
    check(try #require(estimates[.balancedAccuracy]), matrix.balancedAccuracy(), .bootstrap)
    check(try #require(estimates[.matthewsCorrelation]), matrix.matthewsCorrelation, .bootstrap)
    check(try #require(estimates[.cohenKappa]), matrix.cohenKappa(), .bootstrap)
    check(
      try #require(estimates[.fScore(.binary(positive: 2), beta: 2)]), try matrix.scores(.binary(positive: 2), beta: 2).fScore, .bootstrap)
    // The macro recall is the balanced accuracy, so from the same resamples both have the same interval.
    #expect(estimates[.balancedAccuracy]?.lower == estimates[.recall(.macro)]?.lower)
    #expect(throws: MetricError.self) { try matrix.estimates([.recall(.binary(positive: 9))]) }
  }

  /// DeLong by one walk and by the influences of every row, weighted: two ways, one number.
  @Test func twoWaysToDeLong() throws {
    let (isPositive, scores) = Simulated.binary(150, shift: 0.8, seed: 33, ties: true)
    let weights = scores.indices.map { Double($0 % 4 + 1) / 2 }
    let areas = try PairwiseAreas(
      truth: isPositive.map { $0 ? 1 : 0 }, probabilities: scores.flatMap { [-$0, $0] }, classes: 2, weights: weights)
    let one = areas.estimate(areas.coefficients(oneVersusRest: 1), level: 0.9)
    let other = try Estimate.auc(isPositive, scores, weights: weights, options: IntervalOptions(level: 0.9))
    #expect(abs(one.lower - other.lower) < 1e-12 && abs(one.upper - other.upper) < 1e-12)
    #expect(try Estimate.auc(isPositive, scores, weights: scores.map { _ in 1 }) == Estimate.auc(isPositive, scores))
  }

  /// The jackknife of average precision is about as wide as resampling every row anew says.
  @Test func jackknifeIsAsWideAsTheBootstrap() throws {
    let (isPositive, scores) = Simulated.binary(300, shift: 1, seed: 34)
    let jackknife = try Estimate.averagePrecision(isPositive, scores)
    var random = KeyedRandom(seed: 1, purpose: "test")
    let draws = try (0..<150).map { _ in
      let rows = scores.indices.map { _ in Int.random(in: scores.indices, using: &random) }
      return try Metrics.averagePrecision(rows.map { isPositive[$0] }, rows.map { scores[$0] })
    }
    let bootstrap = Intervals.percentiles(draws, value: jackknife.value, level: 0.95)
    #expect(jackknife.margin / bootstrap.margin > 0.65 && jackknife.margin / bootstrap.margin < 1.5)
  }
}
