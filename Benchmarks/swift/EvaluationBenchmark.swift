import Evaluation
import MartletCore

/// The work of `evaluation.py`, in Swift: the least of several runs of each, in milliseconds.
enum EvaluationBenchmark {
  static func run(_ arguments: [String]) throws -> [String: Double] {
    var results: [String: Double] = [:]
    func time(_ name: String, repetitions: Int = 7, _ body: () throws -> Void) rethrows {
      var least = Double.infinity
      for _ in 0..<repetitions {
        let start = ContinuousClock().now
        try body()
        least = min(least, (ContinuousClock().now - start) / .milliseconds(1))
      }
      results[name] = least
    }
    var random = KeyedRandom(seed: 1, purpose: "benchmark")
    let rows = 20_000
    let feature = GroupFeature("g", values: (0..<rows).map { _ -> String? in "g" + String(random.next(upperBound: UInt64(5))) })
    let truth = (0..<rows).map { _ in random.bernoulli(0.4) }
    let predicted = truth.map { random.bernoulli($0 ? 0.7 : 0.3) }
    let measures: [GroupMeasure] = [.selectionRate, .truePositiveRate, .falsePositiveRate, .accuracy]
    try time("fairness frame 2e4, 100 bootstraps") {
      _ = try FairnessFrame(
        truth: truth, predicted: predicted, features: [feature], measures: measures, options: IntervalOptions(resamples: 100))
    }
    let isPositive = (0..<10_000).map { _ in random.bernoulli(0.5) }
    let scores = isPositive.map { random.uniform() * 0.7 + ($0 ? 0.3 : 0) }
    try time("bootstrap auc 1e4 x 200") { _ = try Metrics.bootstrapAUC(isPositive, scores, options: IntervalOptions(resamples: 200)) }
    let numbers = (0..<1_000_000).map { _ in random.uniform() }
    let guesses = numbers.map { $0 + random.uniform() - 0.5 }
    try time("regression metrics 1e6", repetitions: 5) {
      for metric in [RegressionMetric.meanSquaredError, .meanAbsoluteError, .r2, .explainedVariance] {
        _ = try Metrics.regression(metric, truth: numbers, predicted: guesses)
      }
    }
    let points = (0..<(3000 * 10)).map { _ in random.uniform() }
    let labels = (0..<3000).map { _ in Int(random.next(upperBound: UInt64(5))) }
    try time("silhouette 3000 x 10", repetitions: 5) { _ = try Metrics.silhouette(points: points, columns: 10, labels: labels) }
    let queries = (0..<2000).map { _ in (0..<50).map { _ in Double(random.next(upperBound: UInt64(4))) } }
    let orders = queries.map { $0.map { _ in random.uniform() } }
    try time("ndcg 2000 x 50", repetitions: 5) {
      for (relevance, scores) in zip(queries, orders) { _ = try Metrics.ndcg(relevance: relevance, scores: scores) }
    }
    return results
  }
}
