import MartletCore
import Testing

@testable import Evaluation

struct StreamingTests {
  @Test func sumsAreExact() {
    let least = Double.leastNonzeroMagnitude
    var sum = ExactSum()
    for value in [1e308, 1.0, -1e308, 1e-300, least, -1e-300] { sum.add(value) }
    #expect(sum.value == 1)
    sum.add(-1)
    #expect(sum.value == least)
    sum.add(-least)
    #expect(sum.value == 0)
    var tenth = ExactSum()
    for _ in 0..<10 { tenth.add(0.1) }
    // Ten times the double nearest to 0.1, rounded once.
    #expect(tenth.value == 1)
    var half = ExactSum()
    half.add(0x1p53)
    half.add(1)
    #expect(half.value == 0x1p53)
    half.add(0x1p-1000)
    #expect(half.value == 0x1p53 + 2)
    half.add(.infinity)
    #expect(half.value == .infinity)
    half.add(-.infinity)
    #expect(half.value.isNaN)
    var negative = ExactSum()
    negative.add(-3.25)
    negative.add(1)
    #expect(negative.value == -2.25)
  }

  @Test func anyOrderGivesTheSameSum() throws {
    var random = KeyedRandom(seed: 1, purpose: "test")
    let values = (0..<400).map { _ in
      (random.uniform() - 0.5) * Double(sign: .plus, exponent: Int(random.next() % 120) - 60, significand: 1)
    }
    var forward = ExactSum()
    for value in values { forward.add(value) }
    var parts = (0..<7).map { _ in ExactSum() }
    for (index, value) in values.shuffled(using: &random).enumerated() { parts[index % 7].add(value) }
    var merged = ExactSum()
    for part in parts.reversed() { merged.merge(part) }
    #expect(merged == forward)
    #expect(merged.value == forward.value)
    #expect(merged.hashValue == forward.hashValue)
    #expect(try JSON.decode(ExactSum.self, from: JSON.encode(merged), source: "memory") == forward)
    let near = values.sorted { abs($0) < abs($1) }.reduce(0, +)
    #expect(abs(merged.value - near) <= 1e-12 * values.reduce(0) { $0 + abs($1) })
  }

