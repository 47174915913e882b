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
    let plain = try Data(contentsOf: URL(fileURLWithPath: place.folder + "/plain.csv"))
    #expect(try Data(contentsOf: URL(fileURLWithPath: place.folder + "/job.csv")) == plain)

    // A cell that no model can read makes its row fail, and no other.
    let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: place.folder + "/new.csv")), as: UTF8.self)
    var lines = text.split(separator: "\n").map(String.init)
    lines[100] = "c99,long,plus,20.0,2012-01-15,yes"
    try AtomicFile.write(Data((lines.joined(separator: "\n") + "\n").utf8), to: place.folder + "/poison.csv")
    let poisoned = try await predict("poison.csv", "poisoned.csv", job: job("poison"))
    #expect(poisoned.rows == 300 && poisoned.job?.failed == 1)
    #expect(try Table.read(place.folder + "/poisoned.csv").rowCount == 299)
    let reason = try JSON.decode(
      JSONValue.self, from: Data(contentsOf: URL(fileURLWithPath: try #require(poisoned.job?.failures))), source: "reason")
    #expect(reason["row"] == 100 && reason["problem"]?.stringValue?.contains("tenure") == true)
    do {
      _ = try await predict("poison.csv", "job.csv", job: job("whole"))
      Issue.record("another input")
    } catch let error as JobError { #expect([.inputChanged, .optionsChanged].contains(error.kind)) }
  }
}
