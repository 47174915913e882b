import MartletCore
import Testing

@testable import Evaluation

struct EdgeCaseTests {
  private func kind(_ body: () throws -> Void) -> MetricError? {
    do {
      try body()
      return nil
    } catch { return error as? MetricError }
  }

  @Test func emptyInput() {
    #expect(kind { _ = try Metrics.accuracy(truth: [], predicted: []) }?.kind == .empty)
    #expect(kind { _ = try Metrics.auc([Bool](), [Float]()) }?.kind == .empty)
    #expect(kind { _ = try Metrics.logLoss(truth: [], probabilities: [Float](), classes: 2) }?.kind == .empty)
    #expect(kind { _ = try Metrics.regression(truth: [Double](), predicted: []) }?.kind == .empty)
    #expect(kind { _ = try ClassificationAccumulator(labels: ["a"]).evaluation() }?.kind == .empty)
    #expect(kind { _ = try ClassificationAccumulator(labels: []) }?.kind == .badArgument)
  }

  @Test func differentLengths() {
    #expect(kind { _ = try Metrics.accuracy(truth: [1], predicted: [1, 0]) }?.kind == .lengthMismatch)
    #expect(kind { _ = try Metrics.accuracy(truth: [1], predicted: [1], weights: [1, 2]) }?.kind == .lengthMismatch)
    #expect(kind { _ = try Metrics.logLoss(truth: [0, 1], probabilities: [0.5, 0.5, 1] as [Float], classes: 2) }?.kind == .lengthMismatch)
    #expect(kind { _ = try Metrics.auc([true, false], [0.5] as [Float]) }?.kind == .lengthMismatch)
  }

  @Test func labelsOutOfRangeNameTheRow() {
    let error = kind { _ = try ConfusionMatrix(truth: [0, 1, 5], predicted: [0, 1, 1], classes: 3) }
    #expect(error?.kind == .labelOutOfRange)
    #expect(error?.row == 2)
    #expect(error?.description == "true label 5 of row 2 is out of range; expected 0 ..< 3")
    #expect(
      kind { _ = try ConfusionMatrix(truth: [0], predicted: [-1], classes: 3) }?.problem == "predicted label -1 of row 0 is out of range")
    #expect(kind { _ = try Metrics.topK(1, truth: [3], probabilities: [0.5, 0.5] as [Double], classes: 2) }?.kind == .labelOutOfRange)
  }

  @Test func scoresThatAreNotANumberNameTheRow() {
    #expect(kind { _ = try Metrics.auc([true, false, true], [0.1, 0.2, .nan] as [Double]) }?.row == 2)
    #expect(kind { _ = try Metrics.auc([true, false, true], [0.1, .nan, 0.2] as [Float]) }?.row == 1)
    let error = kind { _ = try Metrics.logLoss(truth: [0, 1], probabilities: [0.5, 0.5, .nan, 0.5] as [Float], classes: 2) }
    #expect(error?.kind == .notANumber)
    #expect(error?.row == 1)
    #expect(kind { _ = try Metrics.regression(truth: [1, 2], predicted: [1, .nan]) }?.row == 1)
    #expect(kind { _ = try Metrics.calibration(confidences: [0.5, 1.5], isRight: [true, false]) }?.row == 1)
  }

  @Test func oneClassHasNoCurve() {
    let error = kind { _ = try Metrics.auc([true, true], [0.1, 0.2] as [Float]) }
    #expect(error?.kind == .singleClass)
    #expect(error?.description.contains("both kinds") == true)
    #expect(kind { _ = try Metrics.rocCurve([false, false], [0.1, 0.2] as [Float]) }?.kind == .singleClass)
    #expect(kind { _ = try Metrics.averagePrecision([false, false], [0.1, 0.2] as [Float]) }?.kind == .singleClass)
    let missing = kind {
      _ = try Metrics.auc(
        truth: [0, 1], probabilities: [0.5, 0.3, 0.2, 0.1, 0.6, 0.3] as [Float], classes: 3, average: .oneVersusOneMacro)
    }
    #expect(missing?.problem.contains("class 2") == true)
  }

  @Test func weights() {
    #expect(kind { _ = try Metrics.accuracy(truth: [0], predicted: [0], weights: [-1]) }?.row == 0)
    #expect(kind { _ = try Metrics.accuracy(truth: [0], predicted: [0], weights: [0]) }?.kind == .badWeight)
    #expect(kind { _ = try Metrics.accuracy(truth: [0], predicted: [0], weights: [.nan]) }?.kind == .badWeight)
  }

  @Test func infinitiesAndSignedZerosAreOrdered() throws {
    #expect(try Metrics.auc([false, true, false, true], [-.infinity, .infinity, -1, 5] as [Double]) == 1)
    #expect(try Metrics.auc([false, true], [-0.0, 0.0] as [Double]) == 0.5)
    #expect(try Metrics.auc([false, true], [-0.0, 0.0] as [Float]) == 0.5)
  }

  /// Doubles that agree in their upper 32 bits are still told apart.
  @Test func fineDifferencesCount() throws {
    let base = 0.5
    let scores = (0..<1000).map { base + Double($0) * 1e-13 }
    let isPositive = (0..<1000).map { $0 >= 500 }
    #expect(try Metrics.auc(isPositive, scores) == 1)
    #expect(try Metrics.auc(isPositive, Array(scores.reversed())) == 0)
  }

  @Test(arguments: [10, 255, 256, 3000])
  func radixOrderIsTheStableOrder(_ count: Int) throws {
    let (_, scores) = Simulated.binary(count, shift: 0, seed: UInt64(count), ties: count % 2 == 0)
    let expected = scores.indices.sorted { (scores[$0], $0) < (scores[$1], $1) }.map { UInt32($0) }
    #expect(try SortedScores(scores).order == expected)
    let floats = scores.map { Float($0) }
    #expect(try SortedScores(floats).order == floats.indices.sorted { (floats[$0], $0) < (floats[$1], $1) }.map { UInt32($0) })
  }

  @Test func averagesAndBetasAreChecked() throws {
    let matrix = try ConfusionMatrix(truth: [0, 1], predicted: [0, 1], classes: 2)
    #expect(kind { _ = try matrix.scores(.macro, beta: -1) }?.kind == .badArgument)
    #expect(kind { _ = try matrix.scores(.binary(positive: 2)) }?.kind == .labelOutOfRange)
    #expect(try matrix.scores(.macro, beta: .infinity).fScore == 1)
    #expect(try matrix.scores(.macro, beta: 0).fScore == 1)
    #expect(kind { _ = try Metrics.topK(0, truth: [0], probabilities: [1, 0] as [Float], classes: 2) }?.kind == .badArgument)
  }

  /// Symmetries that hold whatever the numbers are.
  @Test func symmetries() throws {
    let (isPositive, scores) = Simulated.binary(200, shift: 0.7, seed: 21)
    let area = try Metrics.auc(isPositive, scores)
    #expect(abs(try Metrics.auc(isPositive.map { !$0 }, scores) - (1 - area)) < 1e-15)
    #expect(try Metrics.auc(isPositive, scores.map { $0 * 3 + 7 }) == area)
    #expect(abs(try Metrics.rocCurve(isPositive, scores).area - area) < 1e-14)
    let thin = try Metrics.rocCurve(isPositive, scores, dropsCollinear: false).thinned(to: 30)
    #expect(thin.thresholds.count <= 30)
    #expect(thin.falsePositiveRates.first == 0 && thin.truePositiveRates.last == 1)
    #expect(abs(thin.area - area) < 0.02)
  }
}
