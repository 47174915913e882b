import Foundation
import MartletCore
import Testing

@testable import Tables

/// Orders of a shop, as they might come each week.
private func orders(_ count: Int, seed: UInt64 = 1, change: (inout KeyedRandom, Int) -> Double = { _, _ in 0 }) throws -> Table {
  var random = KeyedRandom(seed: seed, purpose: "orders")
  var id: [Int] = [], country: [String?] = [], city: [String?] = [], net: [Double] = [], tax: [Double] = [], total: [Double] = []
  var ordered: [Int64?] = [], age: [Double?] = [], returned: [Bool?] = []
  let cities = ["Berlin": "DE", "Kassel": "DE", "Paris": "FR", "Lyon": "FR", "Rome": "IT"]
  for row in 0..<count {
    id.append(1000 + row)
    let name = cities.keys.sorted()[Int(random.uniform() * 5)]
    city.append(name)
    country.append(cities[name])
    let price = (random.uniform() * 10_000 + change(&random, row)).rounded() / 100
    net.append(price)
    tax.append(price * 0.25 * (random.bernoulli(0.5) ? 1 : 2))
    total.append(net[row] + tax[row])
    ordered.append(1_700_000_000_000_000 + Int64(row) * 3_600_000_000)
    age.append(random.bernoulli(0.1) ? nil : 18 + (random.uniform() * 60).rounded())
    returned.append(random.bernoulli(0.2))
  }
  return try Table([
    Column("id", id), Column("country", country), Column("city", city), Column("net", net), Column("tax", tax), Column("total", total),
    Column("ordered", microseconds: ordered), Column("age", age), Column("returned", returned),
  ])
}

@Suite struct ChecksSchemaTests {
  @Test func inferenceSeesWhatPeopleWouldSee() throws {
    let table = try orders(2000)
    let now = Date(timeIntervalSince1970: 1_700_000_000 + 2000 * 3600)
    let schema = try DataSchema.infer(table, target: "returned", now: now)
    #expect(schema.learnedRows == 2000 && schema.columns.map(\.name) == table.columnNames)
    #expect(schema.rule(of: "id")?.isUnique == true && schema.rule(of: "net")?.isUnique == false)
    let country = try #require(schema.rule(of: "country")?.categories)
    #expect(country.closed && country.shares.keys.sorted() == ["DE", "FR", "IT"])
    let age = try #require(schema.rule(of: "age"))
    #expect(age.number?.whole == true && (age.number?.minimum ?? 99) < 18 && (age.number?.minimum ?? -1) >= 0)
    #expect(try #require(age.maximumMissing) > 0.1 && #require(age.maximumMissing) < 0.2)
    #expect(schema.rule(of: "net")?.maximumMissing == 0)
    #expect(schema.rule(of: "ordered")?.time?.increasing == true && schema.rule(of: "ordered")?.time?.maximumAgeDays != nil)
    let relations = Set(schema.relations.map(\.text))
    #expect(relations.contains("total = net + tax") && relations.contains("city determines country"))
    #expect(!relations.contains("country determines city"))
    #expect(schema.check(table, options: .init(now: now)).violations.isEmpty)
  }

