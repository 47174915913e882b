import Foundation
import Learners
import MartletCore
import Tables
import Testing

@Suite struct EnsembleTests {
  @Test func adaBoostEqualsScikitLearn() throws {
    for entry in try ReferenceData.read("learners_ensembles.json")["adaboost"]?.arrayValue ?? [] {
      let (x, target, _) = try ReferenceData.classes(entry["set"]?.stringValue ?? "")
      let learner = AdaBoost(LogisticRegression(c: entry["c"]?.doubleValue ?? 0), members: 8, learningRate: 0.5)
      let model = try #require(learner.fit(x, target, weights: nil, context: FitContext()) as? EnsembleClassifier)
      let expected = try entry.numbers("probabilities")
      #expect(distance(try model.probabilities(x.taking(Array(0..<20))), expected) < 1e-6)
    }
  }

  @Test func votesAndMeansAreThoseOfTheMembers() throws {
    let (x, target, _) = try ReferenceData.classes("iris")
    let members: [any Learner] = [LogisticRegression(), GaussianNaiveBayes()]
    let parts = try members.map { try #require(try $0.fit(x, target, weights: nil, context: FitContext()) as? any FittedClassifier) }
    let soft = try #require(
      Voting(members, weights: [3, 1]).fit(x, target, weights: nil, context: FitContext()) as? any FittedClassifier)
    let (a, b) = (try parts[0].probabilities(x), try parts[1].probabilities(x))
    #expect(distance(try soft.probabilities(x), zip(a, b).map { 0.75 * $0 + 0.25 * $1 }) < 1e-12)
    let hard = try #require(
      Voting(members, vote: .hard, weights: [3, 1]).fit(x, target, weights: nil, context: FitContext()) as? any FittedClassifier)
    #expect(try hard.classes(x) == parts[0].classes(x))
    let (numbers, y) = try ReferenceData.table("diabetes")
    let mean = try #require(
      Voting([Ridge(), LinearRegression()]).fit(numbers, .values(y), weights: nil, context: FitContext()) as? any FittedRegressor)
    let ridge = try #require(Ridge().fit(numbers, .values(y), weights: nil, context: FitContext()) as? any FittedRegressor)
    let plain = try #require(LinearRegression().fit(numbers, .values(y), weights: nil, context: FitContext()) as? any FittedRegressor)
    #expect(distance(try mean.predict(numbers), zip(try ridge.predict(numbers), try plain.predict(numbers)).map { ($0 + $1) / 2 }) < 1e-9)
  }

  @Test func stackingSeesOnlyAnswersForRowsLeftOut() throws {
    // Targets that depend on nothing: a member that memorises would look perfect to a learner on top that sees its own rows' answers.
    var random = KeyedRandom(seed: 4, purpose: "noise")
    let x = try FeatureMatrix(rows: 80, names: ["a", "b"], values: (0..<160).map { _ in random.uniform() })
    let target = Target.classes((0..<80).map { _ in random.bernoulli(0.5) ? 1 : 0 }, labels: ["n", "y"])
    let model = try #require(
      Stacking([DecisionTree()]).fit(x, target, weights: nil, context: FitContext()) as? any FittedClassifier)
    let shares = try model.probabilities(x)
    #expect(shares.allSatisfy { $0 > 0.15 && $0 < 0.85 })
  }

  @Test func ensemblesBeatTheirMembers() throws {
    let (x, target, codes) = try ReferenceData.classes("digits")
    func accuracy(_ learner: any Learner) throws -> Double {
      let train = (0..<x.rows).filter { $0 % 3 != 0 }, test = (0..<x.rows).filter { $0 % 3 == 0 }
      let model = try #require(
        learner.fit(x.taking(train), target.taking(train), weights: nil, context: FitContext(seed: 3)) as? any FittedClassifier)
      let said = try model.classes(x.taking(test))
      return Double(zip(said, test).filter { $0 == codes[$1] }.count) / Double(test.count)
    }
    let tree = try accuracy(DecisionTree())
    #expect(try accuracy(Bagging(DecisionTree(), members: 15)) > tree)
    #expect(try accuracy(AdaBoost(DecisionTree(maxDepth: 4), members: 15)) > tree)
  }

  @Test func theContractHolds() throws {
    let classes = try ContractData.classes(3), two = try ContractData.classes(2), numbers = try ContractData.numbers()
    let quick = LogisticRegression()
    for vote in [Voting.Vote.soft, .hard] {
      try LearnerContract.hold(Voting([quick, GaussianNaiveBayes()], vote: vote), on: classes)
    }
    try LearnerContract.hold(Voting([Ridge(), LinearRegression()]), on: numbers)
    try LearnerContract.hold(OneVersusRest(quick), on: classes)
    try LearnerContract.hold(AdaBoost(quick, members: 3), on: two, tolerance: 1e-6)
    try LearnerContract.hold(AdaBoost(Ridge(), members: 3), on: numbers, tolerance: 1e-6)
    // Rows and folds are drawn at random.
    let random: Set<LearnerContract.Property> = [.repetition, .orderOfFit]
    try LearnerContract.hold(Bagging(quick, members: 3, features: 0.5), on: classes, excluding: random)
    try LearnerContract.hold(Bagging(Ridge(), members: 3, rows: 0.7, replaces: false), on: numbers, excluding: random)
    try LearnerContract.hold(AdaBoost(SupportVectorClassifier(calibrates: false), members: 2, draws: true), on: two, excluding: random)
    try LearnerContract.hold(Stacking([quick, GaussianNaiveBayes()], folds: 3, passesFeatures: true), on: classes, excluding: random)
    try LearnerContract.hold(Stacking([Ridge(), LinearRegression()], folds: 3), on: numbers, excluding: random)
    for method in CalibrationMethod.allCases {
      try LearnerContract.hold(CalibratedClassifier(GaussianNaiveBayes(), method: method, folds: 3), on: classes, excluding: random)
    }
    try LearnerContract.hold(CalibratedClassifier(GaussianNaiveBayes(), folds: 3, isSingle: true), on: two, excluding: random)
    try LearnerContract.hold(TunedThreshold(GaussianNaiveBayes(), folds: 3), on: two, excluding: random)
    let costs = [[0.0, 1, 1], [5, 0, 1], [1, 1, 0]]
    try LearnerContract.hold(TunedThreshold(GaussianNaiveBayes(), goal: .cost, costs: costs), on: classes)
  }

  @Test func badInputIsNamed() throws {
    let (x, target, _) = try ReferenceData.classes("iris")
    #expect(throws: LearnerError.self) { _ = try Voting([]).fit(x, target, weights: nil, context: FitContext()) }
    let error = #expect(throws: LearnerError.self) {
      _ = try Voting([Ridge()]).fit(x, target, weights: nil, context: FitContext())
    }
    #expect(error != nil)
    #expect(throws: LearnerError.self) { _ = try Stacking([Ridge()], folds: 1).fit(x, target, weights: nil, context: FitContext()) }
    let named = try LearnerCatalogue.learner("voting", settings: ["learners": ["logistic", ["gaussian_nb": ["smoothing": 0.1]]]])
    #expect((named as? Voting)?.learners.count == 2)
    #expect(throws: LearnerError.self) { _ = try LearnerCatalogue.learner("voting", settings: ["learners": ["logistik"]]) }
  }
}
