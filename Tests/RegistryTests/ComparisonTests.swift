import Bundles
import DatabaseTesting
import Foundation
import MartletCore
import Registry
import Testing

@Suite struct ComparisonTests {
  @Test(arguments: TestDatabase.allCases) func everythingThatDiffersIsListed(_ kind: TestDatabase) throws {
    try withRegistry(kind) { registry, folder in
      let a = try registry.register(
        sampleBundle(
          in: folder, weights: "12345",
          metrics: ["accuracy": MetricSummary(0.90, lower: 0.89, upper: 0.91, level: 0.95, higherIsBetter: true), "old": MetricSummary(1)],
          configuration: ["layers": [["width": 32], ["width": 64]], "dropout": 0.1], lineage: Lineage(seed: 1)))
      let b = try registry.register(
        sampleBundle(
          in: folder, weights: "1234567",
          metrics: ["accuracy": MetricSummary(0.95, lower: 0.94, upper: 0.96, level: 0.95, higherIsBetter: true), "new": MetricSummary(1)],
          configuration: ["layers": [["width": 32], ["width": 128]], "warmup": 5, "dropout": 0.1],
          lineage: Lineage(seed: 2, libraries: ["libtorch": "2.13.0"]), labels: ["boot", "coat"]))
      let comparison = try registry.compare(a, b)
      #expect(comparison.metrics.map(\.name) == ["accuracy", "new", "old"])
      #expect(comparison.metrics.map(\.verdict) == [.better, .unknown, .unknown])
      #expect(comparison.configuration.map(\.path) == ["layers[1].width", "warmup"])
      #expect(comparison.configuration[0].first == 64 && comparison.configuration[0].second == 128)
      #expect(comparison.configuration[1].first == nil && comparison.configuration[1].second == 5)
      #expect(comparison.lineage.map(\.path) == ["libraries", "libraries.libtorch", "seed"])
      #expect(comparison.labels.map(\.path) == ["[1]"])
      #expect(comparison.signature == [])
      #expect(comparison.sizeDifference == b.size - a.size)
      #expect(try registry.compare(b, a).metrics.map(\.verdict) == [.worse, .unknown, .unknown])
      let same = try registry.compare(a, a)
      #expect(same.configuration.isEmpty && same.lineage.isEmpty && same.labels.isEmpty && same.sizeDifference == 0)
      #expect(same.metrics.allSatisfy { $0.verdict == .same })
      let text = try JSON.encode(comparison)
      #expect(try JSON.decode(Comparison.self, from: text, source: "test").configuration == comparison.configuration)
    }
  }

  /// 0.9 [0.88, 0.91] against 0.8 [0.77, 0.82] by the published formula: √(0.02² + 0.02²) below, √(0.01² + 0.03²) above.
  @Test func theIntervalOfADifferenceFollowsMover() throws {
    let difference = MetricDifference(
      name: "a", first: MetricSummary(0.8, lower: 0.77, upper: 0.82, level: 0.95),
      second: MetricSummary(0.9, lower: 0.88, upper: 0.91, level: 0.95))
    let lower = try #require(difference.lower), upper = try #require(difference.upper)
    let expectedLower = 0.1 - 0.0008.squareRoot(), expectedUpper = 0.1 + 0.0010.squareRoot()
    #expect(abs(lower - expectedLower) < 1e-12)
    #expect(abs(upper - expectedUpper) < 1e-12)
    // Nobody said which direction is good.
    #expect(difference.verdict == .unknown)
  }

  @Test(arguments: [
    (true, 0.5, 0.9, MetricDifference.Verdict.better), (true, 0.9, 0.5, .worse), (false, 0.5, 0.9, .worse), (false, 0.9, 0.5, .better),
    (true, 0.50, 0.52, .unclear), (true, 0.5, 0.5, .same),
  ])
  func verdictsNeedADirectionAndAnInterval(_ higher: Bool, _ a: Double, _ b: Double, _ verdict: MetricDifference.Verdict) {
    func summary(_ value: Double) -> MetricSummary {
      MetricSummary(value, lower: value - 0.05, upper: value + 0.05, level: 0.95, higherIsBetter: higher)
    }
    #expect(MetricDifference(name: "a", first: summary(a), second: summary(b)).verdict == verdict)
  }

  @Test func withoutAnIntervalNothingIsClaimed() {
    let first = MetricSummary(1, higherIsBetter: true), second = MetricSummary(2, higherIsBetter: true)
    #expect(MetricDifference(name: "a", first: first, second: second).verdict == .unclear)
    #expect(MetricDifference(name: "a", first: first, second: MetricSummary(.nan)).difference == nil)
    #expect(MetricDifference(name: "a", first: first, second: MetricSummary(2, higherIsBetter: false)).verdict == .unknown)
    // Intervals of two levels do not go together.
    let narrow = MetricSummary(1, lower: 0.9, upper: 1.1, level: 0.9), wide = MetricSummary(2, lower: 1.9, upper: 2.1, level: 0.99)
    #expect(MetricDifference(name: "a", first: narrow, second: wide).lower == nil)
  }
}
