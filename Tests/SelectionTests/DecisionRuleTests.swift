import MartletCore
import Testing

@testable import Selection

@Suite struct DecisionRuleTests {
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
