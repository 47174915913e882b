import Learners
import MartletCore
import Tables
import Testing

@Suite struct DecisionTreeTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let learner: DecisionTree
    var testDescription: String { name }
  }

  static let cases: [Case] = {
    var cases: [Case] = []
    for name in ["iris", "wine", "cancer"] {
      for depth in [2, 3, 5] {
        cases.append(Case(name: "\(name).gini.\(depth)", learner: DecisionTree(maxDepth: depth)))
        cases.append(Case(name: "\(name).entropy.\(depth)", learner: DecisionTree(criterion: .entropy, maxDepth: depth)))
      }
      cases.append(Case(name: "\(name).full", learner: DecisionTree()))
      cases.append(Case(name: "\(name).pruned", learner: DecisionTree(pruning: 0.02)))
      if name != "cancer" { cases.append(Case(name: "\(name).leaf", learner: DecisionTree(minLeaf: 25))) }
      cases.append(Case(name: "\(name).leaves", learner: DecisionTree(maxLeaves: 6)))
      cases.append(Case(name: "\(name).decrease", learner: DecisionTree(minDecrease: 0.01)))
      cases.append(Case(name: "\(name).balanced", learner: DecisionTree(maxDepth: 3, classWeights: .balanced)))
      cases.append(Case(name: "\(name).weighted", learner: DecisionTree(maxDepth: 3)))
      cases.append(Case(name: "\(name).missing", learner: DecisionTree(maxDepth: 3)))
    }
    for depth in [2, 3] {
      cases.append(Case(name: "diabetes.squared_error.\(depth)", learner: DecisionTree(maxDepth: depth)))
      cases.append(Case(name: "diabetes.absolute_error.\(depth)", learner: DecisionTree(criterion: .absoluteError, maxDepth: depth)))
      cases.append(Case(name: "diabetes.poisson.\(depth)", learner: DecisionTree(criterion: .poisson, maxDepth: depth)))
    }
    cases.append(Case(name: "diabetes.leaf", learner: DecisionTree(minLeaf: 20)))
    cases.append(Case(name: "diabetes.leaves", learner: DecisionTree(maxLeaves: 8)))
    cases.append(Case(name: "diabetes.pruned", learner: DecisionTree(pruning: 60)))
    cases.append(Case(name: "diabetes.monotone", learner: DecisionTree(maxDepth: 4, minLeaf: 10, monotone: ["f2": 1])))
    return cases
  }()

  @Test("A tree over every threshold is the reference's", arguments: cases)
  func agreement(_ example: Case) throws {
    let set = String(example.name.prefix { $0 != "." })
    var x = try TreeFixtures.features(set)
    let target = try set == "diabetes" ? TreeFixtures.values(set) : TreeFixtures.classes(set)
    if example.name.hasSuffix("missing") {
      var values = try x.denseValues()
      for row in 0..<x.rows {
        if row % 4 == 1 { values[row * x.columns + 2] = .nan }
        if row % 7 == 3 { values[row * x.columns] = .nan }
      }
      x = try FeatureMatrix(rows: x.rows, names: x.names, values: values)
    }
    let weights = example.name.hasSuffix("weighted") ? (0..<x.rows).map { Double($0 % 3 + 1) } : nil
    let fitted = try example.learner.fit(x, target, weights: weights, context: FitContext())
    let outcome = try LearnerContract.outcome(fitted, x), width = outcome.count / x.rows
    // The last class says nothing new. Splits of equal gain are chosen by chance: the tree is to be one that the reference may grow.
    let own = (0..<x.rows).flatMap { row in outcome[row * width..<(row + 1) * width - (width > 1 ? 1 : 0)] }
    let trees = try #require(fitted as? any FittedTrees), shape = [Double(trees.depth), Double(trees.leafCount)]
    var farthest: [Int] = []
    for place in 0..<8 where try TreeFixtures.has("\(example.name)#\(place)") {
      let expected = try TreeFixtures.numbers("\(example.name)#\(place)")
      // Rounding of class weights lets the reference split leaves that are pure.
      let hasShape = try example.name.hasSuffix("balanced") || TreeFixtures.numbers("\(example.name)#\(place).shape") == shape
      let apart = zip(own, expected).filter { abs($0 - $1) > 1e-5 * max(1, abs($1)) }.count
      farthest.append(apart == 0 && !hasShape ? 1 : apart)
    }
    #expect(farthest.min() == 0, "rows apart from each of the reference's trees: \(farthest); own shape \(shape)")
  }

  @Test func importancesAreTheReferences() throws {
    let fitted = try DecisionTree(maxDepth: 3).fit(
      TreeFixtures.features("diabetes"), TreeFixtures.values("diabetes"), weights: nil, context: FitContext())
    let importances = try #require(fitted as? any FittedTrees).featureImportances
    for (own, expected) in zip(importances, try TreeFixtures.numbers("diabetes.importances")) { #expect(abs(own - expected) < 1e-9) }
  }

  @Test func holdsTheContract() throws {
    for learner in [DecisionTree(), DecisionTree(criterion: .entropy, maxDepth: 3), DecisionTree(features: .sqrt, maxLeaves: 5)] {
      try LearnerContract.hold(learner, on: .classes(3))
      try LearnerContract.hold(learner, on: .classes(2))
    }
    for learner in [
      DecisionTree(), DecisionTree(criterion: .absoluteError, maxDepth: 3), DecisionTree(maxDepth: 4, monotone: ["feature 0": 1]),
    ] {
      try LearnerContract.hold(learner, on: .numbers())
    }
    try LearnerContract.hold(DecisionTree(criterion: .poisson), on: .numbers(positive: true))
    try LearnerContract.hold(DecisionTree(pruning: 0.01, bins: 8), on: .classes(3))
  }

  @Test func categoriesAreSplitIntoSets() throws {
    // Codes without order: 0, 2, 5 are one class, 1, 3, 4 the other. One split does it.
    let codes = (0..<60).map { Double($0 % 6) }
    let x = try FeatureMatrix(rows: 60, names: ["city"], values: codes, levels: [0: 8])
    let target = Target.classes(codes.map { [0, 2, 5].contains($0) ? 0 : 1 }, labels: ["a", "b"])
    let fitted = try #require(DecisionTree().fit(x, target, weights: nil, context: FitContext()) as? TreeClassifier)
    #expect(fitted.leafCount == 2)
    #expect(try fitted.probabilities(x) == codes.flatMap { [0, 2, 5].contains($0) ? [1.0, 0] : [0, 1] })
    // A category of no row, one beyond all and a missing one go somewhere.
    let odd = try FeatureMatrix(rows: 3, names: ["city"], values: [7, 100, .nan], levels: [0: 8])
    #expect(try fitted.probabilities(odd).count == 6)
    #expect(try fitted.structure(ofTree: 0).leftCategories[0] == [0, 2, 5] || fitted.structure(ofTree: 0).leftCategories[0] == [1, 3, 4])
    let wrong = try FeatureMatrix(rows: 2, names: ["city"], values: [0, 1.5], levels: [0: 8])
    #expect(throws: LearnerError.self) { try DecisionTree().fit(wrong, target.taking([0, 1]), weights: nil, context: FitContext()) }
  }

  @Test func aConstantTargetGivesItself() throws {
    let x = try ContractData.numbers().x
    let fitted = try DecisionTree().fit(x, .values([Double](repeating: 0.1, count: 60)), weights: nil, context: FitContext())
    #expect(try LearnerContract.outcome(fitted, x).allSatisfy { $0 == 0.1 })
    let alone = try DecisionTree().fit(x.taking([4]), .values([7]), weights: nil, context: FitContext())
    #expect(try LearnerContract.outcome(alone, x).allSatisfy { $0 == 7 })
  }

  @Test func settingsOutOfRangeAreNamed() throws {
    let data = try ContractData.classes(2)
    let wrong: [(DecisionTree, String)] = [
      (DecisionTree(maxDepth: 0), "max-depth"), (DecisionTree(minSplit: 1), "min-split"), (DecisionTree(minLeaf: 0), "min-leaf"),
      (DecisionTree(features: .share(1.5)), "features"), (DecisionTree(maxLeaves: 1), "max-leaves"), (DecisionTree(pruning: -1), "pruning"),
      (DecisionTree(criterion: .poisson), "poisson"), (DecisionTree(monotone: ["feature 9": 1]), "feature 9"),
      (DecisionTree(bins: 1), "bins"),
    ]
    for (learner, name) in wrong {
      let error = #expect(throws: LearnerError.self) {
        try learner.fit(data.x, data.target, weights: nil, context: FitContext())
      }
      #expect(error?.description.contains(name) == true)
    }
  }
}
