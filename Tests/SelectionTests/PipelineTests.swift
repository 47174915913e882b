import Evaluation
import Learners
import MartletCore
import Recipes
import Tables
import Testing

@testable import Selection

/// Rows of two classes that a line divides, and a column of noise; deterministic.
func rows(_ count: Int, seed: UInt64 = 1) throws -> Table {
  var random = KeyedRandom(seed: seed, purpose: "rows")
  var x: [Double] = [], noise: [Double] = [], colour: [String?] = [], label: [String?] = [], value: [Double] = []
  for _ in 0..<count {
    let a = random.uniform(in: -1...1), b = random.uniform(in: -1...1)
    x.append(a)
    noise.append(b)
    colour.append(a + 0.5 * b > 0.2 ? "red" : random.bernoulli(0.5) ? "green" : "blue")
    label.append(random.uniform() < (a > 0 ? 0.9 : 0.1) ? "yes" : "no")
    value.append(3 * a + 0.1 * b)
  }
  return try Table([
    Column("x", x), Column("noise", noise), Column("colour", colour).cast(to: .categorical), Column("label", label), Column("value", value),
  ])
}

@Suite struct PipelineTests {
  private func part(_ count: Int = 200) throws -> TrainingPart { TrainingPart(all: try rows(count).dropping(["value"])) }

  private var logistic: Pipeline {
    Pipeline(LogisticRegression(), recipe: Recipe([StandardScale(), OneHot()]))
  }

  @Test func thePositiveClassIsLast() throws {
    let target = try TargetColumn(part(), column: "label", task: .classification, positive: "no")
    #expect(target.labels == ["yes", "no"])
    guard case .classes(let classes, let labels) = try target.target(of: part().table) else { return }
    let texts = try part().table.column("label").texts()
    #expect(zip(classes, texts).allSatisfy { labels[$0] == $1 })
    // Probabilities stand in that order, whatever order the learner has.
    let fitted = try logistic.fit(part(), target: target)
    guard case .probabilities(let shares, let order) = try fitted.predict(part().table) else { return }
    let usual = try TargetColumn(part(), column: "label", task: .classification)
    guard case .probabilities(let others, _) = try logistic.fit(part(), target: usual).predict(part().table) else { return }
    #expect(order == ["yes", "no"] && usual.labels == ["no", "yes"])
    #expect((0..<200).allSatisfy { shares[$0 * 2] == others[$0 * 2 + 1] })
  }

