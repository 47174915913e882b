import Foundation
import Learners
import MartletCore
import Tables
import Testing

@Suite struct LinearTests {
  @Test func linearModelsEqualScikitLearn() throws {
    let (x, y) = try ReferenceData.table("diabetes")
    let weights = try ReferenceData.weights("diabetes")
    let values = try x.denseValues(), p = x.columns
    let deficient = try FeatureMatrix(
      rows: x.rows, names: x.names + ["sum", "one"],
      values: (0..<x.rows).flatMap { row -> [Double] in
        let own = Array(values[row * p..<(row + 1) * p])
        return own + [own[0] + 2 * own[1], 1.0]
      })
    let cases = try ReferenceData.read("learners_linear.json")["linear"]?.arrayValue ?? []
    #expect(cases.count == 38)
    for entry in cases {
      let kind = entry["kind"]?.stringValue ?? ""
      let learner = try LearnerCatalogue.learner(kind, settings: entry["settings"] ?? .null)
      let isDeficient = entry["deficient"]?.boolValue == true
      let fitted = try learner.fit(
        isDeficient ? deficient : x, .values(y), weights: entry["weighted"]?.boolValue == true ? weights : nil,
        context: FitContext())
      let model = try #require(fitted as? LinearModel)
      var expected = try entry.numbers("coefficients")
      expected.append(entry["intercept"]?.doubleValue ?? .nan)
      let apart = distance(model.coefficients + [model.intercept], expected)
      let tolerance = ["linear": isDeficient ? 1e-8 : 1e-10, "ridge": 1e-9][kind] ?? 1e-6
      #expect(apart <= tolerance, "\(kind) \(String(describing: entry["settings"])): \(apart)")
      #expect(model.warnings.isEmpty != isDeficient, "\(model.warnings)")
    }
  }

  @Test func huberEqualsScikitLearn() throws {
    let (x, plain) = try ReferenceData.table("diabetes_scaled")
    let y = plain.indices.map { plain[$0] + ($0 % 20 == 0 ? 400 : 0) }
    for entry in try ReferenceData.read("learners_linear.json")["huber"]?.arrayValue ?? [] {
      let learner = HuberRegression(
        epsilon: entry["epsilon"]?.doubleValue ?? 0, alpha: entry["alpha"]?.doubleValue ?? 0, tolerance: 1e-11)
      let model = try #require(learner.fit(x, .values(y), weights: nil, context: FitContext()) as? LinearModel)
      var expected = try entry.numbers("coefficients")
      expected.append(entry["intercept"]?.doubleValue ?? .nan)
      let apart = distance(model.coefficients + [model.intercept], expected)
      #expect(apart < 1e-4, "\(apart)")
    }
  }

