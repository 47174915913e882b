import Charts
import Foundation
import MartletCore
import Tables
import Testing

@testable import Profiling

@Suite struct ProfileTests {
  @Test func flightsLeakWhatIsKnownOnlyAfterwards() throws {
    let profile = try DataProfile(flights(), options: ProfileOptions(target: "late", fitsModels: false))
    let target = try #require(profile.target)
    #expect(Set(target.leaks.map(\.column)) == ["dep_delay", "dep_time", "arr_time", "air_time", "arr_delay"], "\(target.leaks)")
    #expect(target.leaks.first?.column == "arr_delay" && target.leaks.allSatisfy { $0.confidence == .likely })
    #expect(profile.warnings.first?.kind == "leak" && profile.warnings.count { $0.kind == "leak" } == 5)
    // Where the rows without an answer are left out, as they must be for training, the arrival still gives itself away.
    let table = try flights()
    let known = try table.filtered(table.column("late").booleans().map { $0 != nil })
    let rest = try #require(try DataProfile(known, options: ProfileOptions(target: "late", fitsModels: false)).target)
    #expect(Set(rest.leaks.map(\.column)).isSuperset(of: ["dep_delay", "arr_delay"]))
    #expect(Set(rest.leaks.map(\.column)).isDisjoint(with: ["distance", "carrier", "origin", "sched_dep_time", "month", "tailnum"]))
    // Where missing was read as "not late", the gaps themselves tell.
    let filled = try table.setting(Column("late", try table.column("late").booleans().map { Optional($0 ?? false) }))
    let gaps = try #require(try DataProfile(filled, options: ProfileOptions(target: "late", fitsModels: false)).target)
    #expect(Set(gaps.leaks.map(\.column)).isSuperset(of: ["dep_delay", "dep_time", "arr_time", "air_time", "arr_delay"]))
  }

