import Foundation
import Learners
import MartletCore
import Tables
import Testing

@Suite struct LogisticTests {
  @Test func coefficientsEqualScikitLearn() throws {
    let cases = try ReferenceData.read("learners_logistic.json").arrayValue ?? []
    #expect(cases.count == 21)
    for entry in cases {
      let name = entry["set"]?.stringValue ?? ""
      let (x, target, _) = try ReferenceData.classes(name)
      let weights = entry["weighted"]?.boolValue == true ? try ReferenceData.weights(name) : nil
      let learner = try LearnerCatalogue.learner("logistic", settings: entry["settings"] ?? .null)
      let model = try #require(learner.fit(x, target, weights: weights, context: FitContext()) as? LogisticModel)
      let penalty = entry["settings"]?["penalty"]?.stringValue ?? "l2"
      // The constants of many classes may all move alike; only the Newton solvers put their mean at 0.
      func centred(_ values: [Double]) -> [Double] {
        values.count < 3 ? values : values.map { $0 - values.reduce(0, +) / Double(values.count) }
      }
      let apart = try distance(
        model.coefficients + centred(model.intercepts), entry.numbers("coefficients") + centred(entry.numbers("intercepts")))
      // Without a penalty nearly separable classes leave the coefficients' size open, and saga, which goes by single rows, ends early.
      #expect(apart < (["none": 1e-3, "l2": 1e-5][penalty] ?? 5e-5), "\(name) \(String(describing: entry["settings"])): \(apart)")
      let probabilities = try model.probabilities(x.taking([0, 1, 2, 3, 4]))
      #expect(distance(probabilities, try entry.numbers("probabilities")) < 1e-5)
      #expect(model.warnings.isEmpty, "\(model.warnings)")
    }
  }

  @Test func sparseRowsGiveTheSameModel() throws {
    let (all, classes, _) = try ReferenceData.classes("digits")
    let rows = Array(0..<60)
    let x = all.taking(rows), target = classes.taking(rows)
    let sparse = try ReferenceData.sparse(x)
    for penalty in [LogisticRegression.Penalty.l2, .l1] {
      let learner = LogisticRegression(penalty: penalty, c: 0.01, tolerance: 1e-6, iterations: 200)
      let dense = try #require(learner.fit(x, target, weights: nil, context: FitContext()) as? LogisticModel)
      let other = try #require(learner.fit(sparse, target, weights: nil, context: FitContext()) as? LogisticModel)
      #expect(distance(try dense.probabilities(x), try other.probabilities(sparse)) < 1e-3)
    }
  }

  @Test func separableClassesWithoutPenaltyAreSaid() throws {
    let x = try FeatureMatrix(rows: 4, names: ["a"], values: [1, 2, 3, 4])
    let model = try #require(
      LogisticRegression(penalty: .none, iterations: 8).fit(
        x, .classes([0, 0, 1, 1], labels: ["no", "yes"]), weights: nil, context: FitContext()) as? LogisticModel)
    #expect(model.warnings.first?.contains("separable") == true)
  }

  @Test func classesThatDoNotOccurHaveNoShare() throws {
    let x = try FeatureMatrix(rows: 4, names: ["a"], values: [1, 2, 3, 4])
    let model = try #require(
      LogisticRegression().fit(x, .classes([0, 2, 0, 2], labels: ["a", "b", "c"]), weights: nil, context: FitContext())
        as? LogisticModel)
    let probabilities = try model.probabilities(x)
    #expect(probabilities.count == 12 && probabilities[1] == 0 && abs(probabilities[0] + probabilities[2] - 1) < 1e-12)
    let error = #expect(throws: LearnerError.self) {
      _ = try LogisticRegression(classWeights: .factors(["d": 2])).fit(
        x, .classes([0, 2, 0, 2], labels: ["a", "b", "c"]), weights: nil, context: FitContext())
    }
    #expect(error?.problem.contains("'d'") == true)
  }

  @Test func streamsLearnBatchByBatch() throws {
    let (x, target, codes) = try ReferenceData.classes("wine_scaled")
    var stream = try SGDClassifier().stream(featureNames: x.names, labels: ["c0", "c1", "c2"])
    for batch in 0..<120 {
      let rows = (0..<30).map { ($0 * 37 + batch * 11) % x.rows }
      try stream.partialFit(x.taking(rows), target.taking(rows), seed: 3)
    }
    let probabilities = try stream.classifier().probabilities(x)
    let right = codes.indices.filter { row in
      let shares = probabilities[row * 3..<(row + 1) * 3]
      return shares.max() == shares[shares.startIndex + codes[row]]
    }
    #expect(Double(right.count) / Double(x.rows) > 0.97)
    #expect(throws: LearnerError.self) { _ = try stream.regressor() }
    var numbers = try SGDRegressor().stream(featureNames: ["a"])
    let wild = try FeatureMatrix(rows: 2, names: ["a"], values: [1e200, -1e250])
    let error = #expect(throws: LearnerError.self) {
      for _ in 0..<50 { try numbers.partialFit(wild, .values([1, 2])) }
    }
    #expect(error?.problem.contains("diverged") == true)
  }

  @Test func theContractHolds() throws {
    for data in [try ContractData.classes(2), try ContractData.classes(3)] {
      try LearnerContract.hold(LogisticRegression(), on: data)
      try LearnerContract.hold(LogisticRegression(penalty: .l1, tolerance: 1e-10), on: data, tolerance: 1e-6)
      // Rows are drawn in a random order, and their number sets the steps.
      for loss in [SGDLoss.log, .hinge, .modifiedHuber] {
        try LearnerContract.hold(SGDClassifier(loss: loss, epochs: 8), on: data, excluding: [.repetition, .orderOfFit])
      }
    }
  }
}
