import Learners
import MartletCore
import Tables
import Testing

@testable import Profiling

@Suite struct StatisticsTests {
  @Test func associationsArePandasAndScipys() throws {
    for pair in try Reference.load().associations {
      let x = pair.x.map { $0 ?? .nan }, y = pair.y.map { $0 ?? .nan }
      #expect(near(Association.pearson(x, y), pair.pearson))
      #expect(near(Association.spearman(x, y), pair.spearman))
      #expect(near(Association.cramersV(pair.a, pair.b), pair.cramersV))
      #expect(near(Association.mutualInformation(pair.a, pair.b), pair.mutualInformation))
      #expect(near(Association.correlationRatio(pair.complete.a, pair.complete.y), pair.correlationRatio))
    }
    #expect(Association.pearson([1, 1, 1], [1, 2, 3]).isNaN && Association.pearson([], []).isNaN)
    #expect(near(Association.spearman([1, 2, .nan], [3, 4, 5]), 1))
    #expect(Association.cramersV([0, 0], [0, 1]).isNaN && Association.mutualInformation([], []) == 0)
    #expect(Association.ranks([10, .nan, 5, 10]).map { $0.isNaN ? -1 : $0 } == [2.5, -1, 1, 2.5])
  }

  @Test func confidentLearningFollowsThePaper() throws {
    for item in try Reference.load().confident {
      let noise = try LabelNoise.estimate(
        item.given, probabilities: item.probabilities, labels: (0..<item.classes).map { "c\($0)" })
      #expect(zip(noise.thresholds, item.thresholds).allSatisfy { near($0, $1) })
      #expect(noise.confidentJoint == item.confidentJoint)
      #expect(zip(noise.joint.joined(), item.joint.joined()).allSatisfy { near($0, $1) })
      #expect(near(noise.rate, item.rate) && noise.issues.map(\.row) == item.issues)
      #expect(near((0..<item.classes).reduce(0.0) { $0 + noise.probability(true: $1, given: 0) }, 1))
    }
    #expect(throws: ArgumentError.self) { try LabelNoise.estimate([0], probabilities: [1], labels: ["a"]) }
    #expect(throws: ArgumentError.self) { try LabelNoise.estimate([2], probabilities: [1, 0], labels: ["a", "b"]) }
    #expect(throws: ArgumentError.self) { try LabelNoise.estimate([0], probabilities: [.nan, 0], labels: ["a", "b"]) }
    #expect(throws: ArgumentError.self) { try LabelNoise.estimate([0], probabilities: [1, 0, 0], labels: ["a", "b"]) }
  }

  @Test func localOutlierFactorsAreScikitLearns() throws {
    let item = try Reference.load().factors
    let x = try FeatureMatrix(rows: item.rows, names: ["a", "b", "c"], values: item.values)
    let fitted = try LocalOutlierFactor(neighbours: 10).fit(
      x, .values([Double](repeating: 0, count: item.rows)), weights: nil, context: FitContext(threads: 2))
    let factors = try #require(fitted as? LocalOutlierFactorModel).trainingScores
    #expect(zip(factors, item.factors).allSatisfy { near($0, $1, 1e-9) })
  }

  @Test func samplesDoNotDependOnPieces() throws {
    let table = try Table([
      Column("i", (0..<5000).map { Int64($0) }), Column("t", (0..<5000).map { $0 % 7 == 0 ? nil : "v\($0)" }),
      try Column("c", codes: (0..<5000).map { Int32($0 % 3) - 1 }, categories: ["a", "b"]),
      Column("x", (0..<5000).map { $0 % 5 == 0 ? nil : Double($0) / 2 }), Column("b", (0..<5000).map { Optional($0 % 2 == 0) }),
      Column("d", microseconds: (0..<5000).map { Int64($0) * 1_000_000 }),
    ])
    func sample(_ size: Int, limit: Int) throws -> (table: Table, rows: [Int]) {
      var sample = RowSample(limit: limit, seed: 3)
      for start in stride(from: 0, to: 5000, by: size) { try sample.add(table.slice(start..<min(start + size, 5000))) }
      return try sample.finish()
    }
    let whole = try sample(5000, limit: 100), pieces = try sample(77, limit: 100)
    #expect(whole.rows == pieces.rows && whole.rows.count == 100 && Set(whole.rows).count == 100)
    #expect(try whole.table.rowHashes() == pieces.table.rowHashes())
    #expect(try whole.table.rowHashes() == table.taking(whole.rows).rowHashes())
    #expect(try sample(300, limit: 9000).rows == Array(0..<5000))
    let middle = whole.rows.reduce(0, +) / 100
    #expect(middle > 1900 && middle < 3100)
  }
}
