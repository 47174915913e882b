import Foundation
import Learners
import MartletCore
import Tables
import Testing

@Suite struct QuantileBoostingTests {
  private static func loss(_ level: Double, _ truth: [Double], _ predicted: [Double]) -> Double {
    zip(truth, predicted).reduce(0) { sum, pair in
      let left = pair.0 - pair.1
      return sum + (left >= 0 ? level * left : (level - 1) * left)
    } / Double(truth.count)
  }

  @Test func holdsTheContract() throws {
    let learner = GradientBoosting(rounds: 5, maxDepth: 3, objective: .quantile, quantile: 0.8)
    try LearnerContract.hold(learner, on: .numbers(), tolerance: 1e-4)
  }

  /// The same trees as scikit-learn's, up to which of two neighbouring values a leaf's quantile is.
  @Test func lossesAreTheReferences() throws {
    let x = try TreeFixtures.features("diabetes")
    guard case .values(let truth) = try TreeFixtures.values("diabetes") else { return }
    let train = (0..<x.rows).filter { $0 % 3 != 0 }, test = (0..<x.rows).filter { $0 % 3 == 0 }
    let cases = try ReferenceData.read("learners_quantile.json").arrayValue ?? []
    #expect(cases.count == 3)
    for entry in cases {
      let level = try #require(entry["level"]?.doubleValue)
      let learner = GradientBoosting(rounds: 60, maxDepth: 3, l2: 0, objective: .quantile, quantile: level)
      let model = try #require(
        learner.fit(x.taking(train), .values(train.map { truth[$0] }), weights: nil, context: FitContext()) as? BoostedRegressor)
      for (part, rows) in [("train", train), ("test", test)] {
        let own = try Self.loss(level, rows.map { truth[$0] }, model.predict(x.taking(rows)))
        // LightGBM takes a leaf's quantile between two rows, which fits the training rows closer and others no better.
        for name in part == "train" ? ["scikit-learn"] : ["scikit-learn", "lightgbm"] {
          let reference = try #require(entry[name]?[part]?.doubleValue)
          #expect(abs(own / reference - 1) < 0.1, "\(level), \(part): \(own), \(name) \(reference)")
        }
      }
      // A leaf's quantile leaves the level's share of its rows at or below; all leaves together, nearly so.
      let below = try zip(model.predict(x.taking(train)), train).filter { truth[$0.1] <= $0.0 + 1e-3 }.count
      #expect(abs(Double(below) / Double(train.count) - level) < 0.06)
    }
  }

  @Test func stopsEarlyAndSaves() throws {
    let x = try TreeFixtures.features("diabetes"), target = try TreeFixtures.values("diabetes")
    let learner = GradientBoosting(rounds: 200, learningRate: 0.3, objective: .quantile, quantile: 0.9, earlyStopping: 5)
    let model = try #require(learner.fit(x, target, weights: nil, context: FitContext(seed: 1)) as? BoostedRegressor)
    let best = try #require(model.history.best)
    #expect(model.history.metric == "pinball" && model.history.validation.min() == model.history.validation[best])
    #expect(try model.rounds == best + 1)
    let given = try #require(
      learner.fit(x, target, weights: nil, validation: (x, target), context: FitContext()) as? BoostedRegressor)
    // Judged by the training rows themselves, the history is what the model's own predictions give.
    guard case .values(let truth) = target else { return }
    let kept = try #require(given.history.best)
    #expect(abs(try Self.loss(0.9, truth, given.predict(x)) / given.history.training[kept] - 1) < 1e-4)
    #expect(given.history.training == given.history.validation)
  }

  @Test func levelsOutsideAreRefused() throws {
    let data = try ContractData.numbers()
    for level in [0.0, 1, -0.5, .nan] {
      #expect(throws: LearnerError.self) {
        try GradientBoosting(objective: .quantile, quantile: level).fit(data.x, data.target, weights: nil, context: FitContext())
      }
    }
  }
}
