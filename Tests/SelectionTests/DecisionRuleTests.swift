import Evaluation
import MartletCore
import Testing

@testable import Selection

@Suite struct DecisionRuleTests {
  @Test func aTunedThresholdDoesNotLookAtTheRowsItDecides() throws {
    // Two folds; within each the positives score higher, but the second fold's scores are half of the first's.
    let scores = [0.9, 0.8, 0.4, 0.2, 0.45, 0.4, 0.2, 0.1], positive = [true, true, false, false, true, true, false, false]
    let probabilities = scores.flatMap { [1 - $0, $0] }
    let folds = [
      FoldSplit(training: [4, 5, 6, 7], test: [0, 1, 2, 3]), FoldSplit(training: [0, 1, 2, 3], test: [4, 5, 6, 7]),
    ]
    // The first fold is decided at 0.3 (one false alarm), the second at 0.6 (nothing found): 2 hits, 3 alarms, 4 positives.
    let f1 = try #require(DecisionRule.tunedF1(probabilities: probabilities, positive: positive, folds: folds))
    #expect(abs(f1 - 2 * 2 / 7.0) < 1e-12)
    #expect(DecisionRule.tunedF1(probabilities: probabilities, positive: positive.map { _ in true }, folds: folds) == nil)
  }

  @Test func thresholdsFollowTheirGoal() throws {
    let probabilities = [0.9, 0.8, 0.7, 0.6, 0.4, 0.3, 0.2, 0.1]
    let positive = [true, true, false, true, false, true, false, false]
    let f1 = try DecisionRule(.f1, probabilities: probabilities, positive: positive)
    // The cut after four rows finds three of four positives with one false alarm, as does the cut after six with two alarms and all four.
    #expect(f1.threshold.map { abs($0 - 0.25) < 1e-12 } == true)
    let recall = try DecisionRule(.recall(atLeast: 0.75), probabilities: probabilities, positive: positive)
    #expect(recall.threshold.map { abs($0 - 0.5) < 1e-12 } == true)
    let precision = try DecisionRule(.precision(atLeast: 1), probabilities: probabilities, positive: positive)
    #expect(precision.threshold.map { abs($0 - 0.75) < 1e-12 } == true)
    let dear = try DecisionRule(.cost(falsePositive: 10, falseNegative: 1), probabilities: probabilities, positive: positive)
    #expect(dear.threshold.map { abs($0 - 0.75) < 1e-12 } == true)
    #expect(dear.decide([0.2, 0.8, 0.3, 0.7], classes: 2) == [1, 0])
    #expect(throws: ArgumentError.self) { try DecisionRule(.f1, probabilities: [0.1], positive: [true]) }
    #expect(DecisionRule().decide([0.2, 0.5, 0.3, 0.4, 0.4, 0.2], classes: 3) == [1, 0])
  }
}
