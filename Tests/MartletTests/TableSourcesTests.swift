import Evaluation
import Foundation
private import GRDB
import MartletCore
import Project
import Selection
import Tables
import Testing

@testable import Commands
@testable import Martlet

/// Where rows come from, how they are divided, and runs that go on.
@Suite(.serialized) struct TableSourcesTests {
  let engine = MartletEngine()

  /// Visits of patients: several rows a patient, in the order of time.
  private func visits(_ rows: Range<Int>, patients: Int = 40) -> [(patient: String, day: Int, age: Int, ward: String, stays: String)] {
    rows.map { row in
      var random = KeyedRandom(seed: 3, purpose: "visits", index: UInt64(row))
      let age = 20 + Int(random.uniform() * 60), ward = ["A", "B", "C"][Int(random.uniform() * 3)]
      let stays = random.uniform() < (age > 50 ? 0.8 : 0.2)
      return ("p\(row % patients)", row, age, ward, stays ? "yes" : "no")
    }
  }

  private func write(_ place: TemporaryProject, _ rows: Range<Int>, name: String) throws {
    let lines = visits(rows).map {
      "\($0.patient),2024-\(String(format: "%02d-%02d", 1 + $0.day / 28, 1 + $0.day % 28)),\($0.age),\($0.ward),\($0.stays)\n"
    }
    try AtomicFile.write(Data(("patient,day,age,ward,stays\n" + lines.joined()).utf8), to: place.folder + "/" + name)
  }

  private func run(_ place: TemporaryProject, _ file: ProjectFile, resume: String? = nil) async throws -> RunSummary {
    try await engine.run(RunRequest(project: file, resume: resume, aliases: [], tags: [], note: "", surroundings: place.surroundings))
  }

  @Test func rowsOfADatabase() async throws {
    let place = try TemporaryProject()
    let database = try DatabaseQueue(path: place.folder + "/ward.sqlite")
    try await database.write { [visits = visits(0..<600)] db in
      try db.execute(sql: "CREATE TABLE visits (patient TEXT, day INTEGER, age INTEGER, ward TEXT, stays TEXT)")
      for row in visits {
        try db.execute(sql: "INSERT INTO visits VALUES (?, ?, ?, ?, ?)", arguments: [row.patient, row.day, row.age, row.ward, row.stays])
      }
    }
    let file = try place.project(
      """
      name: ward
      task: classification
      data:
        sql: {sqlite: ward.sqlite, query: "SELECT age, ward, stays FROM visits WHERE day >= 20"}
        target: stays
        positive: "yes"
      models: [tree: {max-depth: 3}]
      select: {folds: 0}
      evaluation: {importance: 0}
      """)
    let run = try await run(place, file)
    #expect(run.version == 1 && (run.metrics["accuracy"]?.value ?? 0) > 0.65)
    let parts = try TableParts(file, #require(file.project.table))
    #expect(parts.training.rowCount + (parts.test?.rowCount ?? 0) == 580 && parts.features == ["age", "ward"])
    // What the database says about a wrong query reaches the reader.
    let wrong = try place.project(
      "name: ward\ntask: classification\ndata: {sql: {sqlite: ward.sqlite, query: \"SELECT nothing FROM visits\"}, target: stays}\n")
    let error = await #expect(throws: (any Error).self) { _ = try await self.run(place, wrong) }
    #expect(error.map { "\($0)".contains("nothing") } == true, "\(error.map { "\($0)" } ?? "")")
  }

  private static let small = """
    name: ward
    task: classification
    data: {file: visits.csv, target: stays, positive: "yes", drop: [patient, day]}
    models: [tree: {max-depth: 3}, logistic]
    select: {folds: 3}
    evaluation: {importance: 0, slices: [ward]}
    """

  private func parts(_ place: TemporaryProject, _ overrides: [String]) throws -> (TableProject, TableParts) {
    let project = try #require(place.project(Self.small, overrides: overrides).project.table)
    return (project, try TableParts(try place.project(Self.small, overrides: overrides), project))
  }

  @Test func rowsToJudgeByFromAFile() async throws {
    let place = try TemporaryProject()
    try write(place, 0..<200, name: "visits.csv")
    try write(place, 200..<260, name: "later.csv")
    let run = try await run(place, place.project(Self.small, overrides: ["data.test={file: later.csv}"]))
    #expect(run.version == 1 && run.candidates?.count == 2)
    let (_, parts) = try parts(place, ["data.test={file: later.csv}"])
    #expect(parts.training.rowCount == 200 && parts.test?.rowCount == 60)
    #expect(try parts.test?.column("ward").type == parts.training.column("ward").type)
  }

  @Test func groupsStayTogether() async throws {
    let place = try TemporaryProject()
    try write(place, 0..<240, name: "visits.csv")
    let overrides = ["data.test={groups: patient, share: 0.25}", "select={folds: 3, group: patient}"]
    let (project, parts) = try parts(place, overrides)
    let test = try #require(parts.test)
    func patients(_ table: Tables.Table) throws -> Set<String> { Set(try table.column("patient").texts().compactMap { $0 }) }
    #expect(try patients(parts.training).isDisjoint(with: patients(test)) && test.rowCount > 30)
    let splits = try TableCandidates.splits(project, parts)
    let own = try parts.training.column("patient").texts()
    #expect(
      splits.count == 3 && splits.allSatisfy { fold in Set(fold.training.map { own[$0] }).isDisjoint(with: fold.test.map { own[$0] }) })
    #expect(try await run(place, place.project(Self.small, overrides: overrides)).version == 1)
  }

