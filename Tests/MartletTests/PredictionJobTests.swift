import Foundation
import Jobs
import MartletCore
import Tables
import Testing

@testable import Commands
@testable import Martlet

/// `martlet predict --checkpoint` over a model that the test trains itself.
@Suite(.serialized) struct PredictionJobTests {
  @Test func `a job gives the rows of a plain prediction, and says which have no answer`() async throws {
    let place = try TemporaryProject(), engine = MartletEngine()
    try TableJourneyTests.write(place)
    let file = try place.project(TableJourneyTests.small)
    _ = try await engine.run(
      RunRequest(project: file, resume: nil, aliases: [], tags: [], note: "", surroundings: place.surroundings))
    try TableJourneyTests.write(place, rows: 300, name: "new.csv")
    func predict(_ input: String, _ output: String, job: PredictionJobRequest?) async throws -> PredictionSummary {
      try await engine.predict(
        PredictRequest(
          reference: "customers", inputs: [place.folder + "/" + input], top: nil, output: place.folder + "/" + output,
          surroundings: place.surroundings, job: job))
    }
    func job(_ name: String) -> PredictionJobRequest {
      PredictionJobRequest(checkpoint: place.folder + "/jobs/" + name, partRows: 70, maxFailures: 2, failures: nil)
    }
    _ = try await predict("new.csv", "plain.csv", job: nil)
    let done = try await predict("new.csv", "job.csv", job: job("whole"))
    #expect(done.rows == 300 && done.job?.isFinished == true && done.job?.failed == 0 && done.job?.parts == 5)
    let plainInput = try Data(contentsOf: URL(fileURLWithPath: place.folder + "/new.csv"))
    let plain = try Data(contentsOf: URL(fileURLWithPath: place.folder + "/plain.csv"))
    #expect(try Data(contentsOf: URL(fileURLWithPath: place.folder + "/job.csv")) == plain)

    // Numbers of another form than those of the first rows are numbers, too.
    let first = String(decoding: plainInput, as: UTF8.self).split(separator: "\n").map(String.init)
    var mixed = first
    mixed[200] = "c199,1.5,plus,1e3,2012-01-15,yes"
    func write(_ lines: [String], _ name: String) throws {
      try AtomicFile.write(Data((lines.joined(separator: "\n") + "\n").utf8), to: place.folder + "/" + name)
    }
    try write(mixed, "mixed.csv")
    #expect(try await predict("mixed.csv", "mixed-plain.csv", job: nil).rows == 300)
    let mixedJob = try await predict("mixed.csv", "mixed-job.csv", job: job("mixed"))
    #expect(mixedJob.rows == 300 && mixedJob.job?.failed == 0)

    // Without a file, people see the first thousand rows, programs all.
    try write([first[0]] + (0..<4).flatMap { _ in first.dropFirst() }, "long.csv")
    func shown(_ surroundings: Surroundings) async throws -> PredictionSummary {
      try await engine.predict(
        PredictRequest(reference: "customers", inputs: [place.folder + "/long.csv"], top: nil, surroundings: surroundings))
    }
    let short = try await shown(place.surroundings)
    #expect(short.predictions.count == 1000 && short.rows == 1200)
    let all = try await shown(Surroundings(registry: place.surroundings.registry, quiet: true, json: true))
    #expect(all.predictions.count == 1200 && all.rows == nil)
    #expect(all.predictions[999] == short.predictions[999])

    // What cannot be is named: a folder without tables, a column that is there twice, a word for a number.
    func problem(_ input: String) async -> String {
      do {
        _ = try await engine.predict(
          PredictRequest(
            reference: "customers", inputs: [input], top: nil, output: place.folder + "/no.csv", surroundings: place.surroundings))
        return "no error"
      } catch { return "\(error)" }
    }
    #expect(await problem("/").contains("is a folder"))
    try FileManager.default.createDirectory(atPath: place.folder + "/empty/deep", withIntermediateDirectories: true)
    #expect(await problem(place.folder + "/empty").contains("is a folder, and holds nothing that the model reads"))
    try write(first.map { $0 + ($0.hasPrefix("id") ? ",tenure" : ",1") }, "twice.csv")
    #expect(await problem(place.folder + "/twice.csv").contains("has the column 'tenure', which the model reads, 2 times"))
    mixed[200] = "c199,long,plus,20,2012-01-15,yes"
    try write(mixed, "word.csv")
    let word = await problem(place.folder + "/word.csv")
    #expect(word.contains("word.csv") && word.contains("row 200 ") && word.contains("'long'"), "\(word)")

    // A cell that no model can read makes its row fail, and no other.
    var lines = first
    lines[100] = "c99,long,plus,20.0,2012-01-15,yes"
    try AtomicFile.write(Data((lines.joined(separator: "\n") + "\n").utf8), to: place.folder + "/poison.csv")
    let poisoned = try await predict("poison.csv", "poisoned.csv", job: job("poison"))
    #expect(poisoned.rows == 300 && poisoned.job?.failed == 1)
    #expect(try Table.read(place.folder + "/poisoned.csv").rowCount == 299)
    let reason = try JSON.decode(
      JSONValue.self, from: Data(contentsOf: URL(fileURLWithPath: try #require(poisoned.job?.failures))), source: "reason")
    #expect(reason["row"] == 100 && reason["problem"]?.stringValue?.contains("tenure") == true)
    #expect(reason["problem"]?.stringValue?.contains("row") == false, "\(reason)")
    do {
      _ = try await predict("poison.csv", "job.csv", job: job("whole"))
      Issue.record("another input")
    } catch let error as JobError { #expect([.inputChanged, .optionsChanged].contains(error.kind)) }
  }
}
