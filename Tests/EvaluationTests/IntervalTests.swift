import Foundation
import MartletCore
import Testing

@testable import Evaluation

struct IntervalTests {
  @Test func quantiles() {
    // From scipy.stats.norm.ppf and scipy.stats.t.ppf.
    #expect(abs(Probability.normalQuantile(0.975) - 1.959963984540054) < 1e-12)
    #expect(abs(Probability.normalQuantile(0.001) + 3.090232306167813) < 1e-12)
    #expect(abs(Probability.normalQuantile(0.5)) < 1e-15)
    #expect(abs(Probability.studentQuantile(0.975, degrees: 39) - 2.0226909) < 1e-4)
    #expect(abs(Probability.studentQuantile(0.975, degrees: 10) - 2.2281389) < 1e-3)
    #expect(Quantile.sorted([1, 2, 4], 0.75) == 3)
  }

  /// Wilson's interval for 15 of 20, worked out from its formula in Python.
  @Test func wilson() {
    let estimate = Intervals.wilson(share: 0.75, count: 20, level: 0.95)
    #expect(abs(estimate.lower - 0.5312991) < 1e-6)
    #expect(abs(estimate.upper - 0.8881383) < 1e-6)
    let perfect = Intervals.wilson(share: 1, count: 10, level: 0.95)
    #expect(perfect.upper == 1)
    #expect(abs(perfect.lower - 0.7224672) < 1e-6)
    #expect(Intervals.wilson(share: 0, count: 10, level: 0.95).lower == 0)
  }

  @Test func `no calibration error is more than 1`() throws {
    // Most bins hold one row, so that resamples without it have a far smaller largest gap.
    let confidences = [0.99, 0.9, 0.8, 0.7, 0.6, 0.55, 0.52, 0.5], isRight = [false, true, true, true, true, true, true, true]
    let estimate = Bootstrap.calibrationError(
      confidences: confidences, isRight: isRight, bins: 15, weights: nil, options: IntervalOptions(), maximum: true)
    #expect(abs(estimate.value - 0.99) < 1e-12 && estimate.upper == 1 && estimate.lower <= estimate.value)
  }

  /// DeLong's variance by its definition, O(positives × negatives).
  private func bruteForce(_ isPositive: [Bool], _ scores: [Double]) -> (area: Double, deviation: Double) {
    let positives = scores.indices.filter { isPositive[$0] }.map { scores[$0] }
    let negatives = scores.indices.filter { !isPositive[$0] }.map { scores[$0] }
    func wins(_ a: Double, _ b: Double) -> Double { a > b ? 1 : a == b ? 0.5 : 0 }
    let v10 = positives.map { x in negatives.reduce(0) { $0 + wins(x, $1) } / Double(negatives.count) }
    let v01 = negatives.map { y in positives.reduce(0) { $0 + wins($1, y) } / Double(positives.count) }
    let area = v10.reduce(0, +) / Double(v10.count)
    func variance(_ values: [Double]) -> Double {
      values.reduce(0) { $0 + ($1 - area) * ($1 - area) } / Double(values.count - 1) / Double(values.count)
    }
    return (area, (variance(v10) + variance(v01)).squareRoot())
  }

  @Test(arguments: [(20, 0.5, false), (61, 1.0, true), (150, 2.0, false), (90, 0.0, true)])
  func delongEqualsItsDefinition(_ rows: Int, _ shift: Double, _ ties: Bool) throws {
    let (isPositive, scores) = Simulated.binary(rows, shift: shift, seed: UInt64(rows), ties: ties)
    let expected = bruteForce(isPositive, scores)
    let estimate = try Estimate.auc(isPositive, scores)
    #expect(abs(estimate.value - expected.area) < 1e-13)
    #expect(abs(estimate.upper - min(1, expected.area + 1.959963984540054 * expected.deviation)) < 1e-12)
    #expect(abs(estimate.lower - max(0, expected.area - 1.959963984540054 * expected.deviation)) < 1e-12)
    #expect(estimate.method == .delong)
    #expect(try Metrics.auc(isPositive, scores) == estimate.value || abs(try Metrics.auc(isPositive, scores) - estimate.value) < 1e-15)
  }