  @Test func foldsInTheOrderOfTime() async throws {
    let place = try TemporaryProject()
    try write(place, 0..<240, name: "visits.csv")
    let overrides = ["data.test={after: 2024-08-01, column: day}", "select={folds: 3, time: day}"]
    let (project, parts) = try parts(place, overrides)
    let times = try parts.training.column("day").numbers(), test = try #require(parts.test).column("day").numbers()
    #expect((times.max() ?? 0) < (test.min() ?? 0))
    let splits = try TableCandidates.splits(project, parts)
    #expect(splits.count == 3)
    for fold in splits { #expect((fold.training.map { times[$0] }.max() ?? 0) <= (fold.test.map { times[$0] }.min() ?? 0)) }
    #expect(try await run(place, place.project(Self.small, overrides: overrides)).version == 1)
  }

  @Test func aRunThatGoesOnKeepsWhatItKnows() async throws {
    let place = try TemporaryProject()
    try write(place, 0..<200, name: "visits.csv")
    let file = try place.project(Self.small)
    let first = try await run(place, file)
    let kept = first.training.run + "/candidates/1.json"
    let before = try Data(contentsOf: URL(fileURLWithPath: kept))
    // The second candidate has yet to learn.
    try FileManager.default.removeItem(atPath: first.training.run + "/candidates/2.json")
    let again = try await run(place, file, resume: first.training.run)
    #expect(try again.version == 2 && again.training.run == first.training.run && Data(contentsOf: URL(fileURLWithPath: kept)) == before)
    #expect(again.candidates?.map(\.score) == first.candidates?.map(\.score) && again.metrics == first.metrics)
    #expect(again.candidates?[0].seconds == first.candidates?[0].seconds)
    // Other rows are another comparison.
    try write(place, 0..<190, name: "visits.csv")
    let error = await #expect(throws: ArgumentError.self) { _ = try await run(place, file, resume: first.training.run) }
    #expect(error?.problem.contains("rows have changed") == true)
  }

  @Test func anomaliesThatAreKnownCompareModels() async throws {
    let place = try TemporaryProject()
    let lines = (0..<150).map { row in
      var random = KeyedRandom(seed: 5, purpose: "points", index: UInt64(row))
      let isOdd = row % 15 == 0, spread = isOdd ? 9.0 : 1
      return "\(random.uniform(in: -spread...spread)),\(random.uniform(in: -spread...spread)),\(isOdd ? "yes" : "no")\n"
    }
    try AtomicFile.write(Data(("x,y,odd\n" + lines.joined()).utf8), to: place.folder + "/points.csv")
    let text = """
      name: strange
      task: anomaly-detection
      data: {file: points.csv, target: odd, positive: "yes"}
      models: [isolation_forest: {trees: 20}, local_outlier_factor]
      select: {folds: 3}
      """
    let run = try await run(place, place.project(text))
    #expect(run.version == 1 && run.candidates?.count == 2 && run.candidates?.allSatisfy { ($0.score ?? 0) > 0.6 } == true)
    let error = await #expect(throws: ArgumentError.self) {
      _ = try await self.run(place, place.project(text.replacing("target: odd, positive: \"yes\"", with: "drop: [odd]")))
    }
    #expect(error?.problem.contains("cannot be compared") == true)
  }

  @Test func whatLooksTooGoodIsSaid() async throws {
    let place = try TemporaryProject()
    let lines = visits(0..<300).map { "\($0.age),\($0.ward),\($0.stays == "yes" ? 7 : 0),\($0.stays)\n" }
    // Sixty rows come twice.
    try AtomicFile.write(Data(("age,ward,bed,stays\n" + (lines + lines.prefix(60)).joined()).utf8), to: place.folder + "/visits.csv")
    let file = try place.project(Self.small, overrides: ["data.drop=[]"])
    let parts = try TableParts(file, #require(file.project.table))
    let review = try TableReview(parts, target: "stays", seed: 1, threads: 1)
    #expect(review.warnings.contains { $0.contains("'bed' probably knows the answer") })
    #expect(review.warnings.contains { $0.contains("are among those to learn from") })
    let run = try await run(place, file)
    let page = try String(contentsOfFile: try #require(run.report), encoding: .utf8)
    #expect(page.contains("bed") && page.contains("probably knows the answer") && page.contains("href=\"data.html\""))
    #expect(FileManager.default.fileExists(atPath: first(run.report) + "/data.html"))
  }

  private func first(_ page: String?) -> String { ((page ?? "") as NSString).deletingLastPathComponent }
}