  @Test func flightsAreDescribed() throws {
    let profile = try DataProfile(flights(), options: ProfileOptions(target: "late", fitsModels: false, threads: 2))
    let year = try #require(profile.columns.first { $0.name == "year" })
    #expect(year.isConstant && profile.warnings.contains { $0.kind == "constant" && $0.columns == ["year"] })
    let pair = try #require(profile.associations.first { Set([$0.first, $0.second]) == ["air_time", "distance"] })
    #expect(pair.value > 0.97 && pair.measure == .spearman)
    #expect(profile.missingPatterns.first?.columns.contains("arr_delay") == true)
    let distance = try #require(profile.columns.first { $0.name == "distance" }?.numbers)
    #expect(distance.counts.reduce(0, +) == 1200 && distance.edges.count == distance.counts.count + 1)
    #expect(profile.target?.classes.map(\.value) == ["false", "true"])
    // Whatever the number of threads, whatever the pieces.
    var pieces = DataProfiler(ProfileOptions(target: "late", fitsModels: false, threads: 1))
    for start in stride(from: 0, to: 1200, by: 250) { try pieces.add(try flights().slice(start..<min(1200, start + 250))) }
    let other = try pieces.finish()
    #expect(
      other.target == profile.target && other.associations == profile.associations
        && other.warnings.map(\.text) == profile.warnings.map(\.text))
    let saved = try JSON.decode(DataProfile.self, from: JSON.encode(profile), source: "test")
    #expect(saved.warnings == profile.warnings)
  }

  @Test func honestColumnsAreLeftAlone() throws {
    var random = KeyedRandom(seed: 5, purpose: "honest")
    let x = (0..<1500).map { _ in random.uniform() }
    let y = x.map { Optional(random.uniform() < 0.2 + 0.6 * $0) }
    let copy = y.map { $0 == true ? "sold" : "kept" }
    let gap = x.indices.map { random.bernoulli(0.1) ? nil : Optional(x[$0] * 2) }
    let late = y.map { $0 == true ? Optional(random.uniform()) : nil }
    let table = try Table([
      Column("x", x), Column("y", y), Column("copy", copy.map(Optional.some)), Column("gap", gap), Column("refund", late),
    ])
    let profile = try DataProfile(table, options: ProfileOptions(target: "y", fitsModels: false))
    let leaks = try #require(profile.target?.leaks)
    #expect(Set(leaks.map(\.column)) == ["copy", "refund"])
    #expect(leaks.first { $0.column == "refund" }?.reasons.contains { $0.contains("where it is missing") } == true)
    let score = try #require(profile.target?.scores.first { $0.column == "x" }?.score)
    #expect(score > 0.6 && score < 0.75)
    // Numbers as a target.
    let price: [Double] = x.map { $0 * 3 + random.uniform() * 3 }
    let numbers = try DataProfile(
      Table([Column("x", x), Column("net", price), Column("gross", price.map { $0 * 1.19 })]),
      options: ProfileOptions(target: "gross", fitsModels: false))
    #expect(numbers.target?.isClasses == false && numbers.target?.leaks.map(\.column) == ["net"])
  }

  @Test func modelsFindOddRowsAndWrongLabels() throws {
    var random = KeyedRandom(seed: 6, purpose: "odd")
    func normal() -> Double { (0..<12).reduce(-6.0) { sum, _ in sum + random.uniform() } }
    var a: [Double] = [], b: [Double] = [], label: [String?] = []
    for row in 0..<240 {
      let isRed = row % 2 == 0
      a.append(normal() + (isRed ? 3 : 0))
      b.append(normal() + (isRed ? 3 : 0))
      label.append(isRed ? "red" : "blue")
    }
    let wrong = [10, 51, 90, 133, 200]
    for row in wrong { label[row] = label[row] == "red" ? "blue" : "red" }
    a[77] = 60
    b[77] = -60
    let table = try Table([Column("a", a), Column("b", b), Column("label", label)])
    let profile = try DataProfile(table, options: ProfileOptions(target: "label", threads: 1))
    #expect(profile.outliers?.rows.first?.row == 77 && profile.outliers?.rows.first?.values.isEmpty == false)
    let noise = try #require(profile.labelNoise)
    // A label counts as wrong where the other class is as probable as it is for the rows that do have it: about half of the wrong ones.
    #expect(noise.issues.count >= 2 && Set(noise.issues.map(\.row)).isSubset(of: wrong))
    #expect(noise.rate > 0.005 && noise.rate < 0.08)
    let two = try DataProfile(table, options: ProfileOptions(target: "label", threads: 2))
    #expect(two.labelNoise == noise && two.outliers == profile.outliers)
    // What cannot be told apart is not called wrong.
    let blind = try DataProfile(
      table.dropping(["a", "b"]).setting(Column("c", b.map { $0 - 3 * ($0 / 3).rounded() })), options: .init(target: "label"))
    #expect(blind.labelNoise == nil && blind.notes.contains { $0.hasPrefix("Wrong labels were not estimated") })
  }

  @Test func whatIsWrongIsSaid() throws {
    let count = 300
    func texts(_ value: (Int) -> String?) -> [String?] { (0..<count).map(value) }
    func numbers(_ value: (Int) -> Double?) -> [Double?] { (0..<count).map(value) }
    let pad: [String?] = [" a", "", "b"]
    var columns = [Column("id", (0..<count).map { Int64($0 * 3) })]
    columns.append(Column("same", texts { _ in "x" }))
    columns.append(Column("empty", numbers { _ in nil }))
    columns.append(Column("amount", texts { "1,00\($0 % 7)" }))
    columns.append(Column("when", texts { "2013-01-\(10 + $0 % 20)" }))
    columns.append(Column("mail", texts { "a\($0 % 40)@b.org" }))
    columns.append(Column("twice", numbers { Double($0 % 50) }))
    columns.append(Column("again", numbers { Double($0 % 50) }))
    columns.append(Column("hole", numbers { $0 % 10 < 8 ? nil : Double($0 % 13) }))
    columns.append(Column("wild", numbers { $0 == 5 ? .infinity : Double($0 % 60) }))
    columns.append(Column("pad", texts { pad[$0 % 3] }))
    columns.append(Column("class", texts { $0 < 4 ? "rare" : "usual" }))
    let table = try Table(columns)
    let profile = try DataProfile(table, options: ProfileOptions(target: "class", fitsModels: false))
    let kinds = Set(profile.warnings.map(\.kind))
    #expect(
      kinds.isSuperset(of: [
        "identifier", "constant", "empty_column", "dates_as_text", "personal", "same_columns", "missing", "infinite", "padded", "blank",
        "numbers_as_text",
        "rare_class",
      ]), "\(kinds)")
    let severities = profile.warnings.map { $0.severity }
    #expect(severities == severities.sorted { $1 < $0 })
    #expect(profile.duplicates.columns == [["twice", "again"]])
    let repeated = try Table([Column("a", [1, 2, 1, 1] as [Int]), Column("b", ["x", "y", "x", "z"])])
    let duplicates = try DataProfile(repeated).duplicates
    #expect(duplicates.rows == 1 && duplicates.first == [[2, 0]])
  }

  @Test func nastyTablesAreNoTrouble() throws {
    let nasty = "<script>alert(1)</script>\n\"'&"
    let huge = (0..<60).map { $0 % 2 == 0 ? Double.greatestFiniteMagnitude : -.greatestFiniteMagnitude }
    let none: [String?] = [nil, nil, nil], gaps: [Double?] = [nil, nil, nil], same = [String?](repeating: nasty, count: 60)
    var tables = [try Table([]), try Table([Column("a", [Double]()), Column("b", [String?]())])]
    tables.append(try Table([Column("a", [1.5]), Column("b", [nasty])]))
    tables.append(try Table([Column("a", gaps), Column("b", none)]))
    tables.append(try Table([Column("a", huge), Column("b", same)]))
    let two: [String?] = (0..<60).map { "\($0 % 2)\(nasty)" }
    tables.append(
      try Table([Column("a", (0..<60).map { Double($0) }), Column("b", two), Column("c", [Double](repeating: .nan, count: 60))]))
    for table in tables {
      for target in [nil, table.columnNames.last] {
        let profile = try DataProfile(table, options: ProfileOptions(target: target))
        let page = try profile.report(title: nasty).html(library: nil)
        #expect(!page.contains("<script>alert") && page.contains("</html>"))
        _ = try JSON.encode(profile)
      }
    }
    let one = try DataProfile(
      Table([Column("x", (0..<100).map { Double($0) }), Column("y", [String?](repeating: "a", count: 100))]), options: .init(target: "y"))
    #expect(one.warnings.contains { $0.kind == "one_class" } && one.target?.leaks.isEmpty == true)
    #expect(throws: TableError.self) { try DataProfile(Table([Column("x", [1.0])]), options: .init(target: "z")) }
    let wide = try Table((0..<2000).map { Column("c\($0)", [Double($0), 2, 3]) })
    let profile = try DataProfile(wide, options: .init(target: "c7"))
    #expect(profile.columns.count == 2000 && profile.notes.contains { $0.contains("50 of") })
  }

  @Test func pagesHoldWhatMatters() throws {
    let page = try DataProfile(flights(), options: ProfileOptions(target: "late", fitsModels: false)).report(
      title: "flights.csv", firstRow: 2
    )
    .html(library: "/* charts */")
    for word in ["probably knows the answer", "Missing values", "How columns belong together", "\"rank correlation\"", "arr_delay"] {
      #expect(page.contains(word), "\(word)")
    }
    let schema = try DataSchema.infer(flights())
    let bad = try flights().setting(Column("month", [Int](repeating: 40, count: 1200)))
    let report = schema.check(bad, options: .init(firstRow: 2))
    #expect(!report.passed && report.table.rows.contains { $0[1] == "month" && $0[5].hasPrefix("2: 40, 3: 40") })
    #expect(try report.page(title: "a<b").html(library: nil).contains("Does not fit"))
  }
}
