import Foundation
import MartletCore
import Tables
import Testing

@testable import Learners

/// Rows in parts teach nearly what all of them together do.
@Suite struct StagedLearnerTests {
  private func rows(_ count: Int, seed: UInt64, isClass: Bool) throws -> (x: FeatureMatrix, target: Target) {
    var random = KeyedRandom(seed: seed, purpose: "staged"), values: [Double] = [], numbers: [Double] = [], classes: [Int] = []
    for _ in 0..<count {
      let a = random.uniform() * 4 - 2, b = random.uniform() * 4 - 2, c = random.uniform()
      values += [a, b, c]
      numbers.append(1 + 2 * a - b + 0.1 * (random.uniform() - 0.5))
      classes.append(random.uniform() < 1 / (1 + exp(-2 * a + b)) ? 1 : 0)
    }
    let x = try FeatureMatrix(rows: count, names: ["a", "b", "c"], values: values)
    return (x, isClass ? .classes(classes, labels: ["no", "yes"]) : .values(numbers))
  }

  private func staged(
    _ x: FeatureMatrix, _ target: Target, parts: Int, validation: (x: FeatureMatrix, target: Target)? = nil
  ) -> StagedRows {
    let size = x.rows / parts
    var labels: [String]?
    if case .classes(_, let names) = target { labels = names }
    return StagedRows(counts: [Int](repeating: size, count: parts), labels: labels, validation: validation) { part in
      var next = part * size
      let end = next + size
      return { limit in
        guard next < end else { return nil }
        let taken = Array(next..<min(end, next + min(limit, size)))
        next += taken.count
        return (x.taking(taken), target.taking(taken), nil)
      }
    }
  }

  private func accuracy(_ model: any FittedLearner, _ x: FeatureMatrix, _ target: Target) throws -> Double {
    let classifier = try #require(model as? any FittedClassifier)
    guard case .classes(let truth, _) = target else { return 0 }
    let shares = try classifier.probabilities(x)
    return Double(truth.indices.count { (shares[$0 * 2 + 1] > 0.5 ? 1 : 0) == truth[$0] }) / Double(truth.count)
  }

  @Test(arguments: [1, 4, 60]) func boostingLearnsFromAllParts(_ parts: Int) throws {
    let (x, target) = try rows(2400, seed: 1, isClass: true), (newX, newTarget) = try rows(1000, seed: 2, isClass: true)
    let learner = GradientBoosting(rounds: 24, learningRate: 0.3, maxDepth: 3)
    let context = FitContext(seed: 1, threads: 1)
    let whole = try accuracy(learner.fit(x, target, weights: nil, context: context), newX, newTarget)
    #expect(learner.partsRead(of: parts) == min(parts, 24))
    let model = try learner.fit(staged(x, target, parts: parts), context: context)
    #expect(try (model as? any FittedBoosting)?.rounds == 24)
    // Parts of forty rows teach less than parts of hundreds.
    #expect(try accuracy(model, newX, newTarget) > whole - (parts > 24 ? 0.05 : 0.02))
    // One part is all rows, and gives the very same model.
    if parts == 1 { #expect(try model.archive() == learner.fit(x, target, weights: nil, context: context).archive()) }
  }

  @Test func earlyStoppingJudgesByRowsOfItsOwn() throws {
    let (x, target) = try rows(1200, seed: 1, isClass: true)
    let learner = GradientBoosting(rounds: 200, learningRate: 0.5, maxDepth: 4, earlyStopping: 5)
    #expect(learner.judgesRounds)
    let held = try rows(400, seed: 9, isClass: true)
    let model = try #require(
      try learner.fit(staged(x, target, parts: 3, validation: held), context: FitContext(seed: 1, threads: 1)) as? BoostedClassifier)
    #expect(model.history.validation.count < 200)
    #expect(try model.rounds == (model.history.best ?? -2) + 1)
  }

  @Test func numbersAreLearntInParts() throws {
    let (x, target) = try rows(4000, seed: 1, isClass: false)
    guard case .values(let truth) = target else { return }
    for learner in [GradientBoosting(rounds: 40, learningRate: 0.3, maxDepth: 4), SGDRegressor()] as [any StagedLearner] {
      let model = try #require(
        try learner.fit(staged(x, target, parts: 5), context: FitContext(seed: 1, threads: 1)) as? any FittedRegressor)
      let found = try model.predict(x), mean = truth.reduce(0, +) / Double(truth.count)
      var error = 0.0, spread = 0.0
      for (value, wanted) in zip(found, truth) {
        error += (value - wanted) * (value - wanted)
        spread += (wanted - mean) * (wanted - mean)
      }
      #expect(error < 0.05 * spread, "\(learner.kind)")
    }
  }

  @Test func descentLearnsFromAllParts() throws {
    let (x, target) = try rows(2000, seed: 1, isClass: true), (newX, newTarget) = try rows(1000, seed: 2, isClass: true)
    let context = FitContext(seed: 1, threads: 1)
    let learner = SGDClassifier(epochs: 20)
    let whole = try accuracy(learner.fit(x, target, weights: nil, context: context), newX, newTarget)
    #expect(try accuracy(learner.fit(staged(x, target, parts: 4), context: context), newX, newTarget) > whole - 0.03)
  }

  @Test func noRowsAreAnError() throws {
    let empty = StagedRows(counts: [], labels: ["a", "b"]) { _ in { _ in nil } }
    #expect(throws: LearnerError.self) { try GradientBoosting().fit(empty, context: FitContext()) }
    #expect(throws: LearnerError.self) { try SGDClassifier().fit(empty, context: FitContext()) }
  }
}