  /// The influences of an average over classes are those of its one-against-rest areas, averaged.
  @Test func influencesAreLinear() throws {
    let (probabilities, truth) = Simulated.rows(120, classes: 4, seed: 5)
    let areas = try PairwiseAreas(truth: truth, probabilities: probabilities, classes: 4, weights: nil)
    let macro = areas.influences(areas.coefficients(.oneVersusRestMacro))
    let each = (0..<4).map { areas.influences(areas.coefficients(oneVersusRest: $0)) }
    for row in truth.indices { #expect(abs(macro[row] - each.reduce(0) { $0 + $1[row] } / 4) < 1e-14) }
    for label in 0..<4 {
      let scores = truth.indices.map { Double(probabilities[$0 * 4 + label]) }
      let expected = bruteForce(truth.map { $0 == label }, scores)
      #expect(abs(areas.oneVersusRest(label) - expected.area) < 1e-13)
    }
  }

  @Test func perfectOrderStillHasAnInterval() throws {
    let isPositive = (0..<40).map { $0 >= 20 }
    let estimate = try Estimate.auc(isPositive, (0..<40).map { Double($0) })
    #expect(estimate.value == 1)
    #expect(estimate.upper == 1)
    #expect(estimate.lower < 0.9)
  }

  @Test func bootstrapAgreesWithDeLong() throws {
    let (isPositive, scores) = Simulated.binary(400, shift: 1, seed: 3)
    let delong = try Estimate.auc(isPositive, scores)
    let bootstrap = try Metrics.bootstrapAUC(isPositive, scores, options: IntervalOptions(resamples: 400))
    #expect(bootstrap.value == delong.value || abs(bootstrap.value - delong.value) < 1e-14)
    #expect(abs(bootstrap.margin / delong.margin - 1) < 0.15)
  }

  @Test func poissonDrawsHaveTheirMeanAndVariance() {
    var sampler = PoissonSampler(KeyedRandom(seed: 1, purpose: "test"))
    for mean in [0.3, 4, 9.9, 10, 37.5, 900] {
      let draws = (0..<6000).map { _ in sampler.next(mean: mean) }
      let average = draws.reduce(0, +) / 6000
      let variance = draws.reduce(0) { $0 + ($1 - average) * ($1 - average) } / 5999
      #expect(abs(average - mean) < 4 * (mean / 6000).squareRoot(), "mean \(mean)")
      #expect(abs(variance / mean - 1) < 0.09, "variance at \(mean)")
    }
    let unit = (0..<20_000).map { _ in sampler.nextUnit() }
    #expect(abs(unit.reduce(0, +) / 20_000 - 1) < 0.03)
  }

  /// 95 % intervals of macro F1 hold the true value in 95 ± 1.5 % of simulated data sets.
  @Test func bootstrapCoversAsItPromises() throws {
    // Shares of the nine cells of three classes; the true F1 follows from them.
    let shares = [0.28, 0.05, 0.03, 0.04, 0.22, 0.06, 0.02, 0.07, 0.23]
    var whole = Margins(classes: 3)
    for (cell, share) in shares.enumerated() { whole.add(share, truth: cell / 3, predicted: cell % 3) }
    let truthValue = whole.scores(.macro, labels: [0, 1, 2], beta: 1, .zero).fScore
    var random = KeyedRandom(seed: 11, purpose: "coverage")
    let trials = 1000
    var covered = 0
    for trial in 0..<trials {
      var truth: [Int] = [], predicted: [Int] = []
      for _ in 0..<300 {
        var rest = random.uniform(), cell = 0
        while cell < 8, rest >= shares[cell] {
          rest -= shares[cell]
          cell += 1
        }
        truth.append(cell / 3)
        predicted.append(cell % 3)
      }
      let matrix = try ConfusionMatrix(truth: truth, predicted: predicted, classes: 3)
      let estimate = try matrix.estimates([.fScore(.macro)], options: IntervalOptions(resamples: 200, seed: UInt64(trial)))[.fScore(.macro)]
      if let estimate, estimate.lower <= truthValue, truthValue <= estimate.upper { covered += 1 }
    }
    let coverage = Double(covered) / Double(trials)
    #expect(abs(coverage - 0.95) <= 0.015, "covered \(coverage)")
  }

  @Test func sameSeedSameInterval() throws {
    let (probabilities, truth) = Simulated.rows(300, classes: 3, seed: 9)
    let one = try Estimate.logLoss(truth: truth, probabilities: probabilities, classes: 3)
    let again = try Estimate.logLoss(truth: truth, probabilities: probabilities, classes: 3)
    let other = try Estimate.logLoss(truth: truth, probabilities: probabilities, classes: 3, options: IntervalOptions(seed: 7))
    #expect(one == again)
    #expect(one.lower != other.lower)
    #expect(one.lower < one.value && one.value < one.upper)
  }

  /// Groups of rows give nearly the interval that the rows themselves give: that of a mean is known.
  @Test func groupedRowsKeepTheVariance() {
    var random = KeyedRandom(seed: 4, purpose: "test")
    let values = (0..<20_000).map { _ in Simulated.normal(&random) }
    let estimate = Bootstrap.mean(values, weights: nil, options: IntervalOptions())
    let expected = 1.96 / 20_000.0.squareRoot()
    #expect(abs(estimate.margin / expected - 1) < 0.12)
  }

  @Test func weightsOfTwoCountAsTwoRows() throws {
    let truth = [0, 1, 1, 0, 1, 0], predicted = [0, 1, 0, 0, 1, 1]
    let weights = [2.0, 1, 1, 1, 2, 1]
    let weighted = try ConfusionMatrix(truth: truth, predicted: predicted, classes: 2, weights: weights)
    let repeated = try ConfusionMatrix(truth: truth + [0, 1], predicted: predicted + [0, 1], classes: 2)
    #expect(weighted.counts == repeated.counts)
    let scores = [0.1, 0.9, 0.4, 0.2, 0.8, 0.6]
    let doubled = scores + [0.1, 0.8]
    #expect(
      try Metrics.auc(truth.map { $0 == 1 }, scores, weights: weights) == Metrics.auc((truth + [0, 1]).map { $0 == 1 }, doubled))
  }

  @Test func badOptions() {
    #expect { try IntervalOptions(level: 1.5).check() } throws: { ($0 as? MetricError)?.kind == .badArgument }
    #expect { try IntervalOptions(resamples: 3).check() } throws: { ($0 as? MetricError)?.kind == .badArgument }
  }
}
