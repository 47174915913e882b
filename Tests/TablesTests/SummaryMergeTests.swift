import Foundation
import MartletCore
import Testing

@testable import Tables

/// Summaries of parts are put together to that of the whole.
@Suite struct SummaryMergeTests {
  private func table(_ rows: Range<Int>) throws -> Table {
    try Table([
      Column("a", rows.map { $0 % 3 == 0 ? nil : Double($0) } as [Double?]),
      Column("b", rows.map { $0 % 6 == 0 ? nil : "word \($0 % 5)" } as [String?]),
      Column("key", rows.map { Int64($0) }),
    ])
  }

  @Test func partsAreTheWhole() throws {
    let whole = TableSummary(try table(0..<6000))
    var merged = TableSummary(try table(0..<2500))
    merged.merge(TableSummary(try table(2500..<6000)))
    #expect(merged.rows == 6000)
    #expect(merged.missingPatterns == whole.missingPatterns)
    let gaps: Set<[String]> = [["a"], ["a", "b"]]
    #expect(Set(whole.missingPatterns.map(\.columns)) == gaps)
    for (one, other) in zip(merged.columns, whole.columns) {
      #expect(one.name == other.name && one.missing == other.missing && one.rows == other.rows)
      #expect(one.moments.minimum == other.moments.minimum || one.moments.count == 0)
      #expect(abs(one.distinct - other.distinct) <= 0.05 * other.distinct)
      #expect(one.isUnique == other.isUnique, "\(one.name)")
    }
  }

  @Test func columnsInAnotherOrderKeepTheirGaps() throws {
    let rows = try table(0..<60)
    var merged = TableSummary(rows)
    merged.merge(TableSummary(try rows.selecting(["key", "b", "a"])))
    #expect(merged.rows == 120)
    let gaps: Set<[String]> = [["a"], ["a", "b"]]
    #expect(Set(merged.missingPatterns.map { $0.columns.sorted() }) == gaps)
    let once = TableSummary(rows).missingPatterns.reduce(0) { $0 + $1.rows }
    #expect(merged.missingPatterns.reduce(0) { $0 + $1.rows } == 2 * once)
    #expect(merged.column("key")?.isUnique == false)
  }

  @Test func aColumnThatOnlyOneHasIsKept() throws {
    var merged = TableSummary(try table(0..<10))
    merged.merge(TableSummary(try Table([Column("new", [1.0, 2.0])])))
    #expect(merged.rows == 12 && merged.column("new")?.rows == 2)
  }

  @Test func sizesAreKnownWithoutReading() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-size-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try AtomicFile.write(Data(repeating: 65, count: 100), to: folder + "/a.csv")
    try AtomicFile.write(Data(repeating: 65, count: 10), to: folder + "/b.csv.gz")
    let size = try TableSize([folder])
    #expect(size.stored == 110 && size.unpacked == 150)
    #expect(throws: FileError.self) { try TableSize([folder + "/none.csv"]) }
  }
}
