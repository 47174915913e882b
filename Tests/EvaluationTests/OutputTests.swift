import MartletCore
import Testing

@testable import Evaluation

@Suite struct OutputTests {
  @Test func severalOutputsAreScikitLearns() throws {
    let cases = try Fixture.read("outputs")["outputs"]?.list ?? []
    var compared = 0
    for one in cases {
      let outputs = try #require(one["outputs"]?.intValue)
      let truth = one["truth"]?.doubles ?? [], guess = one["guess"]?.doubles ?? []
      for value in one["values"]?.list ?? [] {
        let weights = value["weighted"]?.boolValue == true ? one["weights"]?.doubles : nil
        let name = value["metric"]?.stringValue ?? ""
        let metric = try #require(RegressionMetric(name: name))
        let raw = try Metrics.regression(metric, truth: truth, predicted: guess, outputs: outputs, weights: weights)
        let known = value["raw"]?.doubles ?? []
        #expect(raw.count == known.count && zip(raw, known).allSatisfy { Fixture.agree($0, $1, 1e-11) }, "\(name) \(raw) \(known)")
        for (average, key) in [
          (OutputAverage.uniform, "uniform"), (.weights(one["shares"]?.doubles ?? []), "shares"), (.variance, "variance"),
        ] {
          guard let expected = value[key] else { continue }
          let mine = try Metrics.regression(
            metric, truth: truth, predicted: guess, outputs: outputs, average: average, weights: weights)
          #expect(Fixture.agree(mine, Fixture.number(expected), 1e-11), "\(name) \(key) \(mine) \(expected)")
          compared += 1
        }
      }
    }
    #expect(compared == 192)
  }

  @Test func wrongOutputsAreNamed() {
    #expect(throws: MetricError.self) { try Metrics.regression(.r2, truth: [1, 2, 3], predicted: [1, 2, 3], outputs: 2) }
    #expect(throws: MetricError.self) { try Metrics.regression(.r2, truth: [1], predicted: [1], outputs: 0) }
    #expect(throws: MetricError.self) {
      try Metrics.regression(.meanSquaredError, truth: [1, 2], predicted: [1, 2], outputs: 1, average: .variance)
    }
    #expect(throws: MetricError.self) {
      try Metrics.regression(.r2, truth: [1, 2], predicted: [1, 2], outputs: 2, average: .weights([1]))
    }
  }

  @Test func biclustersAreScikitLearns() throws {
    let cases = try Fixture.read("outputs")["biclusters"]?.list ?? []
    #expect(cases.count == 5)
    for one in cases {
      func set(_ value: JSONValue?) throws -> Biclusters {
        let parts = value?.list ?? []
        return try Biclusters(rows: parts[0].list.map(\.bools), columns: parts[1].list.map(\.bools))
      }
      let (first, second) = (try set(one["first"]), try set(one["second"]))
      let score = try first.consensus(with: second)
      #expect(Fixture.agree(score, Fixture.number(one["score"]), 1e-12))
      #expect(try Fixture.agree(second.consensus(with: first), score, 1e-12))
      #expect(try Fixture.agree(first.consensus(with: first), 1, 1e-12))
    }
    #expect(throws: MetricError.self) { try Biclusters(rows: [], columns: []) }
    #expect(throws: MetricError.self) { try Biclusters(rows: [[true]], columns: [[true], [true]]) }
    let (small, wide) = (try Biclusters(rows: [[true]], columns: [[true]]), try Biclusters(rows: [[true, true]], columns: [[true]]))
    #expect(throws: MetricError.self) { try small.consensus(with: wide) }
  }

  @Test func theBestPairsAreThoseOfAllPermutations() throws {
    var random = KeyedRandom(seed: 4, purpose: "assignment")
    for size in 1...5 {
      let gains = (0..<size).map { _ in (0..<size).map { _ in random.uniform() } }
      func best(_ row: Int, _ left: Set<Int>) -> Double {
        left.map { gains[row][$0] + (left.count > 1 ? best(row + 1, left.subtracting([$0])) : 0) }.max() ?? 0
      }
      let pairs = Assignment.best(gains)
      #expect(Set(pairs.map(\.0)).count == size && Set(pairs.map(\.1)).count == size)
      #expect(abs(pairs.reduce(0) { $0 + gains[$1.0][$1.1] } - best(0, Set(0..<size))) < 1e-12)
    }
  }
}
