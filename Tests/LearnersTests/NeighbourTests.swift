import Foundation
import Learners
import MartletCore
import Tables
import Testing

@Suite struct NeighbourTests {
  @Test func holdsTheContract() throws {
    let learners = [
      Neighbours(neighbours: 3), Neighbours(neighbours: 4, voting: .distance, metric: .manhattan), Neighbours(radius: 2.5),
      Neighbours(metric: .cosine), Neighbours(metric: .minkowski, power: 2.5), Neighbours(metric: .chebyshev),
    ]
    for learner in learners {
      try LearnerContract.hold(learner, on: .classes(3))
      try LearnerContract.hold(learner, on: .numbers())
    }
    try LearnerContract.hold(Neighbours(search: .approximate), on: .classes(2))
    // Repeated rows change what the neighbours of a row are: the learner's weights say only which rows are there.
    try LearnerContract.hold(LocalOutlierFactor(neighbours: 5), on: .unlabelled(), excluding: [.repetition])
    try LearnerContract.hold(LocalOutlierFactor(neighbours: 5, contamination: 0.1), on: .unlabelled(), excluding: [.repetition])
  }

  private func parts(_ name: String) throws -> (train: [Int], probe: [Int], x: FeatureMatrix) {
    let x = try TreeFixtures.features(name)
    return ((0..<x.rows).filter { $0 % 3 != 0 }, (0..<x.rows).filter { $0 % 3 == 0 }, x)
  }

  @Test(arguments: ["iris", "wine"], NeighbourMetric.allCases)
  func sharesAreTheReferences(_ name: String, _ metric: NeighbourMetric) throws {
    guard metric != .chebyshev else { return }
    let (train, probe, x) = try parts(name), target = try TreeFixtures.classes(name)
    for voting in [Neighbours.Voting.uniform, .distance] {
      let learner = Neighbours(neighbours: 7, voting: voting, metric: metric)
      let fitted = try learner.fit(x.taking(train), target.taking(train), weights: nil, context: FitContext())
      let outcome = try LearnerContract.outcome(fitted, x.taking(probe))
      let expected = try TreeFixtures.numbers("\(name).\(metric.rawValue).\(voting.rawValue)")
      // Of rows equally far away the reference takes any.
      let apart = zip(outcome, expected).filter { abs($0 - $1) > 1e-9 }.count
      #expect(apart <= (name == "iris" ? 6 : 0), "\(apart)")
    }
  }

  @Test func regressionIsTheReferences() throws {
    let (train, probe, x) = try parts("diabetes"), target = try TreeFixtures.values("diabetes")
    for voting in [Neighbours.Voting.uniform, .distance] {
      let fitted = try Neighbours(voting: voting).fit(x.taking(train), target.taking(train), weights: nil, context: FitContext())
      let expected = try TreeFixtures.numbers("diabetes.\(voting.rawValue)")
      #expect(zip(try LearnerContract.outcome(fitted, x.taking(probe)), expected).allSatisfy { abs($0 - $1) < 1e-6 })
    }
  }

  @Test func aRadiusIsTheReferences() throws {
    for (name, radius) in [("iris", 1.0), ("wine", 60)] {
      let (train, probe, x) = try parts(name), target = try TreeFixtures.classes(name)
      let fitted = try Neighbours(radius: radius).fit(x.taking(train), target.taking(train), weights: nil, context: FitContext())
      let outcome = try LearnerContract.outcome(fitted, x.taking(probe)), expected = try TreeFixtures.numbers("\(name).radius")
      // Rows without neighbours get the shares of all rows here, a label that was asked for there.
      for row in probe.indices where outcome[row * 3..<row * 3 + 3].max() ?? 0 > 0.41 {
        for place in row * 3..<row * 3 + 3 { #expect(abs(outcome[place] - expected[place]) < 1e-9) }
      }
    }
  }

  @Test(arguments: ["iris", "wine"]) func outlierFactorsAreTheReferences(_ name: String) throws {
    let (train, probe, x) = try parts(name)
    let fitted = try #require(
      LocalOutlierFactor(neighbours: 10).fit(x.taking(train), .values([]), weights: nil, context: FitContext()) as? LocalOutlierFactorModel)
    func compare(_ outcome: [Double], _ expected: [Double]) {
      // Rows of iris are equally far from many others, of which the reference takes any.
      let apart = zip(outcome, expected).filter { abs($0 - $1) > 1e-10 * max(1, abs($1)) }.count
      #expect(outcome.count == expected.count && apart <= (name == "iris" ? outcome.count / 2 : 0), "\(apart)")
      #expect(zip(outcome, expected).allSatisfy { abs($0 - $1) < 0.2 })
    }
    compare(fitted.trainingScores, try TreeFixtures.numbers("\(name).lof.False"))
    compare(try fitted.anomalyScores(x.taking(probe)), try TreeFixtures.numbers("\(name).lof.True"))
  }

