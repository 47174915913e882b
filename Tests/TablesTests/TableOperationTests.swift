import Foundation
import MartletCore
import Testing
import Torch

@testable import Tables

extension ArrowTests {
  /// Sorting, joining and grouping, as pandas computes them.
  @Suite struct TableOperationTests {
    let relations: [String: Any]

    init() throws { relations = try TableFixtures.json("relations.json") as? [String: Any] ?? [:] }

    /// Rows in an order that does not matter, numbers as doubles.
    private func rows(_ table: Table) throws -> [String] {
      (0..<table.rowCount).map { row in table.columns.map { Self.text($0.value(row)) }.joined(separator: "|") }.sorted()
    }

    private static func text(_ value: TableValue) -> String {
      switch value {
      case .integer(let whole): String(Double(whole))
      case .number(let number): String(number)
      case .text(let text): text
      default: "-"
      }
    }

    private func expected(_ name: String) -> [String] {
      let list = (relations["joins"] as? [String: Any])?[name] as? [[Any]] ?? []
      return list.map { row in row.map { Self.text(TableFixtures.value($0, "float64")) }.joined(separator: "|") }.sorted()
    }

    @Test(arguments: JoinKind.allCases) func joins(_ kind: JoinKind) throws {
      let left = try TableFixtures.table(relations["left"]), right = try TableFixtures.table(relations["right"])
      let joined = try left.joined(right, on: ["id"], rightKeys: ["key"], kind: kind)
      #expect(!expected(kind.rawValue).isEmpty)
      #expect(try rows(joined) == expected(kind.rawValue))
      // Categories and narrower numbers meet the same rows.
      let other = try right.setting(right.column("key").cast(to: .int16)).setting(right.column("letter").cast(to: .categorical))
      #expect(try rows(left.joined(other, on: ["id"], rightKeys: ["key"], kind: kind)) == expected(kind.rawValue))
    }

    @Test func joinsOnTwoKeys() throws {
      let left = try TableFixtures.table(relations["left"]), right = try TableFixtures.table(relations["right"])
      let joined = try left.joined(right, on: ["id", "letter"], rightKeys: ["key", "letter"])
      #expect(joined.columnNames == ["id", "letter", "x", "x_right"])
      #expect(try rows(joined) == expected("two_keys"))
      #expect(throws: TableError.self) { try left.joined(right, on: ["id"], rightKeys: ["letter"]) }
      #expect(throws: TableError.self) { try left.joined(right, on: ["absent"]) }
      let none = try left.slice(0..<0).joined(right, on: ["id"], rightKeys: ["key"], kind: .right)
      #expect(none.rowCount == right.rowCount)
    }

    @Test func groups() throws {
      let numbers = try TableFixtures.table(relations["numbers"])
      let wanted = TableFixtures.columns((relations["groups"] as? [String: Any])?["columns"])
      let functions: [AggregateFunction] = [
        .count, .sum, .mean, .min, .max, .standardDeviation, .variance, .median, .quantile(0.3), .distinctCount,
      ]
      let grouped = try numbers.grouped(
        by: ["g"],
        functions.map { Aggregate($0, of: "v", as: $0.name) } + [
          Aggregate(.first, of: "t", as: "first"), Aggregate(.last, of: "t", as: "last"), Aggregate(.sum, of: "n"),
        ])
      #expect(grouped.columnNames == wanted.map(\.name))
      for (column, other) in zip(grouped.columns, wanted) {
        for row in 0..<column.count {
          switch (column.value(row), other.values[row]) {
          case (.number(let a), .number(let b)): #expect(abs(a - b) < 1e-12, "\(column.name) \(row)")
          case (.number(let a), .integer(let b)): #expect(a == Double(b), "\(column.name) \(row)")
          case (let a, let b): #expect(a == b, "\(column.name) \(row)")
          }
        }
      }
      let lists = try numbers.grouped(by: ["g"], [Aggregate(.list, of: "n")])
      #expect(lists.columns[1].value(0) == .list([.integer(3), .integer(1), .integer(2), .integer(3)]))
      let whole = try numbers.grouped(by: [], [Aggregate(.count, as: "rows"), Aggregate(.max, of: "t")])
      #expect(whole.values == [[.integer(10)], [.text("y")]])
      #expect(try numbers.slice(0..<0).grouped(by: ["g"], [Aggregate(.sum, of: "v")]).rowCount == 0)
      #expect(throws: TableError.self) { try numbers.grouped(by: ["g"], [Aggregate(.mean, of: "t")]) }
      #expect(throws: TableError.self) { try AggregateFunction("average") }
      #expect(try AggregateFunction("quantile_0.9") == .quantile(0.9))
    }