  @Test func classificationPartsAreTheWhole() throws {
    let (probabilities, truth) = Simulated.rows(600, classes: 4, seed: 3)
    let labels = ["a", "b", "c", "d"]
    var whole = try ClassificationSums(labels: labels)
    try whole.add(probabilities: probabilities, truth: truth)
    var parts: [ClassificationSums] = []
    for start in [0, 100, 350] {
      var part = try ClassificationSums(labels: labels)
      let end = start == 0 ? 100 : start == 100 ? 350 : 600
      try part.add(probabilities: Array(probabilities[(4 * start)..<(4 * end)]), truth: Array(truth[start..<end]))
      parts.append(part)
    }
    var left = parts[0], right = parts[2]
    try left.merge(parts[1])
    try left.merge(parts[2])
    try right.merge(parts[1])
    try right.merge(parts[0])
    #expect(left == whole)
    #expect(right == whole)
    #expect(try right.metrics() == whole.metrics())
    var accumulator = try ClassificationAccumulator(labels: labels)
    try accumulator.add(probabilities: probabilities, truth: truth)
    let evaluation = try accumulator.evaluation(intervals: IntervalOptions(resamples: 20))
    let metrics = try whole.metrics()
    for name in ["accuracy", "log_loss", "brier", "ece", "f1_macro", "balanced_accuracy", "matthews_correlation", "top_3"] {
      let (mine, theirs) = (try #require(metrics[name]?.value), try #require(evaluation.metrics[name]?.value))
      #expect(abs(mine - theirs) < 1e-12, "\(name): \(mine), \(theirs)")
    }
    let area = try #require(metrics["auc_ovr_macro"]?.value), exact = try #require(evaluation.metrics["auc_ovr_macro"]?.value)
    #expect(abs(area - exact) <= whole.aucBound + 1e-12)
    #expect(whole.aucBound < 0.002)
    #expect { try left.merge(ClassificationSums(labels: ["x"])) } throws: { ($0 as? MetricError)?.kind == .badArgument }
    #expect { try left.add(probabilities: [1, 0, 0, 0], truth: [9]) } throws: { ($0 as? MetricError)?.row == 600 }
  }

  @Test func sketchKeepsItsBounds() throws {
    let (isPositive, scores) = Simulated.binary(800, shift: 0.7, seed: 5)
    for bits in [4, 7, 12] {
      var sketch = ScoreSketch(bits: bits)
      for (kind, score) in zip(isPositive, scores) { try sketch.add(score, isPositive: kind) }
      let (value, bound) = try sketch.auc()
      #expect(abs(value - (try Metrics.auc(isPositive, scores))) <= bound)
      let sorted = scores.sorted()
      for share in [0, 0.1, 0.5, 0.9, 1] {
        let exact = sorted[Int((share * 799).rounded(.down))]
        #expect(abs(sketch.quantile(share) - exact) <= abs(exact) * Double(sign: .plus, exponent: -bits - 1, significand: 1) + 1e-300)
      }
      #expect(try JSON.decode(ScoreSketch.self, from: JSON.encode(sketch), source: "memory") == sketch)
    }
    #expect { try ScoreSketch().auc() } throws: { ($0 as? MetricError)?.kind == .singleClass }
  }

  /// The delta method over sums and the bootstrap over rows agree on how sure the metrics are.
  @Test func regressionIntervalsAreThoseOfTheRows() throws {
    var random = KeyedRandom(seed: 3, purpose: "test")
    let predicted = (0..<400).map { _ in 50 + 2 * Simulated.normal(&random) }
    let truth = predicted.map { $0 + Simulated.normal(&random) }
    var sums = RegressionSums(centre: 49)
    try sums.add(truth: truth, predicted: predicted)
    let streamed = try sums.estimates()
    let rows = try RegressionEvaluation(truth: truth, predicted: predicted, intervals: IntervalOptions(resamples: 300))
    for name in ["mse", "rmse", "mae", "bias", "mape", "r2", "median_absolute_error"] {
      let one = try #require(streamed[name]), other = try #require(rows.metrics[name])
      #expect(abs(one.margin / other.margin - 1) < 0.25, "\(name): \(one), \(other)")
      #expect(one.lower < one.value && one.value < one.upper, "\(name)")
    }
    #expect(streamed["max_error"]?.upper == .infinity)
    #expect(streamed.count == 8)
  }

  @Test func regressionPartsAreTheWhole() throws {
    var random = KeyedRandom(seed: 1, purpose: "test")
    let truth = (0..<300).map { _ in 1000 + Simulated.normal(&random) }, predicted = truth.map { $0 + Simulated.normal(&random) / 3 }
    var whole = RegressionSums(centre: 1000), a = RegressionSums(centre: 1000), b = RegressionSums(centre: 1000)
    try whole.add(truth: truth, predicted: predicted)
    try a.add(truth: Array(truth[..<120]), predicted: Array(predicted[..<120]))
    try b.add(truth: Array(truth[120...]), predicted: Array(predicted[120...]))
    var other = b
    try other.merge(a)
    try a.merge(b)
    #expect(a == whole)
    #expect(other == whole)
    let metrics = try whole.metrics()
    for name in ["mse", "rmse", "mae", "bias", "mape", "max_error", "r2", "explained_variance"] {
      let metric = try #require(RegressionMetric(name: name))
      let exact = try Metrics.regression(metric, truth: truth, predicted: predicted)
      #expect(abs((metrics[name] ?? .nan) - exact) <= 1e-11 * max(1, abs(exact)), "\(name)")
    }
    let median = try Metrics.regression(.medianAbsoluteError, truth: truth, predicted: predicted)
    #expect(abs((metrics["median_absolute_error"] ?? .nan) / median - 1) < 0.02)
  }

  @Test func slicesAddUp() throws {
    var one = SliceSums(empty: RegressionSums()), two = one, whole = one
    for (name, y, p) in [("a", 1.0, 2.0), ("b", 3, 3), ("a", 5, 4)] {
      try whole.update(name) { state throws(MetricError) in try state.add(truth: [y], predicted: [p]) }
    }
    try one.update("a") { state throws(MetricError) in try state.add(truth: [5], predicted: [4]) }
    try two.update("b") { state throws(MetricError) in try state.add(truth: [3], predicted: [3]) }
    try two.update("a") { state throws(MetricError) in try state.add(truth: [1], predicted: [2]) }
    try one.merge(two) { mine, other throws(MetricError) in try mine.merge(other) }
    #expect(one == whole)
    #expect(try one.slices["a"]?.metrics()["mae"] == 1)
  }
}
