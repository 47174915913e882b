import DatabaseTesting
import Foundation
import Glibc
import MartletCore
import Registry
import Releases
import Testing

@testable import Commands
@testable import Martlet

/// `martlet serve` beside a team's registry: records in PostgreSQL, files in a folder that is shared.
@Suite(.serialized) struct TeamReleaseTests {
  private static let project = """
    name: customers
    task: classification
    data: {file: customers.csv, target: left, positive: "yes", drop: [id, since], test: 0.3}
    models: [logistic]
    select: {folds: 0}
    balance: none
    training: {seed: 5, threads: 1}
    evaluation: {importance: 0}
    """

  @Test func `a release is carried out, and its alias moves in the registry of the team`() async throws {
    let place = try TemporaryProject()
    try TableJourneyTests.write(place, rows: 400)
    let surroundings = Surroundings(registry: try TemporaryPostgreSQL.shared().newURL(), quiet: true)
    var options = RegistryOptions()
    options.artifacts = place.folder + "/shared"
    let registry = try ModelRegistry.open(at: surroundings.registry, create: true, options: options)
    for (seed, alias) in [(5, ["production"]), (6, [])] {
      let file = try place.project(Self.project, overrides: ["training.seed=\(seed)"])
      _ = try await MartletEngine().run(
        RunRequest(project: file, resume: nil, aliases: alias, tags: [], note: "", surroundings: surroundings))
    }
    var plan = ReleasePlan(model: "customers", baseline: "1", candidate: "2")
    plan.steps = [.init(share: 0, seconds: 0, requests: 60), .init(share: 0.5, seconds: 0, requests: 30)]
    plan.gates = try [ReleaseGate("errors <= 30%"), ReleaseGate("input-drift <= 3")]
    plan.alias = "production"
    let folder = try #require(ReleaseFolder.path(registry))
    #expect(folder == place.folder + "/shared/releases")
    let store = ReleaseStore(folder: folder)
    try store.begin(ReleaseState(plan, by: "ann"))

    let ready = place.folder + "/ready.json"
    // The test's own program lies beside the others.
    let here = URL(fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")).deletingLastPathComponent()
    let server = Process()
    server.executableURL = here.appendingPathComponent("martlet")
    server.arguments = [
      "serve", "customers@production", "--port", "0", "--ready-file", ready, "--quiet", "--registry", surroundings.registry,
    ]
    try server.run()
    defer { if server.isRunning { kill(server.processIdentifier, SIGKILL) } }
    for _ in 0..<6000 where server.isRunning && !FileManager.default.fileExists(atPath: ready) {
      try await Task.sleep(for: .milliseconds(10))
    }
    let port = try JSON.decode(JSONValue.self, from: Data(contentsOf: URL(fileURLWithPath: ready)), source: ready)["port"]?.intValue ?? 0
    for round in 0..<120 {
      guard try store.active("customers") != nil else { break }
      let answers = try await ask("http://127.0.0.1:\(port)/models/customers/predict?n=[1-20]", tenure: round * 7 % 60)
      #expect(answers.contains("\"prediction\"") && !answers.contains("\"error\""), "\(answers)")
      try await Task.sleep(for: .milliseconds(50))
    }
    server.terminate()
    server.waitUntilExit()
    #expect(server.terminationStatus == 0)
    let state = try #require(try store.newest("customers"))
    #expect(state.phase == .promoted, "\(state.events.map(\.text))")
    #expect(state.events.contains { $0.text.contains("drift of the inputs") && $0.text.contains("pass") }, "\(state.events.map(\.text))")
    #expect(try registry.aliases(of: "customers") == ["production": 2])
    #expect(try registry.verifyAudit().isWhole)
    try registry.close()
  }

  /// Asks about one row as often as the address says.
  private func ask(_ url: String, tenure: Int) async throws -> String {
    let process = Process(), output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    let row = #"{"tenure": \#(tenure), "plan": "\#(["basic", "plus", "gold, with extras"][tenure % 3])", "spend": \#(10 + tenure)}"#
    process.arguments = ["curl", "-sS", "-X", "POST", "-H", "Content-Type: application/json", "-d", row, url]
    process.standardOutput = output
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }
}