  @Test func pathAndChosenPenaltiesEqualScikitLearn() throws {
    let (all, y) = try ReferenceData.table("diabetes_scaled")
    let values = try all.denseValues()
    let x = try FeatureMatrix(
      rows: all.rows, names: Array(all.names.prefix(6)),
      values: (0..<all.rows).flatMap { values[$0 * all.columns..<$0 * all.columns + 6] })
    let entry = try #require(try ReferenceData.read("learners_linear.json")["path"])
    let alphas = try entry.numbers("alphas"), expected = try entry.numbers("coefficients")
    let path = try ElasticNet(mix: 0.7, tolerance: 1e-12).path(x, .values(y), alphas: alphas)
    for (place, step) in path.enumerated() {
      #expect(distance(step.model.coefficients, Array(expected[place * 6..<(place + 1) * 6])) < 1e-6)
    }
    let own = try ElasticNet(mix: 0.7).path(x, .values(y))
    #expect(abs(own[0].alpha / alphas[0] - 1) < 1e-9)
    #expect(own[0].model.coefficients.allSatisfy { abs($0) < 1e-6 })
    let (raw, target) = try ReferenceData.table("diabetes")
    let ridge = try #require(
      try Ridge(alpha: nil).fit(raw, .values(target), weights: nil, context: FitContext()) as? LinearModel)
    #expect(ridge.alpha == entry["ridge_alpha"]?.doubleValue)
  }

  @Test func sparseRowsGiveTheSameModel() throws {
    let (x, y) = try ReferenceData.table("digits")
    let sparse = try ReferenceData.sparse(x)
    let learners: [any Learner] = [
      Ridge(alpha: 3), Lasso(alpha: 0.1, tolerance: 1e-12), ElasticNet(alpha: 0.1, tolerance: 1e-12), LinearRegression(),
      PoissonRegression(tolerance: 1e-11),
    ]
    for learner in learners {
      let dense = try #require(learner.fit(x, .values(y), weights: nil, context: FitContext()) as? LinearModel)
      let other = try #require(learner.fit(sparse, .values(y), weights: nil, context: FitContext()) as? LinearModel)
      let apart = distance(try dense.predict(x), try other.predict(sparse))
      #expect(apart < 1e-6, "\(learner.kind): \(apart)")
    }
  }

  @Test func lassoChoosesItsPenaltyByCrossValidation() throws {
    let (x, y) = try ReferenceData.table("diabetes_scaled")
    let model = try #require(Lasso().fit(x, .values(y), weights: nil, context: FitContext(seed: 1)) as? LinearModel)
    let alpha = try #require(model.alpha)
    #expect(alpha > 0.01 && alpha < 20)
    #expect(model.coefficients.contains(0))
  }

  @Test func standardErrorsEqualStatsmodels() throws {
    let entry = try #require(try ReferenceData.read("learners_linear.json")["estimates"])
    let (x, y) = try ReferenceData.table("diabetes_scaled")
    let (all, target, _) = try ReferenceData.classes("cancer_scaled")
    let values = try all.denseValues()
    let two = try FeatureMatrix(
      rows: all.rows, names: ["a", "b"],
      values: (0..<all.rows).flatMap { [values[$0 * all.columns], values[$0 * all.columns + 1]] })
    let results = [
      ("linear", try LinearRegression().estimates(x, .values(y))), ("logistic", try LogisticRegression().estimates(two, target)),
    ]
    for (name, lines) in results {
      let expected = try #require(entry[name])
      #expect(distance(lines.map(\.value), try expected.numbers("values")) < 1e-7)
      #expect(distance(lines.map(\.standardError), try expected.numbers("errors")) < 1e-7)
      #expect(distance(lines.map(\.pValue), try expected.numbers("p")) < 1e-8)
      #expect(distance(lines.map(\.low), try expected.numbers("low")) < 1e-6)
      #expect(distance(lines.map(\.high), try expected.numbers("high")) < 1e-6)
    }
    #expect(lines(results, "linear") == ["intercept"] + x.names)
    let same = try FeatureMatrix(rows: 4, names: ["a", "b"], values: [1, 1, 2, 2, 3, 3, 5, 5])
    #expect(throws: LearnerError.self) { _ = try LinearRegression().estimates(same, .values([1, 2, 3, 4])) }
  }

  private func lines(_ results: [(String, [CoefficientEstimate])], _ name: String) -> [String] {
    results.first { $0.0 == name }?.1.map(\.name) ?? []
  }

  @Test func badInputIsNamed() throws {
    let x = try FeatureMatrix(rows: 3, names: ["a", "b"], values: [1, 2, 3, .nan, 5, 6])
    let error = #expect(throws: LearnerError.self) {
      _ = try LinearRegression().fit(x, .values([1, 2, 3]), weights: nil, context: FitContext())
    }
    #expect(error?.problem.contains("'b'") == true && error?.problem.contains("row 1") == true)
    let fine = try FeatureMatrix(rows: 1, names: ["a"], values: [1])
    let one = try #require(try LinearRegression().fit(fine, .values([4]), weights: nil, context: FitContext()) as? LinearModel)
    #expect(try one.predict(fine) == [4])
    let categories = try FeatureMatrix(rows: 2, names: ["colour"], values: [0, 2], levels: [0: 3])
    let refused = #expect(throws: LearnerError.self) {
      _ = try Ridge().fit(categories, .values([1, 2]), weights: nil, context: FitContext())
    }
    #expect(refused?.problem.contains("colour") == true)
    #expect(throws: LearnerError.self) {
      _ = try LearnerCatalogue.learner("lasso", settings: ["alpha": -1]).fit(fine, .values([4]), weights: nil, context: FitContext())
    }
    let constant = try #require(
      try Lasso().fit(
        FeatureMatrix(rows: 6, names: ["a"], values: [1, 2, 3, 4, 5, 6]), .values([2, 2, 2, 2, 2, 2]), weights: nil,
        context: FitContext())
        as? LinearModel)
    #expect(constant.coefficients == [0] && abs(constant.intercept - 2) < 1e-12)
  }

  @Test func theContractHolds() throws {
    let numbers = try ContractData.numbers()
    try LearnerContract.hold(LinearRegression(), on: numbers)
    try LearnerContract.hold(Ridge(), on: numbers)
    try LearnerContract.hold(Lasso(alpha: 0.05, tolerance: 1e-13), on: numbers, tolerance: 1e-6)
    try LearnerContract.hold(ElasticNet(alpha: 0.05, tolerance: 1e-13), on: numbers, tolerance: 1e-6)
    try LearnerContract.hold(HuberRegression(tolerance: 1e-10), on: numbers, tolerance: 1e-6)
    try LearnerContract.hold(PoissonRegression(tolerance: 1e-10), on: .numbers(positive: true), tolerance: 1e-6)
    // Rows are drawn in a random order, and their number sets the steps.
    try LearnerContract.hold(SGDRegressor(epochs: 10), on: numbers, excluding: [.repetition, .orderOfFit])
    // Folds are drawn at random.
    try LearnerContract.hold(Lasso(folds: 2, tolerance: 1e-4), on: .numbers(rows: 30, columns: 3), excluding: [.repetition, .orderOfFit])
  }
}
