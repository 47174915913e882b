import Foundation
import MartletCore
import Testing

@testable import Tables

extension ArrowTests {
  /// Odd files, as pandas reads them.
  @Suite struct CSVReadTests {
    struct Case: CustomTestStringConvertible, Sendable {
      let file: String
      let options: TableReadOptions
      let columns: [(name: String, type: String, values: [TableValue])]
      var testDescription: String { file }
    }

    static let cases: [Case] = {
      let list = (try? TableFixtures.json("cases.json")) as? [[String: Any]] ?? []
      return list.compactMap { item in
        guard let data = try? JSONSerialization.data(withJSONObject: item["options"] ?? [:]),
          let options = try? JSONDecoder().decode(TableReadOptions.self, from: data)
        else { return nil }
        return Case(file: item["file"] as? String ?? "", options: options, columns: TableFixtures.columns(item["columns"]))
      }
    }()

    private func check(_ table: Table, _ expected: Case) {
      #expect(table.columnNames == expected.columns.map(\.name))
      for (column, wanted) in zip(table.columns, expected.columns) {
        #expect(column.type.description == wanted.type, "\(column.name)")
        #expect((0..<column.count).map { column.value($0) } == wanted.values, "\(column.name)")
      }
    }

    @Test func casesAreThere() { #expect(Self.cases.count >= 30) }

    @Test(arguments: cases) func readsAsPandasDoes(_ expected: Case) throws {
      check(try Table.read(TableFixtures.path(expected.file), options: expected.options), expected)
    }

    @Test(arguments: cases) func streamsTheSame(_ expected: Case) throws {
      let reader = try TableReader(TableFixtures.path(expected.file), options: expected.options, batchRows: 7)
      var tables: [Table] = []
      while let table = try reader.next() {
        #expect(table.rowCount <= 7)
        tables.append(table)
      }
      #expect(reader.fields.map(\.type.description) == expected.columns.map(\.type))
      check(try Table.concatenating(tables), expected)
    }

    @Test func `names come from headers alone`() throws {
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-names-\(UUID().uuidString)").path
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let text = "months,city,months\n" + (0..<300).map { "\($0 == 199 ? "1.5" : "\($0)"),Ulm,7\n" }.joined()
      try AtomicFile.write(Data(text.utf8), to: folder + "/a.csv")
      try Table([Column("city", ["Ulm"] as [String?]), Column("spend", [1.5])]).write(to: folder + "/b.parquet")
      let names = try TableReader.columnNames(of: [folder + "/a.csv", folder + "/b.parquet"])
      #expect(names.count == 4 && names[0] == "months" && names[1] == "city" && names[3] == "spend")
      let twice = try TableReader.repeatedNames(of: [folder + "/a.csv", folder + "/b.parquet"])
      #expect(twice.map(\.name) == ["months"] && twice.map(\.count) == [2])
    }

    private func message(_ name: String, _ options: TableReadOptions = TableReadOptions(), _ streamed: Bool = false) -> String {
      do {
        if streamed {
          let reader = try TableReader(TableFixtures.path(name), options: options)
          while try reader.next() != nil {}
        } else {
          _ = try Table.read(TableFixtures.path(name), options: options)
        }
        return "no error"
      } catch {
        return "\(error)".replacingOccurrences(of: TableFixtures.folder, with: "")
      }
    }

    @Test func namesWhatIsWrong() {
      #expect(message("empty.csv").contains("empty.csv: the file is empty"))
      #expect(message("absent.csv").contains("no such file"))
      for streamed in [false, true] {
        #expect(message("ragged.csv", TableReadOptions(), streamed).contains("line 3: the row has 1 fields; expected 2"))
        #expect(message("not_utf8.csv", TableReadOptions(), streamed).contains("line 3, column 'b': bytes that are not UTF-8"))
        #expect(message("not_utf8.csv", TableReadOptions(), streamed).contains("windows-1252"))
        let forced = TableReadOptions(types: ["a": .int64])
        let late = message("late_text.csv", forced, streamed)
        #expect(late.contains("line 3002, column 'a'") && late.contains("'x7'") && late.contains("int64"))
        #expect(message("plain.csv", TableReadOptions(columns: ["nope"]), streamed).contains("column 'nope': there is no such column"))
      }
      var short = TableReadOptions()
      short.csv.inferenceRows = 100
      #expect(message("late_text.csv", short, true).contains("line 3002, column 'a'"))
      #expect(message("unclosed.csv").contains("line 2: the quotes that open here are never closed"))
      var pair = TableReadOptions()
      pair.csv.separator = "::"
      #expect(message("plain.csv", pair).contains("separator '::'"))
    }

    @Test func definesTheEmptyAndTheOdd() throws {
      let empty = try Table.read(TableFixtures.path("header_only.csv"))
      #expect(empty.columnNames == ["a", "b", "c"] && empty.rowCount == 0)
      let reader = try TableReader(TableFixtures.path("header_only.csv"))
      #expect(reader.fields.map(\.name) == ["a", "b", "c"])
      #expect(try reader.next() == nil)

      var report = TableReadReport()
      let unique = try Table.read([TableFixtures.path("duplicates.csv")], report: &report)
      #expect(unique.columnNames == ["a", "a_3", "column_3", "a_2", "column_5"])
      #expect(report.renamed.map(\.name) == ["a_3", "column_3", "column_5"])
      #expect(report.separator == "," && report.encoding == "utf-8")

      var options = TableReadOptions()
      options.csv.raggedRows = .skip
      let kept = try Table.read([TableFixtures.path("ragged.csv")], options: options, report: &report)
      #expect(kept.rowCount == 2 && report.skippedRows == 2)
      let packed = try Table.read(TableFixtures.path("plain.csv.gz"))
      #expect(try packed.column("a").integers() == [1, 2])
    }

    @Test func manyColumnsAndLongCells() throws {
      try TableFixtures.inFolder { folder in
        let names = (0..<10_000).map { "c\($0)" }.joined(separator: ",")
        let row = (0..<10_000).map(String.init).joined(separator: ",")
        try TableFixtures.write(names + "\n" + row + "\n" + row + "\n", folder + "/wide.csv")
        let wide = try Table.read(folder + "/wide.csv")
        #expect(wide.columns.count == 10_000 && wide.rowCount == 2)
        #expect(try wide.column("c9999").integers() == [9999, 9999])
        let long = String(repeating: "x", count: 3_000_000)
        try TableFixtures.write("a,b\n1,short\n2,\(long)\n", folder + "/long.csv")
        #expect(try Table.read(folder + "/long.csv").column("b").texts()[1]?.count == 3_000_000)
        let reader = try TableReader(folder + "/long.csv")
        var rows = 0
        while let part = try reader.next() { rows += part.rowCount }
        #expect(rows == 2)
      }
    }

    @Test func choosesTypesColumnsAndRows() throws {
      let path = TableFixtures.path("missing.csv")
      let options = TableReadOptions(columns: ["d", "a"], types: ["a": .float32, "c": .categorical], rowLimit: 2)
      let table = try Table.read(path, options: options)
      #expect(table.columnNames == ["d", "a"] && table.rowCount == 2)
      #expect(try table.column("a").type == .float32)
      let categories = try Table.read(path, options: TableReadOptions(types: ["c": .categorical]))
      #expect(try categories.column("c").type == .categorical && categories.column("c").categories == ["x"])
      var limited = TableReadOptions()
      limited.csv.categoryLimit = 10
      #expect(try Table.read(TableFixtures.path("tabs.tsv"), options: limited).column("b").type == .categorical)
    }
  }
}
