import Charts
import MartletCore
import Testing

@testable import Evaluation

struct SliceTests {
  /// Features without meaning, but for rows with a = 1 and b = 2, which are wrong twice as often.
  static func planted(rows: Int = 6000, seed: UInt64, extra: Double = 0.3, features: Int = 6) -> ([GroupFeature], [Double]) {
    var random = KeyedRandom(seed: seed, purpose: "planted slices")
    let codes = (0..<features).map { _ in (0..<rows).map { _ in Int(random.next(upperBound: UInt64(4))) } }
    let losses = (0..<rows).map { row in random.bernoulli(0.15 + (codes[0][row] == 1 && codes[1][row] == 2 ? extra : 0)) ? 1.0 : 0 }
    let all = codes.enumerated().map { index, codes in GroupFeature("f\(index)", values: codes.map { "v\($0)" }) }
    return (all, losses)
  }

  @Test func plantedSliceIsFound() throws {
    let (features, losses) = Self.planted(seed: 1)
    let slices = try SliceFinder(features: features, losses: losses).worstSlices()
    let first = try #require(slices.first)
    #expect(first.name == "f0 = v1, f1 = v2")
    #expect(first.adjustedPValue < 1e-6)
    #expect(first.gap > 0.2)
    #expect(slices.count <= 2)
    let deep = try SliceFinder(features: features, losses: losses).worstSlices(SliceOptions(degree: 3))
    #expect(deep.first?.name == "f0 = v1, f1 = v2")
  }

  /// Where nothing is planted, a slice is told in at most about one of twenty data sets.
  @Test func chanceIsNotTold() throws {
    var told = 0
    for seed in 0..<60 {
      let (features, losses) = Self.planted(rows: 500, seed: UInt64(100 + seed), extra: 0, features: 4)
      if try !SliceFinder(features: features, losses: losses).worstSlices(SliceOptions(minimumEffect: 0)).isEmpty { told += 1 }
    }
    #expect(told <= 6, "\(told) of 60")
  }

  @Test func numericLossesToo() throws {
    let (features, wrong) = Self.planted(seed: 2)
    var random = KeyedRandom(seed: 3, purpose: "test")
    let losses = wrong.map { $0 * 2 + random.uniform() }
    #expect(try SliceFinder(features: features, losses: losses).worstSlices().first?.name == "f0 = v1, f1 = v2")
  }

  @Test func smallSlicesAreLeftOut() throws {
    let feature = GroupFeature("g", values: (0..<100).map { $0 < 5 ? "few" : "many" })
    let losses = (0..<100).map { $0 < 5 ? 1.0 : 0 }
    #expect(try SliceFinder(features: [feature], losses: losses).worstSlices().isEmpty)
    #expect(try SliceFinder(features: [feature], losses: losses).worstSlices(SliceOptions(minimumRows: 5)).first?.rows == 5)
  }

  @Test func treeSaysWhere() throws {
    let (features, losses) = Self.planted(seed: 4)
    let analysis = try ErrorAnalysis(features: features, losses: losses)
    #expect(analysis.tree.rules.first?.conditions.sorted() == ["f0 is v1", "f1 is v2"])
    #expect(analysis.tree.rules.reduce(0) { $0 + $1.rows } == losses.count)
    #expect(abs(analysis.tree.rules.reduce(0) { $0 + $1.share } - 1) < 1e-9)
    #expect(analysis.table.rows.count == analysis.slices.count)
    #expect(try JSON.decode(ErrorAnalysis.self, from: JSON.encode(analysis), source: "memory") == analysis)
  }

  @Test func metricsOfGroupsAndIntersections() throws {
    let (features, losses) = Self.planted(rows: 2000, seed: 5)
    let truth = losses.map { _ in 1 }, predicted = losses.map { $0 == 1 ? 0 : 1 }
    let slices = try SliceMetrics(
      truth: truth, predicted: predicted, classes: 2, features: Array(features.prefix(2)), degree: 2, minimumRows: 50,
      options: IntervalOptions(resamples: 50))
    #expect(slices.rows.count == 1 + 8 + 16 - slices.tooSmall)
    let found = try #require(slices.rows.first { $0.name == "f0 = v1, f1 = v2" })
    #expect((found.adjustedPValue ?? 1) < 0.001)
    let rows = losses.indices.filter { features[0].codes[$0] == 1 && features[1].codes[$0] == 2 }
    #expect(found.rows == rows.count)
    #expect(abs((found.metrics["accuracy"]?.value ?? 0) - (1 - rows.reduce(0) { $0 + losses[$1] } / Double(rows.count))) < 1e-12)
    #expect(slices.table.rows.count == slices.rows.count)
    let numbers = try SliceMetrics(
      truth: losses, predicted: losses.map { _ in 0 }, features: [features[0]], options: IntervalOptions(resamples: 20))
    #expect(numbers.rows.count == 5)
  }

  @Test func numbersBecomeGroups() {
    let feature = GroupFeature("age", numbers: (0..<100).map { Double($0) } + [.nan], bins: 4)
    #expect(feature.labels == ["< 25", "25 to < 50", "50 to < 75", "≥ 75", "(missing)"])
    #expect(feature.codes[24] == 0 && feature.codes[25] == 1 && feature.codes[99] == 3 && feature.codes[100] == 4)
    #expect(GroupFeature("flag", numbers: [0, 1, 1, 0]).labels == ["0", "1"])
    #expect(GroupFeature("same", numbers: [2, 2, 2, 3, 4, 5, 6], bins: 3).codes.first == 0)
    #expect(GroupFeature("empty", numbers: [.nan, .nan]).labels == ["(missing)"])
  }
}