    @Test func sortsStablyMissingLast() throws {
      let numbers = try TableFixtures.table(relations["numbers"])
      let indexed = try numbers.setting(Column("row", Array(0..<10)))
      let sorted = try indexed.sorted(by: [.descending("v"), "n"])
      #expect(try sorted.column("row").integers() == (relations["sorted"] as? [Int] ?? []).map(Optional.some))
      #expect(try numbers.sorted(by: ["g"]).column("g").texts().last == .some(nil))
      let distinct = try numbers.distinct(by: ["g"])
      #expect(try distinct.column("n").integers() == [3, 1, 4, 5])
      #expect(try numbers.valueCounts("g").values[1] == [.integer(4), .integer(2), .integer(2), .integer(2)])
      let described = try numbers.selecting(["v", "n"]).described()
      let wanted = relations["described"] as? [String: [Double]] ?? [:]
      for (row, name) in ["v", "n"].enumerated() {
        for (place, column) in ["mean", "std", "min", "25%", "50%", "75%", "max"].enumerated() {
          #expect(abs(try described.column(column).numbers()[row] - (wanted[name]?[place + 1] ?? .nan)) < 1e-12)
        }
      }
    }

    @Test func samplesByKey() throws {
      let table = try Table([Column("x", Array(0..<1000))])
      let first = try table.sampled(100, seed: 4)
      #expect(first.rowCount == 100)
      #expect(try first.values == table.sampled(100, seed: 4).values)
      #expect(try first.values != table.sampled(100, seed: 5).values)
      #expect(Set(first.values[0]).count == 100)
      #expect(try Set(table.shuffled(seed: 1).values[0]) == Set(table.values[0]))
    }

    @Test func concatenatesAndWidens() throws {
      let a = try Table([Column("x", [1, 2]), Column("y", ["p", nil])])
      let b = try Table([try Column("y", codes: [0], categories: ["q"]), Column("x", [0.5])])
      let both = try Table.concatenating([a, b])
      #expect(both.values == [[.number(1), .number(2), .number(0.5)], [.text("p"), .missing, .text("q")]])
      let c = try Table([Column("x", ["seven"])])
      #expect(throws: TableError.self) { try Table.concatenating([a, c]) }
      #expect(try Table.concatenating([a, c], fillsMissingColumns: true).values[0] == [.text("1"), .text("2"), .text("seven")])
      #expect(ColumnType.int8.promoted(with: .uint8) == .int16)
      #expect(ColumnType.uint64.promoted(with: .int8) == .float64)
      #expect(ColumnType.boolean.promoted(with: .int8) == .text)
    }

    @Test func tensors() throws {
      let before = Arrow.liveObjects
      let table = try Table.ofAllTypes(10, missing: false)
      let column = try table.column("float32").slice(2..<6)
      let tensor = try column.tensor()
      #expect(try tensor.dtype == .float32 && tensor.array(of: Float.self) == [2, 3, 4, 5].map { Float($0) / 3 })
      let address = try tensor.withUnsafeBytes { $0.baseAddress }
      #expect(address == column.storage.values + 2 * 4)
      #expect(try table.column("boolean").tensor(dtype: .float32).array(of: Float.self)[0...3] == [1, 0, 0, 1])
      let matrix = try table.tensor(columns: ["int16", "float64"], dtype: .float64)
      #expect(matrix.shape == [10, 2])
      #expect(try matrix.array(of: Double.self)[2...3] == [-8, 1.0 / 7 - 1])
      #expect(throws: TableError.self) { try table.tensor() }
      let gaps = try Table([Column("x", [1.5, nil])])
      #expect(throws: TableError.self) { try gaps.tensor() }
      #expect(try gaps.tensor(missing: -1).array(of: Float.self) == [1.5, -1])
      #expect(Arrow.liveObjects == before)
    }
  }
}
