import Tables
import Testing

@testable import Profiling

@Suite struct SplitCheckTests {
  private func people(_ ids: Range<Int>, _ change: (Int) -> (Double, String)) throws -> Table {
    let values = ids.map(change)
    return try Table([
      Column("id", ids.map { Int64($0) }), Column("age", values.map(\.0)), Column("y", values.map { Optional($0.1) }),
    ])
  }

  @Test func sameRowsAreFoundOnBothSides() throws {
    let training = try people(0..<100) { (Double($0) / 3, $0 % 2 == 0 ? "a" : "b") }
    // The first is the row of id 5 under another id, the second has another answer, the third is new.
    let test = try people(1000..<1003) { $0 == 1000 ? (5.0 / 3, "b") : $0 == 1001 ? (2, "b") : (1000, "a") }
    let check = try SplitCheck.compare(training: training, test: test, target: "y")
    #expect(check.ignored == ["id"] && check.exactCount == 0)
    #expect(check.near == [.init(training: 5, test: 0)] && check.conflicts == [.init(training: 6, test: 1)])
    #expect(check.share == 2.0 / 3)
    let same = try SplitCheck.compare(training: training, test: training.head(7), target: "y", limit: 2)
    #expect(same.exactCount == 7 && same.exact.count == 2 && same.nearCount == 0 && same.share == 1)
    let strict = try SplitCheck.compare(training: training, test: test, ignoring: [])
    #expect(strict.exactCount == 0 && strict.nearCount == 0)
    #expect(throws: TableError.self) { try SplitCheck.compare(training: training, test: test, target: "z") }
    #expect(throws: TableError.self) { try SplitCheck.compare(training: training, test: try Table([Column("other", [1.0])])) }
  }
}
