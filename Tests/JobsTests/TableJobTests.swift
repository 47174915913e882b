import Foundation
import MartletCore
import Synchronization
import Tables
import Testing

@testable import Jobs

/// A folder with an input of 1,000 rows, of which three have no answer, and the jobs that answer it.
private final class Workplace: Sendable {
  let path: String
  static let poison = [0, 499, 777]

  init(rows: Int = 1000) throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-jobs-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try write(rows: rows)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var input: String { path + "/in.csv" }

  func write(rows: Int) throws {
    var text = "id,amount,note\n"
    for row in 0..<rows { text += "\(row),\(Self.poison.contains(row) ? -1 : row * 3),\"a, \(row)\"\n" }
    try AtomicFile.write(Data(text.utf8), to: input)
  }

  func identity(model: String = "sum@1", digest: String = "abc", partRows: Int = 64) throws -> JobIdentity {
    try JobIdentity(files: [input], model: model, modelDigest: digest, options: ["--part-rows": String(partRows)])
  }

  func job(
    _ name: String, suffix: String = "csv", identity: JobIdentity? = nil, maxFailures: Int = 3,
    step: @escaping @Sendable (JobStep) throws -> Void = { _ in }
  ) throws -> TableJob {
    TableJob(
      folder: "\(path)/\(name)", output: output(name, suffix), failures: failures(name), identity: try identity ?? self.identity(),
      partRows: 64, maxFailures: maxFailures, step: step)
  }

  func output(_ name: String, _ suffix: String = "csv") -> String { "\(path)/\(name)-out.\(suffix)" }
  func failures(_ name: String) -> String { "\(path)/\(name)-out.failed.jsonl" }
  func bytes(_ file: String) throws -> Data { try #require(FileManager.default.contents(atPath: file), "\(file)") }

  /// Runs a job on a fresh reader.
  /// - Parameter batchRows: the rows of the pieces that are read.
  func run(
    _ job: TableJob, batchRows: Int = 100, progress: @escaping @Sendable (JobProgress) -> Void = { _ in }
  ) async throws -> JobSummary {
    let reader = try TableReader(input, batchRows: batchRows)
    return try await job.run({ try reader.next() }, empty: reader.emptyTable, answer: Self.answer, progress: progress)
  }

  /// Doubles the amount; a negative one is the row's fault.
  static let answer: TableJob.Answerer = { table in
    let amounts = table.rowCount == 0 ? [] : try table.column("amount").integers()
    guard !amounts.contains(where: { ($0 ?? 0) < 0 }) else { throw ArgumentError("amount is negative", expected: "0 or more") }
    return JobAnswer(try table.setting(Column("double", amounts.map { Int64(($0 ?? 0) * 2) })), unusual: amounts.count { $0 == 3 })
  }
}

private struct Killed: Error {}

@Suite struct TableJobTests {
  @Test func `answers every row once and writes down those that it cannot`() async throws {
    let place = try Workplace()
    let reports = Mutex<[JobProgress]>([])
    let done = try await place.run(place.job("plain")) { report in reports.withLock { $0.append(report) } }
    #expect(done.isFinished && done.rows == 1000 && done.failed == 3 && done.parts == 16 && done.resumed == 0 && done.unusual == 1)
    #expect(reports.withLock { $0.map(\.rows) } == (1...15).map { $0 * 64 } + [1000])
    let table = try Table.read(place.output("plain"))
    let ids = try table.column("id").integers().compactMap { $0 }
    #expect(ids == (0..<1000).filter { !Workplace.poison.contains($0) })
    #expect(try table.column("double").integers().compactMap { $0 } == ids.map { $0 * 6 })
    let lines = String(decoding: try place.bytes(place.failures("plain")), as: UTF8.self).split(separator: "\n")
    let failures = try lines.map { try JSON.decode(JSONValue.self, from: Data($0.utf8), source: "line") }
    #expect(failures.map { $0["row"]?.intValue } == [1, 500, 778])
    #expect(failures[1]["problem"] == "amount is negative" && failures[1]["expected"] == "0 or more")
    #expect(failures[1]["values"]?["note"] == "a, 499" && failures[1]["values"]?["id"] == 499)
    #expect(!FileManager.default.fileExists(atPath: place.path + "/plain/parts"))
  }

  @Test(arguments: ["csv", "parquet", "jsonl"])
  func `the output has the same bytes wherever the job was killed`(_ suffix: String) async throws {
    let place = try Workplace(rows: 300)
    _ = try await place.run(place.job("whole", suffix: suffix))
    let wanted = try place.bytes(place.output("whole", suffix)), reasons = try place.bytes(place.failures("whole"))
    // The n-th process dies at its n-th step, with what a killed one leaves behind lying about.
    let name = "killed"
    var kills = 0
    for fatal in 0... {
      let passed = Mutex(0)
      let job = try place.job(name, suffix: suffix) { _ in
        let step = passed.withLock { count in
          count += 1
          return count - 1
        }
        if step == fatal { throw Killed() }
      }
      do {
        let done = try await place.run(job, batchRows: 7 + fatal)
        #expect(done.isFinished && done.rows == 300 && done.failed == 1)
        break
      } catch is Killed { kills += 1 }
      try Data("half".utf8).write(to: URL(fileURLWithPath: "\(place.path)/\(name)/parts/.000001.arrow.1.2.partial"))
      if !FileManager.default.fileExists(atPath: "\(place.path)/\(name)/parts/000004.json") {
        try Data("half".utf8).write(to: URL(fileURLWithPath: "\(place.path)/\(name)/parts/000004.arrow"))
      }
    }
    #expect(kills >= 5)
    #expect(try place.bytes(place.output(name, suffix)) == wanted)
    #expect(try place.bytes(place.failures(name)) == reasons)
  }

