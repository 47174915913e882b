import Foundation
import Learners
import MartletCore
import Tables
import Testing

@Suite struct BoostingTests {
  @Test func holdsTheContract() throws {
    let short = GradientBoosting(rounds: 8, maxDepth: 3)
    // Sums in single precision depend on their order a little.
    try LearnerContract.hold(short, on: .classes(2), tolerance: 1e-5)
    try LearnerContract.hold(short, on: .classes(3), tolerance: 1e-5)
    try LearnerContract.hold(short, on: .numbers(), tolerance: 1e-5)
    for objective in [GradientBoosting.Objective.poisson, .tweedie, .pseudoHuber] {
      try LearnerContract.hold(GradientBoosting(rounds: 5, objective: objective), on: .numbers(positive: true), tolerance: 1e-4)
    }
    // The leaves' medians are taken over rows, not weights; rows for judging and drawing are chosen by their places.
    try LearnerContract.hold(
      GradientBoosting(rounds: 5, objective: .absoluteError), on: .numbers(), tolerance: 1e-4, excluding: [.repetition])
    try LearnerContract.hold(
      GradientBoosting(rounds: 20, rowShare: 0.7, featureShare: 0.5, earlyStopping: 3), on: .classes(2),
      excluding: [.repetition, .orderOfFit])
  }

  @Test func qualityIsTheReferences() throws {
    // xgboost from Python, five folds, 100 rounds at 0.1: .97 on breast cancer, .965 on wine.
    let learner = GradientBoosting()
    let cancer = try TreeFixtures.crossValidated(
      learner, TreeFixtures.features("cancer"), TreeFixtures.classes("cancer"), seed: 1)
    #expect(cancer > 0.95)
    let wine = try TreeFixtures.crossValidated(learner, TreeFixtures.features("wine"), TreeFixtures.classes("wine"), seed: 1)
    #expect(wine > 0.93)
  }

  @Test func theSamePredictionsAtAnyNumberOfThreads() throws {
    let x = try TreeFixtures.features("diabetes"), target = try TreeFixtures.values("diabetes")
    var digests = Set<String>()
    for threads in [1, 2, 3] {
      let learner = GradientBoosting(rounds: 40, rowShare: 0.8, featureShare: 0.8)
      let fitted = try #require(learner.fit(x, target, weights: nil, context: FitContext(seed: 3, threads: threads)) as? BoostedRegressor)
      digests.insert(Digest.sha256(try fitted.predict(x).withUnsafeBytes { Data($0) }))
    }
    #expect(digests.count == 1)
  }

