import Charts
import MartletCore
import Testing

@testable import Evaluation

struct DecisionTests {
  @Test func costsAreCounted() throws {
    let matrix = try ConfusionMatrix(truth: [0, 0, 1, 1, 1], predicted: [0, 1, 1, 0, 1], classes: 2)
    let costs = try CostMatrix.binary(falsePositive: 1, falseNegative: 5, truePositive: -2)
    #expect(try costs.expectedCost(matrix) == (1.0 + 5 - 4) / 5)
    let estimate = try costs.estimate(matrix, options: IntervalOptions(resamples: 100))
    #expect(estimate.lower < estimate.value && estimate.value < estimate.upper)
    // One false alarm against seven for a miss that would have earned 2.
    #expect(abs(try costs.threshold() - 1.0 / 8) < 1e-15)
    #expect(try costs.decisions([0.9, 0.1, 0.8, 0.2]) == [0, 1])
    #expect { try CostMatrix([[0, 1], [1]]) } throws: { ($0 as? MetricError)?.kind == .lengthMismatch }
    #expect { try CostMatrix.binary(falsePositive: -1, falseNegative: 1).threshold() } throws: {
      ($0 as? MetricError)?.kind == .badArgument
    }
    let three = try CostMatrix([[0, 1, 9], [1, 0, 1], [9, 1, 0]])
    #expect(try three.decisions([0.45, 0.1, 0.45]) == [1])
  }

  /// Every choice against trying all thresholds.
  @Test func bestThresholdsAreBest() throws {
    let (isPositive, raw) = Simulated.binary(120, shift: 1, seed: 4, ties: true)
    let curve = try ThresholdCurve(isPositive, raw)
    let costs = try CostMatrix.binary(falsePositive: 1, falseNegative: 3)
    func tried(_ measure: (ConfusionMatrix) -> Double?) throws -> Double {
      var best = -Double.infinity
      for threshold in Set(raw).union([.infinity]) {
        let matrix = try ConfusionMatrix(
          truth: isPositive.map { $0 ? 1 : 0 }, predicted: raw.map { $0 >= threshold ? 1 : 0 }, classes: 2)
        if let value = measure(matrix), !value.isNaN { best = max(best, value) }
      }
      return best
    }
    func recall(_ m: ConfusionMatrix) -> Double { m[truth: 1, predicted: 1] / (m[truth: 1, predicted: 1] + m[truth: 1, predicted: 0]) }
    func precision(_ m: ConfusionMatrix) -> Double { m[truth: 1, predicted: 1] / (m[truth: 1, predicted: 1] + m[truth: 0, predicted: 1]) }
    let options = IntervalOptions(resamples: 20)
    let cases: [(ThresholdObjective, (ConfusionMatrix) -> Double?)] = [
      (.fScore(beta: 1), { try? $0.scores(.binary(positive: 1)).fScore }), (.accuracy, { $0.accuracy }),
      (.balancedAccuracy, { $0.balancedAccuracy() }), (.matthewsCorrelation, { $0.matthewsCorrelation }),
      (.precisionAtRecall(0.6), { recall($0) >= 0.6 ? precision($0) : nil }),
      (.recallAtPrecision(0.6), { precision($0) >= 0.6 ? recall($0) : nil }),
      (
        .recallAtFalsePositiveRate(0.1),
        {
          $0[truth: 0, predicted: 1] / ($0[truth: 0, predicted: 1] + $0[truth: 0, predicted: 0]) <= 0.1 ? recall($0) : nil
        }
      ),
      (.recallAtSelectionRate(0.2), { ($0[truth: 0, predicted: 1] + $0[truth: 1, predicted: 1]) / 120 <= 0.2 ? recall($0) : nil }),
    ]
    for (objective, measure) in cases {
      let choice = try curve.best(objective, options: options)
      #expect(abs(choice.value.value - (try tried(measure))) < 1e-12, "\(objective)")
    }
    let cheapest = try curve.best(.cost(costs), options: options)
    #expect(abs(cheapest.value.value + (try tried { -((try? costs.expectedCost($0)) ?? .infinity) })) < 1e-12)
    #expect(cheapest.value.lower <= cheapest.value.value && cheapest.value.value <= cheapest.value.upper)
    #expect(try curve.costs(costs).map(\.y).min() == cheapest.value.value || cheapest.threshold == .infinity)
    #expect { try curve.best(.recallAtPrecision(1.1)) } throws: { "\($0)".contains("no threshold") }
  }

  @Test func curvesHaveTheirEnds() throws {
    let curve = try ThresholdCurve([true, false, true, false], [0.9, 0.8, 0.4, 0.1])
    #expect(curve.gain.map(\.y) == [0, 0.5, 0.5, 1, 1])
    #expect(curve.gain(at: 0.25) == 0.5)
    #expect(curve.gain(at: 0.125) == 0.25)
    #expect(curve.lift.first?.y == 2)
    #expect(curve.lift.last?.y == 1)
    #expect(curve.profit(perTruePositive: 10, perDecision: 3).map(\.y) == [0, 7, 4, 11, 8])
    let envelope = curve.costCurve(points: 3)
    #expect(envelope.map(\.y) == [0, 0.25, 0])
    let benefit = try #require(try curve.netBenefit(at: [0.5]).first)
    #expect(benefit.model == 0 && benefit.all == 0)
    #expect(try curve.netBenefit(at: [0.2]).first?.model == (2 - 1 * 0.25) / 4)
    #expect(curve.charts.count == 3)
    #expect { try ThresholdCurve([true], [1]) } throws: { ($0 as? MetricError)?.kind == .singleClass }
  }

  @Test func learningCurveGrowsByParts() async throws {
    let folds = try FoldSplits.kFold(rows: 40, folds: 4, seed: 1)
    var seen: [[Int]] = []
    let curve = try await ScoreCurve.learning(folds, sizes: [0.5, 1, 0.1], metric: "accuracy") { fold in
      seen.append(fold.training)
      return (1, 1 - 1 / Double(fold.training.count))
    }
    #expect(curve.places.map(\.x) == [3, 15, 30])
    #expect(seen.count == 12)
    #expect(Set(seen[8]).isSubset(of: seen[0]) && Set(seen[0]).isSubset(of: seen[4]))
    #expect(curve.places[2].testScore.value == 1 - 1.0 / 30)
    #expect(curve.verdict.contains("more data should help"))
    let validation = try await ScoreCurve.validation(folds, setting: "depth", values: [3, 1, 2], metric: "rmse") { value, _ in
      (0, abs(value - 2))
    }
    #expect(validation.verdict == "Best at depth = 2.000.")
    #expect(try JSON.decode(ScoreCurve.self, from: JSON.encode(curve), source: "memory") == curve)
    await #expect(throws: MetricError.self) { try await ScoreCurve.learning([], metric: "accuracy") { _ in (0, 0) } }
  }

  @Test func importanceFollowsTheModel() async throws {
    var random = KeyedRandom(seed: 1, purpose: "test")
    let x = (0..<3).map { _ in (0..<300).map { _ in random.uniform() } }
    let truth = x[0].indices.map { x[0][$0] * 4 + x[1][$0] }
    let result = try await PermutationImportance.measure(features: ["a", "b", "c"], rows: 300, metric: "rmse") { shuffled in
      func value(_ feature: Int, _ row: Int) -> Double {
        x[feature][shuffled?.feature == feature ? shuffled?.permutation[row] ?? row : row]
      }
      return try Metrics.regression(
        .rootMeanSquaredError, truth: truth, predicted: truth.indices.map { value(0, $0) * 4 + value(1, $0) })
    }
    #expect(result.features.map(\.name) == ["a", "b", "c"])
    #expect(result.baseline == 0)
    #expect(result.features[2].importance.value == 0)
    #expect(result.features[0].importance.lower > result.features[1].importance.upper)
    #expect(result.chart().table.rows.count == 3)
  }
}