  @Test func foldsLearnAnew() throws {
    let part = try part()
    let target = try TargetColumn(part, column: "label", task: .classification)
    guard case .classes(let classes, _) = try target.target(of: part.table) else { return }
    let splits = try FoldPlan(.stratified, folds: 4, seed: 3).splits(rows: 200, labels: classes)
    let validation = PipelineValidation(part, target: target, splits: splits, context: FitContext(seed: 1, threads: 1))
    let bad = Pipeline(LogisticRegression(), recipe: Recipe([Drop(columns: .named("nothing"))]), name: "bad")
    let results = try validation.measure([logistic, bad])
    let summary = try #require(results[0].summary)
    #expect(summary.folds.count == 4 && (summary.metrics["auc"]?.value ?? 0) > 0.8)
    #expect(results[0].outOfFold?.rows.count == 200)
    #expect(results[1].problem?.contains("nothing") == true && results[1].summary == nil)
    // Out of fold means: the first fold's rows were predicted by a model of the other folds.
    let division = try Split(part.table, training: splits[0].training, test: splits[0].test)
    let own = try logistic.fit(division.training, target: target, context: FitContext(seed: 1, threads: 1))
    guard case .probabilities(let shares, _) = try own.predict(division.test.table) else { return }
    let all = try #require(results[0].outOfFold).values
    for (place, row) in splits[0].test.enumerated() { #expect(all[row * 2 + 1] == shares[place * 2 + 1]) }

    let comparison = try CandidateComparison(results, metric: "auc")
    #expect(comparison.best == 0 && comparison.rows[1].score == nil && comparison.rows[0].test == nil)
    #expect(throws: ArgumentError.self) { try CandidateComparison([results[1]], metric: "auc") }
    #expect(throws: ArgumentError.self) { try CandidateComparison(results, metric: "aucc") }
  }

  @Test func crossValidationIsTheSameAtAnyNumberOfThreads() throws {
    let part = try part(600)
    let target = try TargetColumn(part, column: "label", task: .classification)
    guard case .classes(let classes, _) = try target.target(of: part.table) else { return }
    let splits = try FoldPlan(.stratified, folds: 3, seed: 3).splits(rows: 600, labels: classes)
    let trees = Recipe([Ordinal()])
    let pipelines = [
      logistic, Pipeline(LogisticRegression(), recipe: Recipe([StandardScale(), OneHot()]), balance: try Balance("smote")),
      Pipeline(try LearnerCatalogue.learner("random_forest", settings: ["trees": 6]), recipe: trees),
      Pipeline(try LearnerCatalogue.learner("boosting", settings: ["rounds": 6]), recipe: trees),
    ]
    /// Everything but how long it took.
    struct Found: Encodable {
      let name: String
      let folds: [[String: Double]]
      let metrics: [String: Estimate]
      let predictions: [Double]
    }
    let digests = try [1, 2, 2].map { threads in
      let validation = PipelineValidation(part, target: target, splits: splits, context: FitContext(seed: 9, threads: threads))
      let found = try validation.measure(pipelines).map { result in
        let summary = try #require(result.summary, "\(result.problem ?? "")")
        return Found(
          name: result.name, folds: summary.folds.map(\.metrics), metrics: summary.metrics, predictions: result.outOfFold?.values ?? [])
      }
      return Digest.sha256(try JSON.encode(found))
    }
    #expect(Set(digests).count == 1)
  }

  @Test func balanceTouchesTrainingRowsOnly() throws {
    let part = try part()
    let target = try TargetColumn(part, column: "label", task: .classification)
    let sampled = Pipeline(LogisticRegression(), recipe: Recipe([StandardScale(), OneHot()]), balance: try Balance("random-under"))
    #expect(sampled.name == "logistic + random-under")
    let fitted = try sampled.fit(part, target: target)
    #expect(try fitted.predict(part.table).rows == 200)
    #expect(try Balance("class-weights") == .classWeights(.balanced))
    #expect(try Balance("smote", settings: ["neighbours": 3]).name == "smote")
    #expect(throws: (any Error).self) { try Balance("smoote") }
  }

  @Test func numbersAreJudgedAsNumbers() throws {
    let part = TrainingPart(all: try rows(150).dropping(["label", "colour"]))
    let target = try TargetColumn(part, column: "value", task: .regression)
    #expect(target.labels == nil)
    let splits = try FoldPlan(folds: 3).splits(rows: 150)
    let results = try PipelineValidation(part, target: target, splits: splits).measure([Pipeline(Ridge(), recipe: Recipe([]))])
    #expect((results[0].summary?.metrics["r2"]?.value ?? 0) > 0.9)
  }

  @Test func nestedFoldsAndCurves() async throws {
    let part = try part(120)
    let target = try TargetColumn(part, column: "label", task: .classification)
    let splits = try FoldPlan(folds: 3).splits(rows: 120)
    let validation = PipelineValidation(part, target: target, splits: splits, context: FitContext(seed: 1, threads: 1))
    let nested = try validation.nested([logistic], metric: "accuracy", inner: FoldPlan(folds: 2))
    #expect(nested.count == 3 && nested.allSatisfy { $0.score > 0.5 && $0.chosen == "logistic" })
    let curve = try await validation.learningCurve(logistic, metric: "accuracy", sizes: [0.5, 1])
    #expect(curve.places.count == 2)
    let fitted = try logistic.fit(part, target: target)
    let importance = try await fitted.importance(
      on: part.table, target: target, metric: "auc", repeats: 2, threads: 1)
    #expect(Set(importance.features.map(\.name)) == ["x", "noise", "colour"])
    #expect(importance.features.first?.name == "x")
  }

  @Test func recipesSuitTheirLearner() throws {
    let features = try rows(50).dropping(["label", "value"])
    #expect(AutomaticRecipe.recipe(for: "boosting", features: features, hasTarget: true) == Recipe([Ordinal(columns: .named(["colour"]))]))
    let linear = AutomaticRecipe.recipe(for: "logistic", features: features, hasTarget: true)
    #expect(linear.steps.map(\.name) == [SimpleImputer.name, StandardScale.name, OneHot.name])
  }

  @Test func calibrationMakesSharesHonest() throws {
    // Twice as sure as is right: temperature brings it back.
    var random = KeyedRandom(seed: 5, purpose: "calibration")
    var probabilities: [Double] = [], truth: [Int] = []
    for _ in 0..<2000 {
      let honest = random.uniform(in: 0.05...0.95)
      let odds = honest / (1 - honest), sure = odds * odds / (1 + odds * odds)
      probabilities += [1 - sure, sure]
      truth.append(random.bernoulli(honest) ? 1 : 0)
    }
    let before = try Metrics.logLoss(truth: truth, probabilities: probabilities, classes: 2)
    for method in CalibrationMethod.allCases {
      let calibration = ProbabilityCalibration(method, probabilities: probabilities, truth: truth, classes: 2)
      let after = calibration.applied(to: probabilities)
      #expect(try Metrics.logLoss(truth: truth, probabilities: after, classes: 2) < before, "\(method)")
      let again = try JSON.decode(ProbabilityCalibration.self, from: JSON.encode(calibration), source: "x")
      #expect(again.applied(to: probabilities) == after)
    }
  }
}