  @Test func `each single step may be the last one of a process`() async throws {
    let place = try Workplace(rows: 200)
    let steps = Mutex<[JobStep]>([])
    _ = try await place.run(place.job("whole") { step in steps.withLock { $0.append(step) } })
    let wanted = try place.bytes(place.output("whole"))
    let all = steps.withLock { $0 }
    #expect(all.first == .begun && all.last == .finished && all.count == 4 + 4 * 4)
    for (number, fatal) in all.enumerated() {
      let name = "killed-\(number)"
      await #expect(throws: Killed.self) {
        _ = try await place.run(place.job(name) { step in if step == fatal { throw Killed() } })
      }
      let done = try await place.run(place.job(name))
      #expect(done.isFinished && done.rows == 200 && [0, 64, 128, 192, 200].contains(done.resumed), "\(fatal)")
      #expect(try place.bytes(place.output(name)) == wanted, "\(fatal)")
    }
  }

  @Test func `a stop finishes the part at hand, and the same command goes on`() async throws {
    let place = try Workplace()
    let task = Task {
      try await place.run(place.job("stopped")) { progress in
        if progress.parts == 3 { withUnsafeCurrentTask { $0?.cancel() } }
      }
    }
    let stopped = try await task.value
    #expect(!stopped.isFinished && stopped.rows == 192 && stopped.parts == 3)
    #expect(!FileManager.default.fileExists(atPath: place.output("stopped")))
    let done = try await place.run(place.job("stopped"))
    #expect(done.isFinished && done.resumed == 192 && done.rows == 1000)
    _ = try await place.run(place.job("plain"))
    #expect(try place.bytes(place.output("stopped")) == place.bytes(place.output("plain")))
  }

  @Test func `another input, model or option is refused`() async throws {
    let place = try Workplace()
    let begun = try place.identity()
    _ = await Task { try? await place.run(place.job("job") { step in if step == .recorded(part: 2) { throw Killed() } }) }.value
    func kind(_ identity: JobIdentity) async -> JobError.Kind? {
      do { _ = try await place.run(place.job("job", identity: identity)) } catch { return (error as? JobError)?.kind }
      return nil
    }
    #expect(await kind(try place.identity(digest: "abd")) == .modelChanged)
    #expect(await kind(try place.identity(model: "sum@2")) == .modelChanged)
    #expect(await kind(try place.identity(partRows: 65)) == .optionsChanged)
    var other = begun
    other.inputs[0].path = "other.csv"
    #expect(await kind(other) == .inputChanged)
    try place.write(rows: 1001)
    #expect(await kind(try place.identity()) == .inputChanged)
    try place.write(rows: 1000)
    let done = try await place.run(place.job("job"))
    #expect(done.isFinished && done.resumed == 192)
  }

  @Test func `too many rows without an answer end it, and more may be allowed`() async throws {
    let place = try Workplace()
    do {
      _ = try await place.run(place.job("job", maxFailures: 2))
      Issue.record("three rows have no answer")
    } catch let error as JobError {
      #expect(error.kind == .tooManyFailures && error.problem.contains("row 778"))
    }
    let done = try await place.run(place.job("job", maxFailures: 3))
    #expect(done.isFinished && done.failed == 3 && done.resumed == 768)
  }

  @Test func `a finished job says so again, unless its output was touched`() async throws {
    let place = try Workplace()
    let done = try await place.run(place.job("job"))
    let again = try await place.run(place.job("job"))
    #expect(again.isFinished && again.rows == done.rows && again.resumed == 1000 && again.failed == 3)
    try Data("x".utf8).write(to: URL(fileURLWithPath: place.output("job")))
    do {
      _ = try await place.run(place.job("job"))
      Issue.record("the output is another one")
    } catch let error as JobError { #expect(error.kind == .outputChanged) }
  }

  @Test func `a damaged part is found and can be answered again`() async throws {
    let place = try Workplace(rows: 300)
    _ = await Task { try? await place.run(place.job("job") { step in if step == .recorded(part: 3) { throw Killed() } }) }.value
    try Data("not it".utf8).write(to: URL(fileURLWithPath: place.path + "/job/parts/000001.arrow"))
    do {
      _ = try await place.run(place.job("job"))
      Issue.record("a part is damaged")
    } catch let error as JobError { #expect(error.kind == .damaged && error.remedy?.contains("000001.json") == true) }
    try FileManager.default.removeItem(atPath: place.path + "/job/parts/000001.json")
    #expect(try await place.run(place.job("job")).resumed == 64)
    _ = try await place.run(place.job("plain"))
    #expect(try place.bytes(place.output("job")) == place.bytes(place.output("plain")))
  }

  @Test func `two processes do not work on one job`() async throws {
    let place = try Workplace(rows: 100)
    let held = try JobFolder(path: place.path + "/job").lock()
    do {
      _ = try await place.run(place.job("job"))
      Issue.record("it is held")
    } catch let error as JobError { #expect(error.kind == .inUse) }
    withExtendedLifetime(held) {}
  }

  @Test func `a file in the place of the folder is named`() throws {
    let place = try Workplace(rows: 1)
    try Data("a".utf8).write(to: URL(fileURLWithPath: place.path + "/file.csv"))
    do {
      _ = try JobFolder(path: place.path + "/file.csv").lock()
      Issue.record("a file is no folder")
    } catch let error as FileError { #expect(error.problem.hasSuffix("is a file"), "\(error)") }
  }

  @Test func `an input without rows gives the columns`() async throws {
    let place = try Workplace(rows: 0)
    let done = try await place.run(place.job("job"))
    #expect(done.isFinished && done.rows == 0 && done.parts == 0)
    #expect(try Table.read(place.output("job")).columnNames == ["id", "amount", "note", "double"])
  }
}
