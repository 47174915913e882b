import Learners
import MartletCore
import Tables
import Testing

@Suite struct BayesTests {
  @Test func probabilitiesEqualScikitLearn() throws {
    let cases = try ReferenceData.read("learners_bayes.json").arrayValue ?? []
    #expect(cases.count > 24)
    for entry in cases {
      let name = entry["set"]?.stringValue ?? "", kind = entry["kind"]?.stringValue ?? ""
      let (x, target, _) = try ReferenceData.classes(name)
      let weights = entry["weighted"]?.boolValue == true ? try ReferenceData.weights(name) : nil
      let learner = try LearnerCatalogue.learner(kind, settings: entry["settings"] ?? .null)
      let expected = try entry.numbers("probabilities")
      let model = try #require(learner.fit(x, target, weights: weights, context: FitContext()) as? any FittedClassifier)
      let probe = x.taking(Array(0..<expected.count / model.labels.count))
      #expect(distance(try model.probabilities(probe), expected) < 1e-10, "\(kind) \(name) \(String(describing: entry["settings"]))")
      let sparse = try #require(
        learner.fit(ReferenceData.sparse(x), target, weights: weights, context: FitContext()) as? any FittedClassifier)
      #expect(distance(try sparse.probabilities(ReferenceData.sparse(probe)), expected) < 1e-10, "\(kind) sparse")
    }
  }

  @Test func theContractHolds() throws {
    let data = try ContractData.classes(3)
    try LearnerContract.hold(GaussianNaiveBayes(), on: data)
    try LearnerContract.hold(BernoulliNaiveBayes(), on: data)
    func mapped(_ x: FeatureMatrix, _ change: (Double) -> Double) throws -> FeatureMatrix {
      try FeatureMatrix(rows: x.rows, names: x.names, values: x.denseValues().map(change))
    }
    let counts = try ContractData(
      x: mapped(data.x) { abs($0 * 3).rounded() }, target: data.target, probe: mapped(data.probe) { abs($0 * 3).rounded() })
    for learner in [MultinomialNaiveBayes(), ComplementNaiveBayes(), CategoricalNaiveBayes()] as [any Learner] {
      try LearnerContract.hold(learner, on: counts)
    }
  }

  @Test func missingAndUnknownCategoriesSayNothing() throws {
    let x = try FeatureMatrix(rows: 4, names: ["colour"], values: [0, 0, 1, 1], levels: [0: 2])
    let model = try #require(
      CategoricalNaiveBayes().fit(x, .classes([0, 0, 1, 1], labels: ["a", "b"]), weights: nil, context: FitContext())
        as? any FittedClassifier)
    let probe = try FeatureMatrix(rows: 3, names: ["colour"], values: [.nan, 7, 0])
    let shares = try model.probabilities(probe)
    #expect(distance(Array(shares.prefix(4)), [0.5, 0.5, 0.5, 0.5]) < 1e-12 && shares[4] > 0.7)
  }

  @Test func badInputIsNamed() throws {
    let x = try FeatureMatrix(rows: 2, names: ["a"], values: [-1, 2])
    let target = Target.classes([0, 1], labels: ["n", "y"])
    let error = #expect(throws: LearnerError.self) {
      _ = try MultinomialNaiveBayes().fit(x, target, weights: nil, context: FitContext())
    }
    #expect(error?.problem.contains("-1") == true)
    #expect(throws: LearnerError.self) { _ = try CategoricalNaiveBayes().fit(x, target, weights: nil, context: FitContext()) }
    let constant = try FeatureMatrix(rows: 4, names: ["a"], values: [1, 1, 1, 1])
    #expect(throws: LearnerError.self) {
      _ = try GaussianNaiveBayes().fit(
        constant, .classes([0, 1, 0, 1], labels: ["n", "y"]), weights: nil, context: FitContext())
    }
    #expect(throws: LearnerError.self) {
      _ = try GaussianNaiveBayes(priors: ["n": 0.9]).fit(
        FeatureMatrix(rows: 4, names: ["a"], values: [1, 2, 3, 4]), .classes([0, 1, 0, 1], labels: ["n", "y"]), weights: nil,
        context: FitContext())
    }
  }
}
