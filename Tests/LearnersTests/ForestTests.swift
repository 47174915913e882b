import Foundation
import Learners
import MartletCore
import Tables
import Testing

@Suite struct ForestTests {
  @Test func holdsTheContract() throws {
    try LearnerContract.hold(RandomForest(trees: 5, criterion: .entropy, maxDepth: 3, bootstrap: false), on: .classes(3))
    for learner: any Learner in [RandomForest(trees: 7, bootstrap: false), ExtraTrees(trees: 7)] {
      try LearnerContract.hold(learner, on: .classes(3))
      try LearnerContract.hold(learner, on: .numbers())
    }
    // Rows are drawn at random by their places: other places, other draws.
    for learner: any Learner in [RandomForest(trees: 7, outOfBag: true), ExtraTrees(trees: 5, bootstrap: true, sampleShare: 0.5)] {
      try LearnerContract.hold(learner, on: .classes(2), excluding: [.repetition, .orderOfFit])
      try LearnerContract.hold(learner, on: .numbers(), excluding: [.repetition, .orderOfFit])
    }
    try LearnerContract.hold(RandomForest(trees: 5, quantiles: true), on: .numbers(), excluding: [.repetition, .orderOfFit])
  }

  /// scikit-learn's random forests of 100 trees get .963, .975 and .975 right in five folds, with standard deviations of about .004 over
  /// seeds and folds; the folds here are fixed, so the bounds are three of those.
  @Test(arguments: [("cancer", 0.963, 0.010), ("wine", 0.975, 0.017), ("digits", 0.975, 0.010)])
  func qualityIsTheReferences(_ name: String, _ expected: Double, _ tolerance: Double) throws {
    let x = try TreeFixtures.features(name), target = try TreeFixtures.classes(name)
    let seeds: [UInt64] = name == "digits" ? [1] : [1, 2, 3]
    let scores = try seeds.map { try TreeFixtures.crossValidated(RandomForest(), x, target, seed: $0) }
    let mean = scores.reduce(0, +) / Double(scores.count)
    #expect(abs(mean - expected) <= tolerance, "\(scores)")
    let extra = try TreeFixtures.crossValidated(ExtraTrees(), x, target, seed: 1)
    #expect(extra >= expected - tolerance, "\(extra)")
  }

  @Test func theSameForestAtAnyNumberOfThreads() throws {
    let x = try TreeFixtures.features("diabetes"), target = try TreeFixtures.values("diabetes")
    var digests = Set<String>()
    for threads in [1, 2, 5] {
      let archive = try RandomForest(trees: 20, bins: 32).fit(x, target, weights: nil, context: FitContext(seed: 9, threads: threads))
        .archive()
      let bytes = archive.arrays.keys.sorted().flatMap { archive.arrays[$0]?.bytes ?? [] }
      digests.insert(Digest.sha256(Data(bytes)))
    }
    #expect(digests.count == 1)
    let other = try RandomForest(trees: 20, bins: 32).fit(x, target, weights: nil, context: FitContext(seed: 10)).archive()
    #expect(try other != RandomForest(trees: 20, bins: 32).fit(x, target, weights: nil, context: FitContext(seed: 9)).archive())
  }

  @Test func rowsLeftOutJudgeTheForest() throws {
    let x = try TreeFixtures.features("cancer"), target = try TreeFixtures.classes("cancer")
    let fitted = try #require(
      RandomForest(outOfBag: true).fit(x, target, weights: nil, context: FitContext(seed: 3)) as? TreeClassifier)
    let judged = try #require(fitted.outOfBag)
    #expect(abs(judged.score - 0.96) < 0.02)
    #expect(judged.unseenRows == 0 && judged.predictions.count == x.rows * 2)
    let diabetes = try #require(
      RandomForest(minLeaf: 5, outOfBag: true).fit(
        TreeFixtures.features("diabetes"), TreeFixtures.values("diabetes"), weights: nil, context: FitContext()) as? TreeRegressor)
    #expect(try #require(diabetes.outOfBag).score > 0.38)
  }

  @Test func quantilesCoverWhatTheySay() throws {
    let x = try TreeFixtures.features("diabetes")
    let target = try TreeFixtures.values("diabetes")
    let train = (0..<x.rows).filter { $0 % 3 != 0 }, test = (0..<x.rows).filter { $0 % 3 == 0 }
    let fitted = try #require(
      RandomForest(trees: 50, minLeaf: 5, quantiles: true).fit(
        x.taking(train), target.taking(train), weights: nil, context: FitContext()) as? TreeRegressor)
    let quantiles = try fitted.quantiles(x.taking(test), [0.05, 0.5, 0.95])
    guard case .values(let truth) = target.taking(test) else { return }
    let covered = truth.indices.filter { quantiles[$0 * 3] <= truth[$0] && truth[$0] <= quantiles[$0 * 3 + 2] }.count
    #expect(abs(Double(covered) / Double(truth.count) - 0.9) < 0.08)
    #expect(truth.indices.allSatisfy { quantiles[$0 * 3] <= quantiles[$0 * 3 + 1] && quantiles[$0 * 3 + 1] <= quantiles[$0 * 3 + 2] })
    #expect(throws: LearnerError.self) { try fitted.quantiles(x, [1.5]) }
  }

  @Test func oddWishesAreRefused() throws {
    let classes = try ContractData.classes(2), numbers = try ContractData.numbers()
    let wrong: [(any Learner, ContractData, String)] = [
      (RandomForest(trees: 0), classes, "trees"), (RandomForest(sampleShare: 2), classes, "sample-share"),
      (ExtraTrees(outOfBag: true), classes, "out-of-bag"), (RandomForest(quantiles: true), classes, "quantiles"),
      (RandomForest(classWeights: .balanced), numbers, "class-weights"), (RandomForest(monotone: ["feature 0": 2]), numbers, "monotone"),
    ]
    for (learner, data, name) in wrong {
      let error = #expect(throws: LearnerError.self) { try learner.fit(data.x, data.target, weights: nil, context: FitContext()) }
      #expect(error?.description.contains(name) == true)
    }
  }

  @Test func archivesThatLieAreRefused() throws {
    let data = try ContractData.classes(2)
    let archive = try RandomForest(trees: 3).fit(data.x, data.target, weights: nil, context: FitContext()).archive()
    for (name, wrong) in [
      ("left", [Int32](repeating: 0, count: 400)), ("features", [Int32](repeating: 77, count: 400)),
      ("left", [Int32](repeating: Int32.max - 1, count: 400)), ("features", [Int32](repeating: -1, count: 400)),
    ] {
      var lying = archive
      let count = try #require(archive.arrays[name]).elementCount
      lying.arrays[name] = try HostArray(Array(wrong.prefix(count)))
      #expect(throws: LearnerError.self) { try LearnerCatalogue.fitted(lying) }
    }
  }
}
