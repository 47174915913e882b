import Bundles
import DatabaseTesting
import Databases
import Foundation
import MartletCore
import Synchronization
import Testing

@testable import Registry

@Suite struct BackupTests {
  private final class Flag: Sendable {
    let isUp = Atomic<Bool>(false)
  }

  /// Everything that a registry can hold.
  private func fill(_ registry: ModelRegistry, _ folder: String) throws {
    let metrics = ["accuracy": MetricSummary(1.0 / 3, lower: 0.1 + 0.2, upper: .infinity, level: 0.95, higherIsBetter: true)]
    let first = try registry.register(
      sampleBundle(in: folder, metrics: metrics, lineage: Lineage(parent: "other@4")), tags: ["a", "b"], note: "grüße\n\"鸟\"",
      aliases: ["production"])
    let second = try registry.register(sampleBundle(in: folder, weights: "second"))
    try registry.protect("production", of: "fashion", approvals: 1, gates: [AliasGate(text: "size<=1000000")])
    _ = try registry.requestAlias("production", to: second)
    try registry.sign(first, with: SigningKey.create(at: folder + "/key", name: "me"))
    try registry.setRetention(RetentionRules(keepLast: 3), of: "fashion")
    _ = try registry.addWebhook("https://example.com/hook", actions: [.tagged])
    try registry.addTags(["c"], to: second)
  }

  private func rows(_ registry: ModelRegistry, _ folder: String) throws -> [String: [String]] {
    var found: [String: [String]] = [:]
    let folder = folder + "/rows-" + UUID().uuidString
    let summary = try registry.backup(to: folder)
    for line in try String(contentsOfFile: folder + "/tables-\(summary.tables).jsonl", encoding: .utf8).split(separator: "\n") {
      found[String(line.dropFirst(2).prefix { $0 != "\"" }), default: []].append(String(line))
    }
    return found
  }

  @Test(arguments: TestDatabase.allCases, TestDatabase.allCases) func `what was backed up is there again`(
    _ from: TestDatabase, _ to: TestDatabase
  ) throws {
    try withRegistry(from) { source, folder in
      try fill(source, folder)
      let backup = folder + "/backup"
      let summary = try source.backup(to: backup)
      #expect(summary.objects == 6 && summary.rows["versions"] == 2 && summary.rows["outbox"] == 1)
      #expect(summary.auditHead == (try source.verifyAudit().head))
      try withRegistry(to) { target, other in
        #expect(try target.restore(from: backup) == summary)
        #expect(try target.verify().isClean)
        #expect(try target.verifyAudit(head: summary.auditHead).isWhole)
        // Row by row, but for the event that says that it was restored.
        let expected = try rows(source, folder)
        var found = try rows(target, other)
        #expect(found["events"]?.popLast()?.contains("\"restored\"") == true)
        #expect(found == expected)
        #expect(try target.bundle(target.resolve("fashion@production")).digest == source.resolve("fashion@1").digest)
        #expect(try target.compare(target.resolve("fashion@1"), target.resolve("fashion@2")).metrics.count == 1)
        // What comes next gets numbers of its own.
        #expect(try target.register(sampleBundle(in: other, weights: "third")).number == 3)
        #expect(try target.requestAlias("production", to: target.resolve("fashion@3")).id == 2)
        #expect((#expect(throws: RegistryError.self) { try target.restore(from: backup) })?.kind == .exists)
      }
      // Again into the same folder: only what is new is copied.
      try source.register(sampleBundle(in: folder, weights: "fourth"))
      #expect(try source.backup(to: backup).objects == 8)
      #expect(try FileManager.default.contentsOfDirectory(atPath: backup).count == 3)
    }
  }

  @Test(arguments: TestDatabase.allCases) func `a backup during writes is one state`(_ kind: TestDatabase) throws {
    let folder = try newFolder(kind)
    defer { remove(folder) }
    let registry = try openRegistry(in: folder), flag = Flag()
    try registry.register(sampleBundle(in: folder))
    // On a thread of its own: both block.
    Thread.detachNewThread {
      defer { flag.isUp.store(true, ordering: .relaxed) }
      do {
        for index in 0..<15 {
          let version = try registry.register(sampleBundle(in: folder, weights: "\(index)"), tags: ["a"], aliases: ["current"])
          if index > 2 { try registry.delete(registry.resolve("fashion@\(version.number - 2)"), force: true) }
          _ = try registry.collectGarbage()
        }
      } catch { Issue.record(error) }
    }
    var round = 0
    repeat {
      round += 1
      let backup = folder + "/backup-\(round)"
      let summary = try registry.backup(to: backup)
      try withRegistry { copy, _ in
        try copy.restore(from: backup)
        let report = try copy.verify()
        #expect(report.isClean && report.versions == summary.rows["versions"])
        #expect(try copy.verifyAudit(head: summary.auditHead).isWhole)
      }
    } while !flag.isUp.load(ordering: .relaxed)
  }

  @Test func `a backup that was changed is refused and leaves nothing`() throws {
    try withRegistry { source, folder in
      try fill(source, folder)
      let summary = try source.backup(to: folder + "/backup")
      let tables = folder + "/backup/tables-\(summary.tables).jsonl"
      func refused(_ kind: RegistryError.Kind) throws {
        try withRegistry { target, _ in
          #expect((#expect(throws: RegistryError.self) { try target.restore(from: folder + "/backup") })?.kind == kind)
          let models = try target.models()
          #expect(models.isEmpty)
        }
      }
      let text = try String(contentsOfFile: tables, encoding: .utf8)
      try text.replacing("\"fashion\"", with: "\"fashiom\"").write(toFile: tables, atomically: true, encoding: .utf8)
      try refused(.corrupt)
      try text.write(toFile: tables, atomically: true, encoding: .utf8)
      let digest = Digest.sha256("weights"), path = "\(folder)/backup/objects/\(ObjectStore.name(digest))"
      try Data("WEIGHTS".utf8).write(to: URL(fileURLWithPath: path))
      try refused(.corrupt)
      remove(folder + "/backup/backup.json")
      try refused(.notFound)
    }
  }

  @Test func `encrypted files stay encrypted in a backup`() throws {
    try withFolder { folder in
      try EncryptionKeys.addKey(to: folder + "/keys")
      let registry = try configuredRegistry(in: folder) { $0.encryption = .file(folder + "/keys") }
      let version = try registry.register(sampleBundle(in: folder))
      try registry.backup(to: folder + "/backup")
      #expect(!FileManager.default.fileExists(atPath: folder + "/backup/objects/" + ObjectStore.name(version.digest)))
      try withFolder { other in
        let target = try configuredRegistry(in: other) { $0.encryption = .file(folder + "/keys") }
        try target.restore(from: folder + "/backup")
        #expect(try target.verify().isClean)
        #expect(try target.bundle(version).digest == version.digest)
      }
    }
  }
}