  @Test func stopsEarlyAndKeepsTheBest() throws {
    let x = try TreeFixtures.features("cancer"), target = try TreeFixtures.classes("cancer")
    let learner = GradientBoosting(rounds: 500, learningRate: 0.3, earlyStopping: 5, validationShare: 0.2)
    let fitted = try #require(learner.fit(x, target, weights: nil, context: FitContext()) as? BoostedClassifier)
    let best = try #require(fitted.history.best)
    #expect(try fitted.rounds == best + 1)
    #expect(fitted.history.validation.count == best + 6 && fitted.history.validation.min() == fitted.history.validation[best])
    #expect(fitted.history.training.count == fitted.history.validation.count && fitted.history.metric == "logloss")
    let given = try #require(
      learner.fit(x, target, weights: nil, validation: (x, target), context: FitContext()) as? BoostedClassifier)
    #expect(given.history.validation == given.history.training)
  }

  @Test func missingValuesAndCategoriesAreTaken() throws {
    // The class hangs on a category alone, which has no order.
    let rows = 200
    var values: [Double] = []
    for row in 0..<rows {
      values.append(Double(row % 7))
      values.append(row % 3 == 0 ? Double.nan : Double(row))
    }
    let x = try FeatureMatrix(rows: rows, names: ["city", "number"], values: values, levels: [0: 7])
    let target = Target.classes((0..<rows).map { [1, 4, 6].contains($0 % 7) ? 1 : 0 }, labels: ["no", "yes"])
    let learner = GradientBoosting(rounds: 20, learningRate: 0.5)
    let fitted = try #require(learner.fit(x, target, weights: nil, context: FitContext()) as? BoostedClassifier)
    let shares = try fitted.probabilities(x)
    #expect((0..<rows).allSatisfy { (shares[$0 * 2 + 1] > 0.9) == [1, 4, 6].contains($0 % 7) })
    let gains = try fitted.importances(.totalGain)
    #expect(gains[0] > gains[1] * 10)
    #expect(try LearnerCatalogue.fitted(fitted.archive()) is BoostedClassifier)
  }

  @Test func monotoneAndInteractionsHold() throws {
    let x = try TreeFixtures.features("diabetes"), target = try TreeFixtures.values("diabetes")
    // Features that may not meet: what one adds does not depend on the others.
    let learner = GradientBoosting(rounds: 30, monotone: ["f2": 1], interactions: x.names.map { [$0] })
    let fitted = try #require(learner.fit(x, target, weights: nil, context: FitContext()) as? BoostedRegressor)
    let row = try x.taking([10]).denseValues()
    var steps: [Double] = []
    for step in 0..<50 {
      var moved = row
      moved[2] = -0.1 + 0.005 * Double(step)
      steps += moved
    }
    let line = try FeatureMatrix(rows: 50, names: x.names, values: steps)
    let predictions = try fitted.predict(line)
    #expect(zip(predictions, predictions.dropFirst()).allSatisfy { $0 <= $1 + 1e-5 } && (predictions.last ?? 0) > predictions[0])
    let other = try x.taking([200]).denseValues()
    var others: [Double] = []
    for step in 0..<50 { others += other.indices.map { $0 == 2 ? steps[step * x.columns + 2] : other[$0] } }
    let elsewhere = try fitted.predict(FeatureMatrix(rows: 50, names: x.names, values: others))
    for step in 1..<50 { #expect(abs((predictions[step] - predictions[0]) - (elsewhere[step] - elsewhere[0])) < 1e-3) }
    for wrong in [GradientBoosting(monotone: ["f99": 1]), GradientBoosting(interactions: [["f0", "g"]])] {
      #expect(throws: LearnerError.self) { try wrong.fit(x, target, weights: nil, context: FitContext()) }
    }
  }

  @Test func contributionsAddUp() throws {
    let x = try TreeFixtures.features("diabetes"), target = try TreeFixtures.values("diabetes")
    let fitted = try #require(GradientBoosting(rounds: 20).fit(x, target, weights: nil, context: FitContext()) as? BoostedRegressor)
    let parts = try fitted.contributions(x), predictions = try fitted.predict(x), width = x.columns + 1
    #expect(parts.count == x.rows * width)
    for row in 0..<x.rows {
      #expect(abs(parts[row * width..<(row + 1) * width].reduce(0, +) - predictions[row]) < 1e-2)
    }
    let classes = try ContractData.classes(3)
    let classifier = try #require(
      GradientBoosting(rounds: 5).fit(classes.x, classes.target, weights: nil, context: FitContext()) as? BoostedClassifier)
    #expect(try classifier.contributions(classes.probe).count == classes.probe.rows * 3 * 5)
  }

  @Test func theJSONOfANewerXgboostIsRead() throws {
    for name in ["cancer", "iris", "diabetes"] {
      let path = try #require(Bundle.module.path(forResource: "xgboost_\(name)", ofType: "json", inDirectory: "Fixtures"))
      let json = [UInt8](try #require(FileManager.default.contents(atPath: path)))
      let x = try TreeFixtures.features(name), expected = try TreeFixtures.numbers("xgboost.\(name)")
      let outcome: [Double]
      if name == "diabetes" {
        outcome = try BoostedRegressor(json: json, featureNames: x.names).predict(x)
      } else {
        outcome = try BoostedClassifier(json: json, featureNames: x.names, labels: name == "iris" ? ["a", "b", "c"] : ["a", "b"])
          .probabilities(x)
      }
      #expect(outcome.count == expected.count)
      let worst = zip(outcome, expected).map { abs($0 - $1) / max(1, abs($1)) }.max() ?? 0
      #expect(worst < 1e-5, "\(name): \(worst)")
    }
  }

  @Test func itsOwnJSONGoesOutAndIn() throws {
    let data = try ContractData.classes(3)
    let fitted = try #require(
      GradientBoosting(rounds: 5).fit(data.x, data.target, weights: nil, context: FitContext()) as? BoostedClassifier)
    let json = try fitted.json()
    #expect(String(decoding: json, as: UTF8.self).contains("\"feature 2\""))
    let again = try BoostedClassifier(json: json, featureNames: data.x.names, labels: fitted.labels)
    #expect(try again.probabilities(data.probe) == fitted.probabilities(data.probe))
    #expect(throws: LearnerError.self) { try BoostedClassifier(json: json, featureNames: ["a"], labels: fitted.labels) }
    #expect(throws: LearnerError.self) { try BoostedClassifier(json: json, featureNames: data.x.names, labels: ["a", "b"]) }
    #expect(throws: LearnerError.self) { try BoostedClassifier(json: Array("{}".utf8), featureNames: ["a"], labels: ["a", "b"]) }
  }

  @Test func oddWishesAreRefused() throws {
    let classes = try ContractData.classes(2), numbers = try ContractData.numbers()
    let wrong: [(GradientBoosting, ContractData, String)] = [
      (GradientBoosting(rounds: 0), classes, "rounds"), (GradientBoosting(learningRate: 0), classes, "learning-rate"),
      (GradientBoosting(objective: .poisson), classes, "poisson"), (GradientBoosting(objective: .poisson), numbers, "target of row"),
      (GradientBoosting(maxDepth: 0), classes, "max-depth"), (GradientBoosting(classWeights: .balanced), numbers, "classes"),
      (GradientBoosting(earlyStopping: 3, validationShare: 0.001), classes, "validation-share"),
      (GradientBoosting(bins: 1), classes, "bins"),
    ]
    for (learner, data, name) in wrong {
      let error = #expect(throws: LearnerError.self) { try learner.fit(data.x, data.target, weights: nil, context: FitContext()) }
      #expect(error?.description.contains(name) == true)
    }
  }
}
