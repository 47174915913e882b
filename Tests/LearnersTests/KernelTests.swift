import Learners
import MartletCore
import Tables
import Testing

@Suite struct KernelTests {
  @Test func machinesEqualScikitLearn() throws {
    let cases = try ReferenceData.read("learners_kernel.json").arrayValue ?? []
    #expect(cases.count == 20)
    for entry in cases {
      let kind = entry["kind"]?.stringValue ?? "", name = entry["set"]?.stringValue ?? ""
      let learner = try LearnerCatalogue.learner(kind, settings: entry["settings"] ?? .null)
      let expected = try entry.numbers("decision")
      let (x, y) = try ReferenceData.table(name)
      let decision: [Double]
      if kind == "svm" {
        let target = try ReferenceData.classes(name).target
        let model = try #require(
          learner.fit(x, target, weights: nil, context: FitContext()) as? SupportVectorClassifierModel)
        decision = try model.decision(x.taking(Array(0..<8)))
        let classes = try entry.numbers("classes").map { Int($0) }
        let same = zip(try model.votes(x), classes).filter { $0 == $1 }.count
        #expect(same == classes.count, "\(name): \(same) of \(classes.count)")
      } else {
        let model = try learner.fit(x, .values(y), weights: nil, context: FitContext())
        let probe = x.taking(Array(0..<8))
        decision =
          try (model as? any FittedRegressor)?.predict(probe) ?? (model as? any FittedAnomalyDetector)?.anomalyScores(probe) ?? []
      }
      let apart = distance(decision, expected)
      #expect(apart < 2e-3, "\(kind) \(name) \(String(describing: entry["settings"])): \(apart)")
    }
  }

  @Test func probabilitiesAreCalibrated() throws {
    let (x, target, codes) = try ReferenceData.classes("wine_scaled")
    let model = try #require(
      try SupportVectorClassifier().fit(x, target, weights: nil, context: FitContext(seed: 1)) as? SupportVectorClassifierModel)
    let classes = try model.classes(x)
    #expect(zip(classes, codes).filter { $0 == $1 }.count >= codes.count - 3)
    let shares = try model.probabilities(x)
    let sure = codes.indices.map { shares[$0 * 3 + codes[$0]] }.reduce(0, +) / Double(codes.count)
    #expect(sure > 0.85 && sure < 1)
  }

  @Test func sparseRowsGiveTheSameMachine() throws {
    let (x, target, _) = try ReferenceData.classes("digits")
    let learner = SupportVectorClassifier(calibrates: false)
    let dense = try #require(learner.fit(x, target, weights: nil, context: FitContext()) as? SupportVectorClassifierModel)
    let sparse = try ReferenceData.sparse(x)
    let other = try #require(learner.fit(sparse, target, weights: nil, context: FitContext()) as? SupportVectorClassifierModel)
    #expect(distance(try dense.decision(x), try other.decision(sparse)) < 1e-9)
  }

  @Test func theContractHolds() throws {
    // libsvm stops at a tolerance: rows in another order end elsewhere within it.
    for classes in [2, 3] {
      try LearnerContract.hold(
        SupportVectorClassifier(calibrates: false, tolerance: 1e-8), on: .classes(classes), tolerance: 1e-5)
    }
    // Folds are drawn at random.
    try LearnerContract.hold(SupportVectorClassifier(), on: .classes(3), excluding: [.repetition, .orderOfFit])
    try LearnerContract.hold(SupportVectorRegressor(tolerance: 1e-8), on: .numbers(), tolerance: 1e-5)
    try LearnerContract.hold(OneClassSVM(nu: 0.2, tolerance: 1e-8), on: .unlabelled(), tolerance: 1e-4, excluding: [.repetition])
  }

  @Test func weightsThatAreNoRepetitionsAreRefused() throws {
    let x = try FeatureMatrix(rows: 4, names: ["a"], values: [1, 2, 3, 4])
    let error = #expect(throws: LearnerError.self) {
      _ = try SupportVectorRegressor().fit(x, .values([1, 2, 3, 4]), weights: [0.3, 1, 1, 1], context: FitContext())
    }
    #expect(error?.remedy?.contains("class_weights") == true)
    #expect(throws: LearnerError.self) {
      _ = try SupportVectorClassifier(gamma: .value(-1)).fit(
        x, .classes([0, 0, 1, 1], labels: ["a", "b"]), weights: nil, context: FitContext())
    }
  }
}
