import Foundation
import MartletCore
import Testing

@testable import Tables

extension ArrowTests {
  /// What is written is read back as it was; what others have written comes in whole.
  @Suite struct TableFormatTests {
    @Test(
      arguments: ["x.parquet", "x.arrow", "x.arrows", "x.jsonl", "x.csv", "x.tsv", "x.csv.gz", "x.jsonl.zst", "x.csv.zst"], [true, false])
    func roundTrip(_ name: String, _ missing: Bool) throws {
      let before = Arrow.liveObjects
      try TableFixtures.inFolder { folder in
        var table = try Table.ofAllTypes(missing: missing)
        let isCSV = name.contains("sv") && !name.contains("json")
        if isCSV { table = try table.dropping(["list"]) }
        for rows in [0..<20, 3..<17, 5..<5] {
          let part = try table.slice(rows)
          let path = folder + "/" + name
          try part.write(to: path)
          // Text formats do not tell widths: the types are given.
          var options = TableReadOptions()
          let isText = isCSV || name.contains("jsonl")
          if isText, !(rows.isEmpty && !isCSV) { options.types = Dictionary(uniqueKeysWithValues: part.fields.map { ($0.name, $0.type) }) }
          if isCSV { options.csv.missing = [""] }
          if isCSV { options.csv.quotedCanBeMissing = false }
          if rows.isEmpty, name.contains("jsonl") { continue }
          let read = try Table.read(path, options: options)
          #expect(read.fields == part.fields)
          #expect(read.values == part.values)
          #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [name])
        }
      }
      #expect(Arrow.liveObjects == before)
    }

    @Test(arguments: ["types.arrow", "types.arrows", "types.parquet"]) func everyTypeOfArrow(_ name: String) throws {
      let table = try Table.read(TableFixtures.path(name))
      func values(_ column: String) throws -> [TableValue] { (0..<3).map { [column = try table.column(column)] in column.value($0) } }
      func type(_ column: String) throws -> ColumnType { try table.column(column).type }
      #expect(try values("int8") == [.integer(1), .missing, .integer(-128)] && type("int8") == .int8)
      #expect(try type("uint64") == .uint64 && table.column("uint64").numbers()[2] == Double(UInt64.max))
      if name != "types.parquet" {
        #expect(try values("float16") == [.number(1.5), .missing, .number(-2)] && type("float16") == .float32)
        #expect(try values("view")[2] == .text("a text that is longer than twelve bytes"))
      }
      #expect(try values("bool") == [.boolean(true), .missing, .boolean(false)])
      #expect(try values("large") == [.text("x"), .missing, .text("")])
      #expect(try values("category") == [.text("b"), .missing, .text("a")] && type("category") == .categorical)
      #expect(try values("number_category") == [.integer(5), .missing, .integer(7)])
      #expect(try values("date32") == [.timestamp(0), .missing, .timestamp(19753 * 86_400_000_000)])
      #expect(try values("date64")[2] == .timestamp(86_400_000_000))
      #expect(try values("seconds") == [.timestamp(1_000_000), .missing, .timestamp(-1_000_000)])
      #expect(try type("nanoseconds") == .timestamp(timeZone: "Europe/Berlin"))
      #expect(try values("nanoseconds")[0] == .timestamp(1))
      #expect(try values("clock") == [.text("01:01:01"), .missing, .text("00:00:00")])
      #expect(try values("duration") == [.integer(2_000_000), .missing, .integer(0)])
      #expect(try values("decimal") == [.number(1.25), .missing, .number(-3)])
      #expect(try type("nothing") == .float64 && table.column("nothing").missingCount == 3)
      #expect(try values("list") == [.list([.integer(1), .integer(2)]), .missing, .list([])])
      #expect(try values("texts") == [.list([.text("a"), .missing]), .list([]), .missing])
      #expect(try values("struct.x") == [.integer(1), .missing, .missing] && values("struct.y")[1] == .text("q"))
      let reader = try TableReader(TableFixtures.path(name), options: TableReadOptions(columns: ["text", "struct.y"]), batchRows: 1)
      var rows = 0
      while let part = try reader.next() {
        #expect(part.columnNames == ["text", "struct.y"] && part.rowCount == 1)
        rows += 1
      }
      #expect(rows == 3)
    }

    @Test func bytesHaveNoPlace() throws {
      let error = #expect(throws: FileError.self) { try Table.read(TableFixtures.path("binary.arrow")) }
      #expect(error?.description.contains("column 'bytes'") == true)
    }

