import Evaluation
import MartletCore

/// The work of `metrics.py`, in Swift: the least of several runs of each, in seconds.
public func metricsBenchmark(repetitions: Int = 9) -> [(name: String, seconds: Double)] {
  var results: [(name: String, seconds: Double)] = []
  for rows in [1_000_000, 1000] {
    var random = KeyedRandom(seed: 1, purpose: "benchmark", index: UInt64(rows))
    let truth = (0..<rows).map { _ in random.bernoulli(0.5) ? 1 : 0 }
    let scores = truth.map { min(max(random.uniform() * 0.7 + Double($0) * 0.3, 1e-6), 1 - 1e-6) }
    let predicted = scores.map { $0 > 0.5 ? 1 : 0 }
    let isPositive = truth.map { $0 == 1 }
    let floats = scores.map { Float($0) }
    let matrix = scores.flatMap { [1 - $0, $0] }
    let floatMatrix = matrix.map { Float($0) }
    let name = rows == 1000 ? "1e3" : "1e6"
    // Small inputs are repeated, so that the clock's steps do not matter.
    let inner = rows == 1000 ? 200 : 1
    func time(_ label: String, _ body: () throws -> Double) {
      let clock = ContinuousClock()
      var least = Double.infinity
      var sink = 0.0
      for _ in 0..<(repetitions + 2) {
        let duration = clock.measure { for _ in 0..<inner { sink += (try? body()) ?? .nan } }
        least = min(least, duration / .seconds(1) / Double(inner))
      }
      results.append((name: "\(label) \(name)", seconds: sink.isNaN ? .nan : least))
    }
    time("accuracy") { try Metrics.accuracy(truth: truth, predicted: predicted) }
    time("f1") { try Metrics.f1(truth: truth, predicted: predicted, classes: 2, average: .macro) }
    time("auc float64") { try Metrics.auc(isPositive, scores) }
    time("auc float32") { try Metrics.auc(isPositive, floats) }
    time("log loss float64") { try Metrics.logLoss(truth: truth, probabilities: matrix, classes: 2) }
    time("log loss float32") { try Metrics.logLoss(truth: truth, probabilities: floatMatrix, classes: 2) }
    if rows > 1000 {
      let few = Array(isPositive.prefix(10_000)), fewScores = Array(scores.prefix(10_000))
      time("bootstrap auc 1e4 x 200 of") { try Metrics.bootstrapAUC(few, fewScores, options: IntervalOptions(resamples: 200)).lower }
      time("delong auc interval") { try Estimate.auc(isPositive, scores).lower }
    }
  }
  return results
}