  @Test func rowsAreCountedByTheBinsOfTheSchema() throws {
    let rows = try orders(2000)
    let schema = try DataSchema.infer(rows, target: "returned")
    let bins = SchemaBins(schema)
    // What names the row, times, and the target have no bins.
    #expect(bins.columns.map(\.name) == ["country", "city", "net", "tax", "total", "age"])
    let learned = bins.counts(rows)
    for (binned, counts) in zip(bins.columns, learned) {
      #expect(binned.learned.count == counts.count)
      // Rows without a value are in no bin; shares are kept to four digits.
      let present = try rows.column(binned.name)
      #expect(counts.reduce(0, +) == present.count - present.missingCount, "\(binned.name)")
      let scale = 2000 / Double(counts.reduce(0, +))
      for (a, b) in zip(binned.learned, counts) { #expect(abs(Double(a) - Double(b) * scale) <= 20, "\(binned.name)") }
    }
    let strange = bins.counts(try Table([Column("country", ["XX", "DE", nil]), Column("net", [1e9, -5, 50])]))
    #expect(strange[0] == [1, 0, 0, 1] && strange[2].first == 1 && strange[2].last == 1 && strange[2].reduce(0, +) == 3)
    #expect(strange[5].allSatisfy { $0 == 0 })
  }

  @Test(arguments: [10, 60, 500, 4000]) func otherDataOfTheSameKindPass(_ count: Int) throws {
    let schema = try DataSchema.infer(orders(2000), target: "returned")
    for seed in 2..<6 as Range<UInt64> {
      let report = schema.check(try orders(count, seed: seed))
      #expect(report.violations.isEmpty, "\(count) rows, seed \(seed): \(report.violations)")
    }
  }

  @Test func everyDefectIsNamedWithItsRows() throws {
    let good = try orders(2000)
    let now = Date(timeIntervalSince1970: 1_700_000_000 + 2000 * 3600)
    let schema = try DataSchema.infer(good, target: "returned", now: now)
    func rules(_ table: Table, _ options: DataCheckOptions = .init(firstRow: 2)) -> [DataRule] {
      schema.check(table, options: options).violations.map(\.rule)
    }
    func only(_ table: Table) throws -> DataViolation {
      let report = schema.check(table, options: .init(firstRow: 2))
      #expect(report.violations.count == 1, "\(report.violations)")
      return try #require(report.violations.first)
    }
    func changed<Value>(_ values: [Value], _ change: (inout [Value]) -> Void) -> [Value] {
      var values = values
      change(&values)
      return values
    }
    let countries = try good.column("country").texts()
    let atlantis = try only(good.setting(Column("city", changed(try good.column("city").texts()) { $0[5] = "Atlantis" })))
    #expect(atlantis.rule == .category && atlantis.firstRows == [7] && atlantis.values == ["Atlantis"] && atlantis.severity == .error)
    #expect(atlantis.found.contains("'Atlantis'"))
    let broken = try only(good.setting(Column("country", changed(countries) { $0[9] = $0[9] == "DE" ? "FR" : "DE" })))
    #expect(broken.rule == .relation && broken.expected == "city determines country")

    let ids = try good.column("id").integers()
    let twice = try only(good.setting(Column("id", changed(ids) { $0[100] = $0[3] })))
    #expect(twice.rule == .unique && twice.firstRows == [102] && twice.values == ["1003 (as row 5)"])
    let ages = try good.column("age").numbers()
    let old = try only(
      good.setting(Column("age", changed(ages.map { $0.isNaN ? nil : $0 }) { $0[0] = 900 })))
    #expect(old.rule == .range && old.firstRows == [2] && old.values == ["900"] && old.severity == .error)
    let half = try only(good.setting(Column("age", changed(ages.map { $0.isNaN ? nil : $0 }) { $0[1] = 33.5 })))
    #expect(half.rule == .whole && half.values == ["33.5"])
    let gaps = try only(good.setting(Column("age", ages.enumerated().map { $0.offset % 2 == 0 || $0.element.isNaN ? nil : $0.element })))
    #expect(gaps.rule == .missing)
    #expect(rules(try good.setting(Column("net", [Double?](repeating: nil, count: 2000)))).contains(.missing))

    let texts = ages.enumerated().map { $0.offset == 4 ? "unknown" : $0.element.isNaN ? nil : String(Int($0.element)) }
    let type = try only(good.setting(Column("age", texts)))
    #expect(type.rule == .type && type.firstRows == [6] && type.values == ["unknown"] && type.found.hasPrefix("text"))
    #expect(rules(try good.dropping(["age"])) == [.missingColumn])
    #expect(rules(try good.renaming(["age": "agee"])) == [.missingColumn, .extraColumn])
    #expect(rules(try good.dropping(["returned"]), .init(withoutTarget: true)).isEmpty)
    #expect(rules(try good.slice(0..<0)) == [.rowCount])

    let returned = (0..<2000).map { Optional($0 % 2 == 0) }
    let balance = try only(good.setting(Column("returned", returned)))
    #expect(balance.rule == .labelBalance && balance.severity == .error && balance.found.contains("50 %"))
    let drifted = try orders(2000, seed: 9) { random, _ in random.uniform() * 3000 }
    #expect(rules(drifted).contains(.drift))
    #expect(schema.check(good, options: .init(now: now.addingTimeInterval(86_400 * 30))).violations.map(\.rule) == [.freshness])
    let early = schema.check(good, options: .init(now: now.addingTimeInterval(-86_400 * 40))).violations
    #expect(early.map(\.rule) == [.future] && early.first?.rows ?? 0 > 100)
    let times = try good.column("ordered").integers().map { $0.map(Int64.init) }
    let swapped = try only(good.setting(Column("ordered", microseconds: changed(times) { $0.swapAt(10, 11) })))
    #expect(swapped.rule == .order && swapped.firstRows == [13])
  }

  @Test func smallSamplesDoNotAlarm() throws {
    let schema = try DataSchema.infer(orders(2000), target: "returned")
    // Four rows of which none was returned, all from one city, half without an age: odd, but no evidence.
    let table = try orders(2000, seed: 3)
    let rows = (0..<2000).filter { row in
      (try? table.column("city").value(row)) == .text("Rome") && (try? table.column("returned").value(row)) == .boolean(false)
    }
    #expect(schema.check(try table.taking(Array(rows.prefix(4)))).violations.isEmpty)
    #expect(!schema.check(try table.taking(rows)).violations.isEmpty)
  }

  @Test func piecesAreCheckedAsTheWhole() throws {
    let schema = try DataSchema.infer(orders(2000), target: "returned")
    let table = try orders(2000, seed: 4).setting(Column("id", (0..<2000).map { $0 % 1990 }))
    let whole = schema.check(table, options: .init(firstRow: 2, threads: 1))
    var checker = DataChecker(schema, options: .init(firstRow: 2, threads: 2))
    for start in stride(from: 0, to: 2000, by: 300) { checker.add(try table.slice(start..<min(start + 300, 2000))) }
    #expect(checker.report() == whole)
    #expect(whole.violations.contains { $0.rule == .unique && $0.rows == 10 && $0.firstRows.first == 1992 })
    var few = DataChecker(schema, options: .init(maximumKeys: 100))
    few.add(table)
    #expect(few.report().notes.contains { $0.contains("first 100") })
  }

  @Test func schemasAreReadAndWrittenByPeople() throws {
    let schema = try DataSchema.infer(orders(500), target: "returned")
    let data = try JSON.encode(schema)
    #expect(try DataSchema(json: data, source: "test") == schema)
    let text = String(decoding: data, as: UTF8.self)
    #expect(text.contains("\"type\" : \"timestamp\"") && text.contains("\"learned_from_rows\" : 500"))
    let small = try DataSchema(
      json: Data(#"{"columns": [{"name": "age", "type": "int64", "number": {"minimum": 18}}], "extra_columns": "allowed"}"#.utf8),
      source: "x")
    #expect(small.extraColumns == nil && small.columns[0].isRequired && small.significance == 0.001)
    let report = small.check(try Table([Column("age", [17, 20] as [Int]), Column("other", ["", nil])]))
    #expect(
      report.violations.map(\.rule) == [.range] && report.violations[0].severity == .error && report.violations[0].expected == "18 or more")
    for (json, words) in [
      (#"{"columns": [{"name": "age", "type": "int65"}]}"#, "did you mean 'int64'"),
      (#"{"columns": [{"name": "age", "type": "int64", "uniqe": true}]}"#, "did you mean 'unique'"),
      (#"{"columns": [{"name": "a", "type": "text"}, {"name": "a", "type": "text"}]}"#, "two rules"),
      (#"{"columns": [], "relations": [{"kind": "at_most", "columns": ["a"]}]}"#, "two columns"),
      (#"{"version": 2}"#, "version 2"), (#"{"extra_columns": "no"}"#, "expected allowed"), ("[", "x:"),
      (#"{"columns": [{"name": "t", "type": "timestamp", "time": {"earliest": "yesterday"}}]}"#, "2013-01-31"),
    ] {
      #expect { try DataSchema(json: Data(json.utf8), source: "x") } throws: { "\($0)".contains(words) }
    }
    for type in ["timestamp[Europe/Berlin]", "list<list<text>>", "float32"] { #expect(ColumnType(named: type)?.description == type) }
    #expect(ColumnType(named: "list<thing>") == nil)
  }

  @Test func singleRowsAreWarnedAbout() throws {
    let check = RowCheck(try DataSchema.infer(orders(2000), target: "returned"))
    let good = try orders(1, seed: 8).dropping(["returned"])
    #expect(check.warnings(good) == [[]])
    var row = try good.row(0)
    row["city"] = .text("Atlantis")
    row["age"] = .integer(900)
    row["net"] = .missing
    row["tax"] = .text("much")
    row["extra"] = .text("<b>")
    row["country"] = nil
    let rules = Dictionary(check.warnings(row).map { ($0.column ?? "", $0.rule) }, uniquingKeysWith: { one, _ in one })
    #expect(rules == ["city": .category, "age": .range, "net": .missing, "tax": .type, "extra": .extraColumn, "country": .missingColumn])
    #expect(check.warnings(row).allSatisfy { $0.severity == .warning })

    // Counted without words it is the same, on a table that has some of everything.
    var others = try orders(400, seed: 9).dropping(["returned"])
    others = try others.setting(Column("age", (0..<400).map { $0 % 7 == 0 ? 900 : 40 }))
    others = try others.setting(Column("city", (0..<400).map { $0 % 11 == 0 ? "Atlantis" : nil }))
    let unusual = check.warnings(others).count { !$0.isEmpty }
    #expect(check.unusualRows(others) == unusual && unusual > 50)
    #expect(check.unusualRows(try others.dropping(["country"])) == 400)
  }

  @Test func nastyTablesAreNoTrouble() throws {
    let empty = try Table([Column("a", [Double]()), Column("b", [String?]())])
    let schema = try DataSchema.infer(empty)
    #expect(schema.check(empty).violations.map(\.rule) == [.rowCount])
    let one = try Table([Column("a", [1.5]), Column("b", ["x\n<script>"]), Column("c", [nil] as [Double?])])
    let single = try DataSchema.infer(one)
    #expect(single.check(one).violations.isEmpty)
    let blank = try Table([Column("a", [Double?](repeating: nil, count: 100)), Column("k", [Int](repeating: 7, count: 100))])
    let same = try DataSchema.infer(blank)
    #expect(same.rule(of: "k")?.constant == "7" && same.check(blank).violations.isEmpty)
    #expect(same.check(try blank.setting(Column("k", Array(0..<100)))).violations.map(\.rule) == [.constant])
    #expect(throws: TableError.self) { try DataSchema.infer(one, target: "nobody") }
    let wild = try Table([Column("a", (0..<200).map { $0 % 2 == 0 ? Double.greatestFiniteMagnitude : -.greatestFiniteMagnitude })])
    #expect(try DataSchema.infer(wild).check(wild).passed)
    // Thousands of columns: pairs are capped, columns are not.
    let wide = try Table((0..<3000).map { Column("c\($0)", [Double($0), 2, 3, nil]) })
    let wideSchema = try DataSchema.infer(wide)
    #expect(wideSchema.columns.count == 3000 && wideSchema.check(wide).violations.isEmpty)
  }
}