    @Test(arguments: ["rows.jsonl", "rows.json"]) func jsonLines(_ name: String) throws {
      let table = try Table.read(TableFixtures.path(name))
      #expect(table.columnNames == ["a", "b", "c", "d", "e.f", "e.g", "t", "mixed"])
      #expect(table.columns.map(\.type) == [.float64, .text, .boolean, .list(.int64), .float64, .text, .timestamp(), .text])
      #expect(try table.column("e.g").texts() == ["p", "ü\n\"\\😀", nil])
      #expect(try table.column("t").integers() == [1_706_696_430_000_000, nil, -500_000])
      #expect(table.columns[3].value(2) == .list([.missing, .integer(3)]))
      #expect(try table.column("mixed").texts()[0...1] == ["1", "two"])
      let error = #expect(throws: FileError.self) { try Table.read(TableFixtures.path("broken.jsonl")) }
      #expect(error?.description.contains("line 2") == true)
    }

    @Test func foldersPatternsAndPartitions() throws {
      try TableFixtures.inFolder { folder in
        for (year, rows) in [("2023", "1,007\n2,008"), ("2024", "3,x9\n")] {
          try FileManager.default.createDirectory(atPath: folder + "/data/year=\(year)/city=New%20York", withIntermediateDirectories: true)
          try TableFixtures.write("id,code\n\(rows)\n", folder + "/data/year=\(year)/city=New%20York/part.csv")
        }
        let table = try Table.read(folder + "/data")
        #expect(table.columnNames == ["id", "code", "year", "city"])
        // What is text in one file is read as text in the other, zeros and all.
        #expect(try table.column("code").texts() == ["007", "008", "x9"])
        #expect(try table.column("year").integers() == [2023, 2023, 2024])
        #expect(try table.column("city").texts() == ["New York", "New York", "New York"])
        let reader = try TableReader(folder + "/data", options: TableReadOptions(columns: ["year", "code"]))
        #expect(reader.fields == [TableField(name: "year", type: .int64), TableField(name: "code", type: .text)])
        var codes: [String?] = []
        while let part = try reader.next() { codes += try part.column("code").texts() }
        #expect(codes == ["007", "008", "x9"])
        #expect(try Table.read(folder + "/data/*/*/part.csv").rowCount == 3)
        #expect(throws: FileError.self) { try Table.read(folder + "/data/*.parquet") }
        try TableFixtures.write("id,other\n1,2\n", folder + "/other.csv")
        let files = [folder + "/data/year=2024/city=New%20York/part.csv", folder + "/other.csv"]
        #expect(throws: FileError.self) { try Table.read(files) }
        #expect(throws: FileError.self) { try TableReader(files) }
        let filled = try Table.read(files, options: TableReadOptions(fillsMissingColumns: true))
        #expect(filled.columnNames == ["id", "code", "other"] && filled.rowCount == 2)
      }
    }

    @Test func writersAreAtomicAndStream() throws {
      try TableFixtures.inFolder { folder in
        let table = try Table.ofAllTypes(50)
        for name in ["a.parquet", "a.arrow", "a.arrows", "a.jsonl", "a.csv"] {
          let whole = name == "a.csv" ? try table.dropping(["list"]) : table
          let writer = try TableWriter(folder + "/" + name)
          for start in stride(from: 0, to: 50, by: 10) { try writer.write(whole.slice(start..<start + 10)) }
          #expect(!FileManager.default.fileExists(atPath: folder + "/" + name))
          #expect(writer.rowCount == 50)
          try writer.finish()
          #expect(try Table.read(folder + "/" + name).rowCount == 50)
        }
        do {
          let dropped = try TableWriter(folder + "/b.csv")
          try dropped.write(table.selecting(["int8"]))
          #expect(throws: FileError.self) { try dropped.write(table.selecting(["int16"])) }
        }
        #expect(try !FileManager.default.contentsOfDirectory(atPath: folder).contains { $0.contains("b.csv") })
        #expect(throws: FileError.self) { try table.write(to: folder + "/c.csv") }
        #expect(throws: FileError.self) { try table.write(to: folder + "/c.xlsx") }
        #expect(throws: FileError.self) { try table.write(to: folder + "/absent/c.csv") }
      }
    }

    @Test func asynchronously() async throws {
      var rows = 0
      for try await part in try TableReader(TableFixtures.path("late_text.csv"), batchRows: 1000) { rows += part.rowCount }
      #expect(rows == 3001)
    }
  }
}
