import MartletCore
import Testing

@testable import Evaluation

struct ComparisonTests {
  private func evaluation(_ probabilities: [Float], _ truth: [Int], keepsOutcomes: Bool = true) throws -> ClassificationEvaluation {
    var accumulator = try ClassificationAccumulator(labels: ["a", "b", "c"])
    try accumulator.add(probabilities: probabilities, truth: truth)
    return try accumulator.evaluation(intervals: IntervalOptions(resamples: 100), keepsOutcomes: keepsOutcomes)
  }

  /// Probabilities that lean towards the truth in one row of three.
  private func better(_ probabilities: [Float], _ truth: [Int]) -> [Float] {
    var result = probabilities
    for row in stride(from: 0, to: truth.count, by: 3) {
      for column in 0..<3 { result[row * 3 + column] = column == truth[row] ? 0.8 : 0.1 }
    }
    return result
  }

  @Test func mcNemar() {
    // scipy.stats.binomtest(3, 13).pvalue and binomtest(10, 20).pvalue
    #expect(abs(EvaluationComparison.McNemar(onlyFirstRight: 3, onlySecondRight: 10).pValue - 0.0922851562) < 1e-9)
    #expect(EvaluationComparison.McNemar(onlyFirstRight: 10, onlySecondRight: 10).pValue == 1)
    #expect(EvaluationComparison.McNemar(onlyFirstRight: 0, onlySecondRight: 0).pValue == 1)
    #expect(EvaluationComparison.McNemar(onlyFirstRight: 0, onlySecondRight: 400).pValue < 1e-100)
  }

  @Test func sameRowsArePaired() throws {
    let (probabilities, truth) = Simulated.rows(400, classes: 3, seed: 8)
    let one = try evaluation(probabilities, truth), two = try evaluation(better(probabilities, truth), truth)
    let comparison = try EvaluationComparison(one, two)
    let accuracy = try #require(comparison.differences.first { $0.name == "accuracy" })
    #expect(accuracy.isPaired)
    #expect(accuracy.verdict == .better)
    #expect(abs(accuracy.difference.value - (accuracy.second.value - accuracy.first.value)) < 1e-12)
    #expect(comparison.mcNemar?.onlyFirstRight == 0)
    #expect((comparison.mcNemar?.pValue ?? 1) < 1e-6)
    let loss = try #require(comparison.differences.first { $0.name == "log_loss" })
    #expect(loss.difference.upper < 0)
    #expect(loss.verdict == .better)
    #expect(try EvaluationComparison(two, one).differences.first { $0.name == "log_loss" }?.verdict == .worse)
    #expect(comparison.differences.first { $0.name == "auc_ovr_macro" }?.isPaired == false)
    #expect(comparison.terminalText(unicode: false).contains("McNemar"))
  }

  @Test func aModelIsNotBetterThanItself() throws {
    let (probabilities, truth) = Simulated.rows(200, classes: 3, seed: 8)
    let one = try evaluation(probabilities, truth)
    let comparison = try EvaluationComparison(one, one)
    for difference in comparison.differences {
      #expect(difference.verdict == .undecided, "\(difference.name)")
      #expect(difference.difference.value == 0)
    }
    #expect(comparison.mcNemar?.pValue == 1)
  }

  @Test func otherRowsAreComparedByTheirIntervals() throws {
    let (probabilities, truth) = Simulated.rows(300, classes: 3, seed: 8)
    let (others, otherTruth) = Simulated.rows(300, classes: 3, seed: 9)
    let comparison = try EvaluationComparison(try evaluation(probabilities, truth), try evaluation(others, otherTruth))
    #expect(comparison.mcNemar == nil)
    #expect(comparison.differences.allSatisfy { !$0.isPaired })
    #expect(comparison.notes.count == 1)
    let data = try JSON.encode(comparison)
    #expect(try JSON.decode(EvaluationComparison.self, from: data, source: "comparison") == comparison)
  }

  /// Pairing makes use of what both models have in common: its interval is narrower.
  @Test func pairingNarrowsTheInterval() throws {
    let (probabilities, truth) = Simulated.rows(400, classes: 3, seed: 8)
    let two = better(probabilities, truth)
    let paired = try EvaluationComparison(try evaluation(probabilities, truth), try evaluation(two, truth))
    let unpaired = try EvaluationComparison(try evaluation(probabilities, truth, keepsOutcomes: false), try evaluation(two, truth))
    let a = try #require(paired.differences.first { $0.name == "accuracy" }),
      b = try #require(unpaired.differences.first { $0.name == "accuracy" })
    #expect(a.difference.margin < b.difference.margin)
  }

  @Test func differentClassesAreRefused() throws {
    var accumulator = try ClassificationAccumulator(labels: ["x", "y"])
    try accumulator.add(probabilities: [0.5, 0.5], truth: [0])
    let other = try accumulator.evaluation(intervals: IntervalOptions(resamples: 50))
    let (probabilities, truth) = Simulated.rows(30, classes: 3, seed: 8)
    let one = try evaluation(probabilities, truth)
    #expect(throws: MetricError.self) { _ = try EvaluationComparison(one, other) }
  }
}
