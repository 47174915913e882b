import Charts
import Foundation
import MartletCore
import Testing

@testable import Evaluation

struct RegressionTests {
  /// Every value against scikit-learn 1.9.1, from `Tools/fixtures_evaluation_regression.py`.
  @Test func everyCase() throws {
    let document = try Fixture.read("regression")
    var data: [String: JSONValue] = [:]
    for set in try #require(document["data"]?.arrayValue) { data[set["name"]?.stringValue ?? ""] = set }
    let cases = try #require(document["cases"]?.arrayValue)
    #expect(cases.count == 490)
    for one in cases {
      let name = try #require(one["metric"]?.stringValue)
      let set = try #require(data[one["data"]?.stringValue ?? ""])
      let metric = try JSONDecoder().decode(RegressionMetric.self, from: Data("\"\(name)\"".utf8))
      let truth = set["truth"]?.doubles ?? [], guess = set["guess"]?.doubles ?? []
      let weights = one["weighted"]?.boolValue == true ? set["weights"]?.doubles : nil
      let value = try Metrics.regression(metric, truth: truth, predicted: guess, weights: weights)
      let expected = Fixture.number(one["value"])
      // A deviance explained of data far from zero is a difference of large numbers in both libraries.
      let tolerance = one["data"]?.stringValue == "offset" ? 1e-9 : 1e-11
      #expect(
        Fixture.agree(value, expected, tolerance), "\(name) of \(one["data"] ?? nil), weighted \(weights != nil): \(value), \(expected)")
    }
  }

  @Test func badNumbersAreNamed() {
    #expect { try Metrics.regression(.poissonDeviance, truth: [1, -1], predicted: [1, 1]) } throws: { ($0 as? MetricError)?.row == 1 }
    #expect { try Metrics.regression(.gammaDeviance, truth: [1, 1], predicted: [1, 0]) } throws: { ($0 as? MetricError)?.row == 1 }
    #expect { try Metrics.regression(.r2, truth: [1, 2], predicted: [1, .nan]) } throws: { ($0 as? MetricError)?.kind == .notANumber }
    #expect { try Metrics.regression(.tweedieDeviance(power: 0.5), truth: [1], predicted: [1]) } throws: {
      ($0 as? MetricError)?.kind == .badArgument
    }
    #expect { try Metrics.regression(.meanAbsoluteError, truth: [], predicted: []) } throws: { ($0 as? MetricError)?.kind == .empty }
  }

  @Test func namesGoThereAndBack() throws {
    for (name, metric) in RegressionMetric.named {
      #expect(RegressionMetric(name: name) == metric)
      #expect(MetricInfo.named(name) != nil, "\(name) is not in the catalogue")
      #expect(try JSONDecoder().decode(RegressionMetric.self, from: JSONEncoder().encode(metric)) == metric)
    }
    let unusual = RegressionMetric.pinballLoss(alpha: 0.33)
    #expect(try JSONDecoder().decode(RegressionMetric.self, from: JSONEncoder().encode(unusual)) == unusual)
  }

  /// 95 % intervals hold the true value of simulated data sets about as often as they promise.
  @Test func intervalsCoverAsTheyPromise() throws {
    // Errors are normal with deviation 1 around a signal of variance 4: r² is 0.8, the median error that of |N|.
    let truths: [RegressionMetric: Double] = [
      .meanAbsoluteError: (2 / Double.pi).squareRoot(), .rootMeanSquaredError: 1, .medianAbsoluteError: 0.6744897501960817, .r2: 0.8,
    ]
    var covered: [RegressionMetric: Int] = [:]
    let trials = 150, rows = 80
    var random = KeyedRandom(seed: 2, purpose: "regression coverage")
    func normal() -> Double {
      (-2 * log(1 - random.uniform())).squareRoot() * cos(2 * Double.pi * random.uniform())
    }
    for trial in 0..<trials {
      let signal = (0..<rows).map { _ in 2 * normal() }
      let truth = signal.map { $0 + normal() }
      let estimates = try Estimate.regression(
        Array(truths.keys), truth: truth, predicted: signal, options: IntervalOptions(resamples: 120, seed: UInt64(trial)))
      for (metric, value) in truths {
        if let estimate = estimates[metric], estimate.lower <= value, value <= estimate.upper { covered[metric, default: 0] += 1 }
      }
    }
    for (metric, count) in covered {
      // The share of so few trials has a standard deviation of 0.018.
      let coverage = Double(count) / Double(trials)
      #expect(abs(coverage - 0.95) <= 0.05, "\(metric): \(coverage)")
    }
    #expect(covered.count == 4)
  }

  @Test func evaluationHoldsWhatItSays() throws {
    let truth = (0..<200).map { Double($0) }, predicted = truth.map { $0 + ($0 == 7 ? 50 : $0.truncatingRemainder(dividingBy: 3) - 1) }
    let evaluation = try RegressionEvaluation(truth: truth, predicted: predicted, target: "price")
    #expect(evaluation.worstRows.first?.row == 7)
    #expect(evaluation.worstRows.first?.residual == 50)
    #expect(evaluation.metrics["max_error"]?.value == 50)
    #expect(evaluation.metrics["mape"] == nil)
    #expect(evaluation.bins.count == 10)
    #expect(evaluation.bins.reduce(0) { $0 + $1.rows } == 200)
    for (name, estimate) in evaluation.metrics { #expect(estimate.lower <= estimate.value && estimate.value <= estimate.upper, "\(name)") }
    let data = try JSON.encode(evaluation)
    #expect(try JSON.decode(RegressionEvaluation.self, from: data, source: "memory") == evaluation)
    let html = try RegressionReport(title: "Price", evaluation: evaluation).report.html(library: nil)
    #expect(html.contains("Where it errs"))
    #expect(evaluation.terminalText(unicode: false).contains("Root mean squared error"))
  }

  @Test func batchesInPartsAreTheWhole() throws {
    var whole = RegressionAccumulator(), first = RegressionAccumulator(), second = RegressionAccumulator()
    try whole.add(truth: [1, 2, 3, 4], predicted: [1, 2, 2, 5])
    try first.add(truth: [1, 2], predicted: [1, 2])
    try second.add(truth: [3, 4], predicted: [2, 5])
    first.merge(second)
    #expect(try first.evaluation() == whole.evaluation())
    #expect { try first.add(truth: [1], predicted: [.infinity]) } throws: { ($0 as? MetricError)?.row == 4 }
    #expect(first.rows == 4)
  }

  @Test func comparisonSeesTheBetterModel() throws {
    var random = KeyedRandom(seed: 1, purpose: "test")
    let truth = (0..<400).map { _ in Simulated.normal(&random) }
    let good = truth.map { $0 + 0.5 * Simulated.normal(&random) }, bad = truth.map { $0 + 0.8 * Simulated.normal(&random) }
    let few = IntervalOptions(resamples: 200)
    let one = try RegressionEvaluation(truth: truth, predicted: bad, intervals: few)
    let two = try RegressionEvaluation(truth: truth, predicted: good, intervals: few)
    let comparison = try RegressionComparison(one, two, intervals: few)
    let verdicts = Dictionary(uniqueKeysWithValues: comparison.differences.map { ($0.name, $0.verdict) })
    #expect(verdicts["rmse"] == .better)
    #expect(verdicts["r2"] == .better)
    #expect(verdicts["bias"] == nil)
    #expect((comparison.wilcoxon?.pValue ?? 1) < 0.001)
    #expect(try RegressionComparison(one, one, intervals: few).differences.allSatisfy { $0.verdict == .undecided })
  }
}