  @Test func manyRowsAreFoundExactly() throws {
    // More rows than take the shortcut of a matrix product, on a grid, where ties abound and single precision errs.
    var values: [Double] = []
    for row in 0..<400 { values += [1e4 + Double(row % 20), Double(row / 20) * 1.000_000_1, Double(row % 3) * 1e-6] }
    let x = try FeatureMatrix(rows: 400, names: ["a", "b", "c"], values: values)
    let target = Target.values((0..<400).map { Double(1 << ($0 % 40)) })
    for metric in [NeighbourMetric.euclidean, .cosine] {
      let fitted = try Neighbours(neighbours: 7, metric: metric).fit(x, target, weights: nil, context: FitContext())
      let together = try LearnerContract.outcome(fitted, x)
      let alone = try (0..<400).flatMap { try LearnerContract.outcome(fitted, x.taking([$0])) }
      #expect(together == alone)
    }
  }

  @Test func approximateSearchSaysWhatItFinds() throws {
    let x = try TreeFixtures.features("digits"), target = try TreeFixtures.classes("digits")
    let rows = Array(0..<600)
    let learner = Neighbours(search: .approximate)
    let fitted = try #require(learner.fit(x.taking(rows), target.taking(rows), weights: nil, context: FitContext()) as? NeighbourClassifier)
    #expect(try fitted.recall() > 0.97)
    let exact = try #require(
      Neighbours().fit(x.taking(rows), target.taking(rows), weights: nil, context: FitContext()) as? NeighbourClassifier)
    #expect(try exact.recall() == 1)
    let probe = x.taking(Array(600..<800))
    let agreement = zip(try fitted.probabilities(probe), try exact.probabilities(probe)).filter { abs($0 - $1) < 1e-9 }.count
    #expect(agreement > 1900)
  }

  @Test func oddWishesAreRefused() throws {
    let data = try ContractData.classes(2)
    let wrong: [(Neighbours, String)] = [
      (Neighbours(neighbours: 0), "neighbours"), (Neighbours(neighbours: 1000), "1000"), (Neighbours(radius: -1), "radius"),
      (Neighbours(power: 0.5), "power"), (Neighbours(metric: .manhattan, search: .approximate), "manhattan"),
      (Neighbours(radius: 1, search: .approximate), "radius"), (Neighbours(search: .approximate, links: 1), "links"),
    ]
    for (learner, name) in wrong {
      let error = #expect(throws: LearnerError.self) { try learner.fit(data.x, data.target, weights: nil, context: FitContext()) }
      #expect(error?.description.contains(name) == true)
    }
    let error = #expect(throws: LearnerError.self) {
      try LocalOutlierFactor(neighbours: 60).fit(data.x, .values([]), weights: nil, context: FitContext())
    }
    #expect(error?.description.contains("60") == true)
    let hole = try FeatureMatrix(rows: 2, names: ["a"], values: [1, .nan])
    #expect(throws: LearnerError.self) {
      try Neighbours(neighbours: 1).fit(hole, .values([1, 2]), weights: nil, context: FitContext())
    }
  }
}
