import Bundles
import Foundation
import MartletCore
import Registry
import Testing

@testable import Commands

@Suite struct RegistryCommandTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  private func run(_ arguments: String...) async -> Outcome {
    let output = CapturedOutput()
    let code = await Commands.execute(
      arguments: arguments + ["--registry", folder.registry], output: output, now: Date().addingTimeInterval(7260), width: 120,
      unicode: true)
    return Outcome(exitCode: code, output: output.output, notes: output.notes)
  }

  @Test func anEmptyRegistryIsFriendly() async throws {
    let outcome = await run("models")
    #expect(outcome.exitCode == 0)
    #expect(outcome.output == "no models yet; try: martlet run\n")
    #expect(try await run("models", "--json").json()["models"] == [])
    #expect(!FileManager.default.fileExists(atPath: folder.registry))
    #expect(await run("models", "fashion").exitCode == 1)
    #expect(await run("gc").exitCode == 1)
    _ = try ModelRegistry.open(at: folder.registry, create: true)
    #expect(await run("models").output == "no models yet; try: martlet run\n")
  }

  @Test func modelsAndVersions() async throws {
    try folder.register(accuracy: 0.9)
    try folder.register(accuracy: 0.92, seed: 2, aliases: ["production"])
    try folder.register("digits", accuracy: 0.97)
    let models = await run("models")
    #expect(models.exitCode == 0)
    let lines = models.output.split(separator: "\n").map(String.init)
    #expect(lines.count == 4)
    #expect(lines[2].hasPrefix("digits          1  @1      2 hours ago  accuracy 0.9700"))
    #expect(lines[3].hasPrefix("fashion         2  @2      2 hours ago  accuracy 0.9200  production @2"))
    let list = try await run("models", "--json").decode(Models.ModelList.self)
    #expect(list.models.map(\.name) == ["digits", "fashion"])
    let versions = await run("models", "fashion")
    #expect(versions.output.contains("fashion@2  2 hours ago  tester  accuracy 0.9200  production"))
    #expect(try await run("models", "fashion", "--json").decode(Models.VersionList.self).versions.map(\.number) == [2, 1])
  }

  @Test func showIsComplete() async throws {
    try folder.register(accuracy: 0.92, aliases: ["production"])
    let outcome = await run("show", "fashion@production")
    #expect(outcome.exitCode == 0)
    for part in [
      "fashion@1  image-classifier, registered 2 hours ago by tester", "aliases  production", "tags     first",
      "images float32 [?, 1, 28, 28]", "2: boot, shirt", "accuracy   0.9200  0.9150 to 0.9250", "logLoss   0.08000",
      "54000 items, abababababab",
      "seed           1",
    ] { #expect(outcome.output.contains(part), "\(part)\n\(outcome.output)") }
    let document = try await run("show", "fashion", "--json").decode(Show.Document.self)
    #expect(document.metrics["accuracy"]?.lower == 0.915)
    #expect(document.configuration == ["width": 32])
    #expect(document.files.count == 2)
    #expect(document.signature.inputs.count == 1)
  }

  @Test func compareFollowsEachMetricsDirection() async throws {
    try folder.register(accuracy: 0.9)
    try folder.register(accuracy: 0.95, seed: 2)
    let outcome = await run("compare", "fashion@1", "fashion@2")
    #expect(outcome.exitCode == 0)
    #expect(outcome.output.contains("accuracy     0.9000     0.9500    +0.05000  ▲ better"))
    #expect(outcome.output.contains("32"))
    #expect(outcome.output.contains("64"))
    let back = await run("compare", "fashion@2", "fashion@1")
    #expect(back.output.contains("▼ worse"))
    let document = try await run("compare", "fashion@1", "fashion@2", "--json").decode(Comparison.self)
    #expect(document.metrics.first { $0.name == "accuracy" }?.verdict == .better)
    #expect(document.configuration.first?.path == "width")
    let same = await run("compare", "fashion@1", "fashion@1")
    #expect(same.exitCode == 0)
    #expect(!same.output.contains("configuration"))
  }

  private static func running(_ from: Int, _ to: Int) -> String {
    "servers that run go on with fashion@\(from); try: martlet release fashion@\(to) --from \(from)\n"
  }

  @Test func promoteAndRollBack() async throws {
    for seed in 1...4 { try folder.register(accuracy: 0.9, seed: UInt64(seed)) }
    #expect(await run("promote", "fashion@1", "--to", "production").output == "fashion@production is fashion@1\n")
    #expect(await run("rollback", "fashion").exitCode == 1)
    #expect(
      await run("promote", "fashion@2", "--to", "production").output == "fashion@production is fashion@2, before fashion@1\n"
        + Self.running(1, 2))
    #expect(await run("promote", "fashion@2", "--to", "production").output == "fashion@production is fashion@2 already\n")
    #expect(await run("promote", "fashion@4", "--to", "production", "--note", "better").exitCode == 0)
    #expect(await run("rollback", "fashion").output == "fashion@production is fashion@2, before fashion@4\n" + Self.running(4, 2))
    #expect(await run("rollback", "fashion").output == "fashion@production is fashion@1, before fashion@2\n" + Self.running(2, 1))
    #expect(await run("rollback", "fashion").exitCode == 1)
    #expect(await run("promote", "fashion@3", "--to", "production").exitCode == 0)
    #expect(try await run("rollback", "fashion", "--json").json()["to"] == 1)
    let unknown = await run("rollback", "fashion", "--alias", "staging")
    #expect(unknown.notes.contains("fashion has no alias 'staging'\n  expected: production"))
    #expect(await run("promote", "fashion@1", "--to", "Not Good").exitCode != 0)
  }

  @Test func rollbackSkipsWhatIsDeleted() async throws {
    for seed in 1...3 {
      try folder.register(accuracy: 0.9, seed: UInt64(seed))
      #expect(await run("promote", "fashion@\(seed)", "--to", "production").exitCode == 0)
    }
    #expect(await run("delete", "fashion@2").exitCode == 0)
    #expect(await run("rollback", "fashion").output == "fashion@production is fashion@1, before fashion@3\n" + Self.running(3, 1))
  }

  @Test func tagsAndNotes() async throws {
    try folder.register(accuracy: 0.9)
    #expect(await run("tag", "fashion@1", "good", "small").output == "fashion@1: first, good, small\n")
    #expect(await run("tag", "fashion@1", "first", "small", "--remove").output == "fashion@1: good\n")
    #expect(await run("note", "fashion@1", "\u{1B}[31mred").output == "fashion@1: ?[31mred\n")
    #expect(await run("note", "fashion@1", "the one we keep").output == "fashion@1: the one we keep\n")
    #expect(try await run("show", "fashion", "--json").json()["note"] == "the one we keep")
    #expect(await run("note", "fashion@1", "").output == "fashion@1: no note\n")
    #expect(try await run("tag", "fashion@1", "x", "--json").decode(ModelVersion.self).tags == ["good", "x"])
  }

  @Test func deleteAndCollect() async throws {
    try folder.register(accuracy: 0.9, aliases: ["production"])
    try folder.register(accuracy: 0.91, seed: 2)
    let protected = await run("delete", "fashion@1")
    #expect(protected.exitCode == 1)
    #expect(protected.notes.contains("production"))
    #expect(await run("delete", "fashion@1", "--force").output == "fashion@1 is deleted; to free the space: martlet gc\n")
    let dry = await run("gc", "--dry-run", "--now")
    #expect(dry.output.hasPrefix("would free: "))
    #expect(await run("gc", "--now").output == dry.output.replacingOccurrences(of: "would free", with: "freed"))
    #expect(try await run("gc", "--now", "--json").json()["objects"] == 0)
    #expect(await run("show", "fashion@1").exitCode == 1)
    #expect(await run("verify").exitCode == 0)
  }

  @Test func verifyFindsWhatChanged() async throws {
    try folder.register(accuracy: 0.9)
    let clean = await run("verify", "fashion@1")
    #expect(clean.exitCode == 0)
    #expect(clean.output.hasSuffix(": all as registered\n"))
    let objects = folder.registry + "/objects"
    let file = try #require(
      try FileManager.default.subpathsOfDirectory(atPath: objects).first { path in
        (try? String(contentsOfFile: objects + "/" + path, encoding: .utf8))?.hasPrefix("weights") == true
      })
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: objects + "/" + file)
    try Data("changed".utf8).write(to: URL(fileURLWithPath: objects + "/" + file))
    let outcome = await run("verify")
    #expect(outcome.exitCode == 1)
    #expect(outcome.output.contains("weights.safetensors"))
    let report = try await run("verify", "--json").decode(VerificationReport.self)
    #expect(!report.isClean)
  }

  @Test func historyOfAnAlias() throws {
    func moved(_ to: Int, _ note: String = "") throws -> RegistryEvent {
      let text = """
        {"time": "2026-01-01T00:00:00Z", "user": "a", "action": "aliasMoved", "name": "m", "alias": "p", "to": \(to), "note": "\(note)"}
        """
      return try JSON.decode(RegistryEvent.self, from: Data(text.utf8), source: "event")
    }
    let all: Set<Int> = [1, 2, 3, 4]
    func previous(_ events: [RegistryEvent], _ current: Int, _ existing: Set<Int>) -> Int? {
      AliasHistory.previous(events.reversed(), current: current, existing: existing)
    }
    #expect(previous([], 1, all) == nil)
    #expect(try previous([moved(1)], 1, all) == nil)
    #expect(try previous([moved(1), moved(2)], 2, all) == 1)
    #expect(try previous([moved(1), moved(2), moved(1, "rollback")], 1, all) == nil)
    #expect(try previous([moved(1), moved(2), moved(3), moved(2, "rollback"), moved(4)], 4, all) == 2)
    #expect(try previous([moved(1), moved(2), moved(3)], 3, [1, 3]) == 1)
  }
}
