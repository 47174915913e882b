import Learners
import MartletCore
import Tables
import Testing

@Suite struct IsolationForestTests {
  @Test func holdsTheContract() throws {
    // Rows are drawn by their places.
    try LearnerContract.hold(IsolationForest(trees: 10, samples: 32), on: .unlabelled(), excluding: [.repetition, .orderOfFit])
    try LearnerContract.hold(
      IsolationForest(trees: 10, samples: 32, contamination: 0.1), on: .unlabelled(), excluding: [.repetition, .orderOfFit])
    // All rows are drawn: a weight of two is a row given twice.
    try LearnerContract.hold(IsolationForest(trees: 10, samples: 1000), on: .unlabelled(), excluding: [.orderOfFit])
  }

  @Test func scoresAreDistributedAsTheReferences() throws {
    let x = try TreeFixtures.features("cancer")
    let fitted = try IsolationForest(trees: 200).fit(x, TreeFixtures.classes("cancer"), weights: nil, context: FitContext(seed: 1))
    let scores = try LearnerContract.outcome(fitted, x)
    let mean = try TreeFixtures.numbers("cancer.isolation.mean"), spread = try TreeFixtures.numbers("cancer.isolation.sd")
    // Five seeds of the reference say how far apart two forests are; a forest of ours is to be no farther.
    let typical = (spread.map { $0 * $0 }.reduce(0, +) / Double(spread.count)).squareRoot()
    let apart = zip(scores, mean).map { ($0 - $1) * ($0 - $1) }.reduce(0, +) / Double(scores.count)
    #expect(apart.squareRoot() < 2 * typical, "\(apart.squareRoot()) to \(typical)")
    let shift = zip(scores, mean).map { $0 - $1 }.reduce(0, +) / Double(scores.count)
    #expect(abs(shift) < 0.01)
  }

  @Test func pathLengthsEqualScikitLearns() throws {
    let reference = try ReferenceData.read("learners_isolation.json")
    for (count, path) in zip(try reference.numbers("counts"), try reference.numbers("paths")) {
      // Rows that are all the same stay in one leaf, whose depth is the mean path of so many rows.
      let same = try FeatureMatrix(rows: Int(count), names: ["a"], values: [Double](repeating: 7, count: Int(count)))
      let archive = try IsolationForest(trees: 1, samples: 1000).fit(same, .values([]), weights: nil, context: FitContext()).archive()
      let leaves = try #require(archive.arrays["values"]).values(as: Double.self)
      #expect(leaves.count == 1 && abs((leaves.first ?? -1) - path) < 1e-12, "\(count) rows: \(leaves) and \(path)")
    }
    let cases = reference["cases"]?.arrayValue ?? []
    #expect(cases.count == 4)
    for entry in cases {
      let ones = entry["ones"]?.intValue ?? 0, zeros = entry["zeros"]?.intValue ?? 0
      let x = try FeatureMatrix(
        rows: ones + zeros, names: ["a"], values: [Double](repeating: 1, count: ones) + [Double](repeating: 0, count: zeros))
      let fitted = try IsolationForest(trees: 5, samples: ones + zeros).fit(x, .values([]), weights: nil, context: FitContext())
      let own = try LearnerContract.outcome(fitted, FeatureMatrix(rows: 2, names: ["a"], values: [1, 0]))
      for (a, b) in zip(own, try entry.numbers("scores")) { #expect(abs(a - b) < 1e-9, "\(ones) of \(ones + zeros): \(a) and \(b)") }
    }
  }

  @Test func contaminationSetsTheThreshold() throws {
    let x = try TreeFixtures.features("cancer")
    let target = try TreeFixtures.classes("cancer")
    let fitted = try #require(
      IsolationForest(contamination: 0.1).fit(x, target, weights: nil, context: FitContext()) as? any FittedAnomalyDetector)
    let above = try fitted.anomalyScores(x).filter { $0 > fitted.threshold }.count
    #expect(above == 57)
    let plain = try #require(IsolationForest().fit(x, target, weights: nil, context: FitContext()) as? any FittedAnomalyDetector)
    #expect(plain.threshold == 0.5)
  }

  @Test func missingValuesAndOddSettingsAreRefused() throws {
    let hole = try FeatureMatrix(rows: 3, names: ["a"], values: [1, .nan, 2])
    #expect(throws: LearnerError.self) { try IsolationForest().fit(hole, .values([]), weights: nil, context: FitContext()) }
    let x = try ContractData.unlabelled().x
    for learner in [
      IsolationForest(trees: 0), IsolationForest(samples: 1), IsolationForest(contamination: 0.9), IsolationForest(featureShare: 0),
    ] {
      #expect(throws: LearnerError.self) { try learner.fit(x, .values([]), weights: nil, context: FitContext()) }
    }
    // A single row, and rows that are all the same: scores, no crash.
    let same = try FeatureMatrix(rows: 4, names: ["a"], values: [1, 1, 1, 1])
    #expect(try LearnerContract.outcome(IsolationForest().fit(same, .values([]), weights: nil, context: FitContext()), same).count == 4)
    let one = try FeatureMatrix(rows: 1, names: ["a"], values: [1])
    #expect(try LearnerContract.outcome(IsolationForest().fit(one, .values([]), weights: nil, context: FitContext()), one).count == 1)
  }
}
