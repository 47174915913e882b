import Learners
import MartletCore
import Tables
import Testing

@Suite struct NaiveBayesLogisticTests {
  @Test func probabilitiesEqualScikitLearn() throws {
    let cases = try ReferenceData.read("learners_nb_logistic.json").arrayValue ?? []
    #expect(cases.count == 4)
    for entry in cases {
      let name = entry["set"]?.stringValue ?? ""
      let (all, target, codes) = try ReferenceData.classes(name)
      let classes = try Set(entry.numbers("classes").map { Int($0) })
      let rows = codes.indices.filter { classes.contains(codes[$0]) }
      let weights = try ReferenceData.weights(name)
      let own = entry["weighted"]?.boolValue == true ? rows.map { weights[$0] } : nil
      let x = all.taking(rows), probe = x.taking(Array(0..<12))
      let learner = try LearnerCatalogue.learner("nb_logistic", settings: entry["settings"] ?? .null)
      let model = try #require(learner.fit(x, target.taking(rows), weights: own, context: FitContext()) as? LogisticModel)
      #expect(model.warnings.isEmpty && model.kind == "nb_logistic")
      #expect(model.link == (classes.count == 2 ? .sigmoid : .oneVersusRest))
      func shares(_ model: LogisticModel, _ probe: FeatureMatrix) throws -> [Double] {
        let all = try model.probabilities(probe), width = model.labels.count
        return (0..<12).flatMap { row in classes.sorted().map { all[row * width + $0] } }
      }
      let apart = distance(try shares(model, probe), try entry.numbers("probabilities"))
      #expect(apart < 1e-5, "\(name) \(classes.count): \(apart)")
      let sparse = try #require(
        learner.fit(ReferenceData.sparse(x), target.taking(rows), weights: own, context: FitContext()) as? LogisticModel)
      let apartSparse = distance(try shares(sparse, ReferenceData.sparse(probe)), try entry.numbers("probabilities"))
      #expect(apartSparse < 1e-5, "\(name) \(classes.count), sparse: \(apartSparse)")
    }
  }

  @Test func theContractHolds() throws {
    for count in [2, 3] {
      let data = try ContractData.classes(count)
      func counts(_ x: FeatureMatrix) throws -> FeatureMatrix {
        try FeatureMatrix(rows: x.rows, names: x.names, values: x.denseValues().map { abs($0 * 3).rounded() })
      }
      let counted = try ContractData(x: counts(data.x), target: data.target, probe: counts(data.probe))
      try LearnerContract.hold(NaiveBayesLogistic(), on: counted, tolerance: 1e-6)
    }
  }

  @Test func badInputIsNamed() throws {
    let target = Target.classes([0, 1], labels: ["n", "y"])
    func problem(_ learner: NaiveBayesLogistic, _ values: [Double]) throws -> String {
      let error = #expect(throws: LearnerError.self) {
        let x = try FeatureMatrix(rows: 2, names: ["a"], values: values)
        _ = try learner.fit(x, target, weights: nil, context: FitContext())
      }
      return error?.problem ?? ""
    }
    #expect(try problem(NaiveBayesLogistic(), [-1, 2]).contains("'a' is -1"))
    #expect(try problem(NaiveBayesLogistic(alpha: 0), [1, 2]).contains("alpha"))
    #expect(try problem(NaiveBayesLogistic(c: -1), [1, 2]).contains("c is -1"))
    #expect(try problem(NaiveBayesLogistic(tolerance: 0), [1, 2]).contains("tolerance"))
    #expect(try problem(NaiveBayesLogistic(iterations: 0), [1, 2]).contains("iterations"))
    let early = try #require(
      NaiveBayesLogistic(iterations: 1).fit(
        FeatureMatrix(rows: 4, names: ["a", "b"], values: [5, 0, 3, 1, 0, 2, 1, 9]), .classes([0, 0, 1, 1], labels: ["n", "y"]),
        weights: nil, context: FitContext()) as? LogisticModel)
    #expect(early.warnings.first?.contains("'y'") == true)
  }
}
