import Foundation
import MartletCore
import Testing

@testable import Tables

@Suite struct ChecksSummaryTests {
  private struct Fixtures: Decodable {
    struct ChiSquared: Decodable { let x: Double, degrees: Int, p: Double }
    struct Binomial: Decodable { let successes: Int, trials: Int, rate: Double, p: Double }
    struct Homogeneity: Decodable { let first: [Double], second: [Double], p: Double }
    struct Numbers: Decodable {
      let values: [Double], mean: Double, variance: Double, skewness: Double, shares: [Double], quantiles: [Double]
    }
    let chiSquared: [ChiSquared], binomial: [Binomial], homogeneity: [Homogeneity], moments: Numbers

    static func load() throws -> Fixtures {
      let path = try #require(Bundle.module.path(forResource: "checks", ofType: "json", inDirectory: "Fixtures"))
      return try JSON.decode(Fixtures.self, from: Data(contentsOf: URL(fileURLWithPath: path)), source: path)
    }
  }

  private func near(_ a: Double, _ b: Double, _ tolerance: Double = 1e-10) -> Bool {
    abs(a - b) <= tolerance * max(1e-200, abs(b)) || a == b
  }

  @Test func tailsAreScipys() throws {
    let fixtures = try Fixtures.load()
    for item in fixtures.chiSquared {
      let p = Probability.chiSquaredUpper(item.x, degrees: item.degrees)
      #expect(near(p, item.p, 1e-9), "chi-squared \(item.x), \(item.degrees): \(p), \(item.p)")
    }
    for item in fixtures.binomial where item.p > 1e-290 {
      let p = Probability.binomialUpper(item.successes, of: item.trials, rate: item.rate)
      #expect(near(p, item.p, 1e-7), "binomial \(item): \(p)")
    }
    #expect(fixtures.homogeneity.count >= 5)
    for item in fixtures.homogeneity { #expect(near(Homogeneity.pValue(item.first, item.second), item.p, 1e-9)) }
  }

  @Test func momentsAndQuantilesAreNumpys() throws {
    let numbers = try Fixtures.load().moments
    let summary = ColumnSummary(Column("x", numbers.values))
    #expect(near(summary.moments.mean, numbers.mean, 1e-13))
    #expect(near(summary.moments.variance, numbers.variance, 1e-12))
    #expect(near(summary.moments.skewness, numbers.skewness, 1e-11))
    for (got, wanted) in zip(summary.quantileSketch.quantiles(numbers.shares), numbers.quantiles) { #expect(near(got, wanted, 1e-14)) }
    // In pieces, as from a file that does not fit.
    var pieces = ColumnSummary(Column("x", Array(numbers.values[..<7])))
    pieces.merge(ColumnSummary(Column("x", Array(numbers.values[7..<300]))))
    pieces.merge(ColumnSummary(Column("x", Array(numbers.values[300...]))))
    #expect(near(pieces.moments.variance, numbers.variance, 1e-12) && near(pieces.moments.skewness, numbers.skewness, 1e-10))
    #expect(pieces.quantileSketch.quantiles(numbers.shares) == summary.quantileSketch.quantiles(numbers.shares))
    #expect(pieces.distinct == summary.distinct && pieces.rows == 500)
  }

  @Test func quantilesStayWithinTheirBound() {
    var sketch = QuantileSketch(capacity: 64), merged = QuantileSketch(capacity: 64)
    var random = KeyedRandom(seed: 1, purpose: "sketch")
    let values = (0..<20_000).map { _ in random.uniform() * random.uniform() }
    values.withUnsafeBufferPointer { sketch.add($0) }
    for start in stride(from: 0, to: 20_000, by: 3000) {
      var part = QuantileSketch(capacity: 64)
      Array(values[start..<min(start + 3000, 20_000)]).withUnsafeBufferPointer { part.add($0) }
      merged.merge(part)
    }
    let sorted = values.sorted()
    for one in [sketch, merged] {
      #expect(!one.isExact && one.rankError < 0.15 && one.count == 20_000)
      for share in [0.01, 0.1, 0.5, 0.77, 0.99] {
        let value = one.quantiles([share])[0]
        let rank = Double(sorted.count { $0 <= value }) / 20_000
        #expect(abs(rank - share) <= one.rankError + 1e-4, "\(share): \(rank), \(one.rankError)")
        #expect(abs(one.shares(atMost: [value])[0] - rank) <= one.rankError + 1e-4)
      }
    }
  }

  @Test func distinctValuesAreCountedThenEstimated() {
    let few = ColumnSummary(Column("x", (0..<5000).map { Double($0 % 1000) }))
    #expect(few.isDistinctExact && few.distinct == 1000)
    let capacity = ColumnSummary.Capacity(quantiles: 64, values: 256)
    let many = ColumnSummary(Column("x", (0..<60_000).map { Int64($0 % 30_000) }), capacity: capacity)
    #expect(!many.isDistinctExact && abs(many.distinct - 30_000) < 30_000 * 4 * DistinctEstimate.standardError)
    var half = ColumnSummary(Column("x", (0..<30_000).map { Int64($0) }), capacity: capacity)
    half.merge(ColumnSummary(Column("x", (20_000..<30_000).map { Int64($0) }), capacity: capacity))
    #expect(abs(half.distinct - 30_000) < 30_000 * 4 * DistinctEstimate.standardError && !half.isUnique)
    // Small sets that overflow only together.
    var left = ColumnSummary(Column("x", (0..<200).map { Int64($0) }), capacity: capacity)
    left.merge(ColumnSummary(Column("x", (100..<400).map { Int64($0) }), capacity: capacity))
    #expect(abs(left.distinct - 400) < 20)
  }

  @Test func aSingleRepetitionEndsUniqueness() {
    let capacity = ColumnSummary.Capacity(quantiles: 64, values: 256)
    func summary(_ values: [Int64]) -> ColumnSummary { ColumnSummary(Column("x", values), capacity: capacity) }
    let all = Array(Int64(0)..<20_000)
    #expect(summary(all).isUnique && !summary(all + [77]).isUnique && !summary(Array(repeating: 3, count: 5000)).isUnique)
    var merged = summary(Array(all[..<9000]))
    merged.merge(summary(Array(all[9000...])))
    #expect(merged.isUnique)
    merged.merge(summary([19_999, -1]))
    #expect(!merged.isUnique)
    // Numbers that no double can tell apart.
    let large = Column("x", [UInt64.max, UInt64.max - 1, 1 << 60, 1 << 60 + 1])
    #expect(Set(large.rowHashes()).count == 4 && ColumnSummary(large).distinct == 4)
    #expect(Column("x", [Int64(1) << 60]).rowHashes() == Column("x", [UInt64(1) << 60]).rowHashes())
  }

  @Test func frequentValuesSurvive() {
    var values: [String?] = []
    for i in 0..<20_000 { values.append(i % 4 == 0 ? "often" : i % 10 == 1 ? "sometimes" : "rare \(i)") }
    let summary = ColumnSummary(Column("x", values), capacity: .init(quantiles: 64, values: 100))
    let top = summary.values.top(2)
    #expect(top.map(\.value) == [.text("often"), .text("sometimes")])
    #expect(top[0].count <= 5000 && top[0].count + summary.values.undercount >= 5000)
  }

  @Test func typesAreLookedThrough() throws {
    let texts = ColumnSummary(Column("x", ["2013-01-31", "2014-12-01", nil, " 1.2.2015 "]))
    #expect(texts.text.pattern() == .date && texts.missing == 1 && texts.text.padded == 1)
    for (text, pattern) in [
      ("12", TextPattern.integer), ("-1,234.5", .number), ("1e-5", .number), ("12 %", nil), ("12%", .number),
      ("2013-01-31T10:00:00Z", .dateTime),
      ("2013-01-31 10:00", .dateTime), ("a@b.org", .email), ("https://x.y", .url), ("123e4567-e89b-12d3-a456-426614174000", .uuid),
      ("Yes", .boolean), ("2013-13-45", nil), ("a@b", nil), ("1.2.3.4", nil), ("--1", nil), ("", nil),
    ] as [(String, TextPattern?)] {
      #expect(ColumnSummary(Column("x", [text])).text.pattern() == pattern, "\(text)")
    }
    let numbers = ColumnSummary(Column("x", [1.0, .nan, nil, .infinity, -2.5, 0] as [Double?]))
    #expect(numbers.missing == 1 && numbers.notNumbers == 1 && numbers.infinite == 1 && numbers.zeros == 1 && numbers.negative == 1)
    #expect(numbers.missingRate == 1.0 / 3 && numbers.moments.count == 3 && !numbers.isWhole)
    let order = ColumnSummary(Column("t", microseconds: [1, 2, 2, nil, 9]))
    #expect(order.order.isIncreasing && !order.order.isStrict && order.order.last == 9)
    #expect(ColumnSummary(Column("b", [true, false, nil, true])).values.top(1) == [.init(value: .boolean(true), count: 2)])
    let saved = try JSON.decode(ColumnSummary.self, from: JSON.encode(texts), source: "test")
    #expect(saved.values.top(3) == texts.values.top(3) && saved.text == texts.text)
  }

  @Test func equalValuesHashAlike() throws {
    let names = ["a", "b", "a"]
    let text = Column("x", names.map(Optional.some))
    let codes = try Column("x", codes: [1, 0, 1], categories: ["b", "a"])
    #expect(text.rowHashes() == codes.rowHashes())
    #expect(Column("x", [1, 2, -1] as [Int]).rowHashes() == Column("x", [1.0, 2, -1]).rowHashes())
    let table = try Table([Column("a", [1, 1, 2] as [Int]), Column("b", ["x", "x", "x"])])
    let hashes = try table.rowHashes()
    #expect(hashes[0] == hashes[1] && hashes[1] != hashes[2])
    #expect(try table.rowHashes(of: ["b"])[2] == table.rowHashes(of: ["b"])[0])
  }

  @Test func gapsAreFoundTogether() throws {
    let table = try Table([
      Column("a", [1, nil, nil, 4] as [Double?]), Column("b", ["x", nil, nil, nil]), Column("c", [1, 2, 3, 4] as [Int]),
    ])
    var summary = TableSummary(threads: 2)
    summary.add(table)
    summary.add(table)
    #expect(summary.rows == 8 && summary.missingPatterns.map(\.columns) == [["a", "b"], ["b"]])
    #expect(summary.missingPatterns.map(\.rows) == [4, 2])
  }

  @Test func nothingIsNoTrouble() throws {
    let empty = TableSummary(try Table([Column("a", [Double]()), Column("b", [String?]())]))
    #expect(empty.rows == 0 && empty.columns[0].missingRate == 0 && empty.columns[0].moments.mean.isNaN && empty.columns[1].distinct == 0)
    let blank = TableSummary(try Table([Column("a", [nil, nil] as [Double?])]))
    #expect(blank.columns[0].missingRate == 1 && blank.columns[0].quantileSketch.quantiles([0.5])[0].isNaN)
  }
}
