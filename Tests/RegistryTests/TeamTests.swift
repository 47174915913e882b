import Bundles
import DatabaseTesting
import Databases
import Foundation
import MartletCore
import Registry
import Testing

@Suite struct ApprovalTests {
  @Test(arguments: TestDatabase.allCases) func `a protected alias moves when enough others agree`(_ kind: TestDatabase) throws {
    try withFolder(kind) { folder in
      func person(_ name: String) throws -> ModelRegistry { try openRegistry(in: folder, user: name) }
      let ann = try person("ann"), ben = try person("ben"), eve = try person("eve")
      let first = try ann.register(sampleBundle(in: folder), aliases: ["production"]), second = try ann.register(sampleBundle(in: folder))
      try ann.protect("production", of: "fashion", approvals: 2)
      #expect(try ann.rules(of: "fashion").map(\.approvals) == [2])
      func refused(_ body: () throws -> Void) { #expect((#expect(throws: RegistryError.self) { try body() })?.kind == .protected) }
      refused { try ann.setAlias("production", to: second) }
      refused { try ann.register(sampleBundle(in: folder), aliases: ["production"]) }
      refused { try ann.removeAlias("production", of: "fashion") }
      refused { try ann.delete(first, force: true) }
      #expect(try ann.versions(of: "fashion").count == 2)
      try ann.setAlias("canary", to: second)

      let asked = try ann.requestAlias("production", to: second, note: "better")
      #expect(asked.state == .waiting && asked.needed == 2 && asked.approvals.isEmpty)
      #expect((#expect(throws: RegistryError.self) { try ben.requestAlias("production", to: second) })?.kind == .exists)
      refused { _ = try ann.approve(asked.id) }
      #expect(try ben.approve(asked.id).approvals.map(\.user) == ["ben"])
      refused { _ = try ben.approve(asked.id) }
      #expect(try ann.aliases(of: "fashion")["production"] == 1)
      #expect(try eve.requests().map(\.id) == [asked.id])
      let done = try eve.approve(asked.id, note: "seen")
      #expect(done.state == .done && done.approvals.count == 2)
      #expect(try ann.aliases(of: "fashion")["production"] == 2)
      refused { _ = try person("kim").approve(asked.id) }
      // The way back is free, a third version is not.
      try ann.setAlias("production", to: first)
      let third = try ann.register(sampleBundle(in: folder, weights: "third"))
      let no = try ann.requestAlias("production", to: third)
      #expect(try ben.reject(no.id).state == .rejected)
      refused { _ = try eve.approve(no.id) }
      refused { try ann.setAlias("production", to: third) }
      #expect(try ann.requests(nil).map(\.state) == [.rejected, .done])
      #expect((#expect(throws: RegistryError.self) { try ann.approve(99) })?.kind == .notFound)
      try ann.protect("production", of: "fashion", approvals: 0)
      #expect(try ann.setAlias("production", to: third).to == 3)
      #expect(try ann.verifyAudit().isWhole)
    }
  }

  @Test(arguments: TestDatabase.allCases) func `gates keep an alias from what was not measured well`(_ kind: TestDatabase) throws {
    try withRegistry(kind) { registry, folder in
      func register(_ value: Double, _ half: Double?) throws -> ModelVersion {
        let metric = MetricSummary(value, lower: half.map { value - $0 }, upper: half.map { value + $0 }, level: 0.95, higherIsBetter: true)
        return try registry.register(sampleBundle(in: folder, weights: "\(value) \(half ?? 0)", metrics: ["accuracy": metric]))
      }
      let sure = try register(0.92, 0.01), unsure = try register(0.92, 0.05), bare = try register(0.95, nil)
      try registry.protect(
        "production", of: "fashion", approvals: 0, gates: [AliasGate(text: "accuracy>=0.9"), AliasGate(text: "size<=100000")])
      func problem(_ version: ModelVersion) -> String? {
        let error = #expect(throws: RegistryError.self) { try registry.setAlias("production", to: version) }
        #expect(error?.kind == .gate)
        return error?.problem
      }
      #expect(problem(unsure)?.hasSuffix("accuracy is at least 0.87; at least 0.9 is required") == true)
      #expect(problem(bare)?.hasSuffix("accuracy has no interval, and the lower end is judged") == true)
      try registry.setAlias("production", to: sure)
      try registry.protect(
        "staging", of: "fashion", approvals: 0, gates: [AliasGate(text: "accuracy >= 0.9~"), AliasGate(text: "f1>=0.5")])
      let error = #expect(throws: RegistryError.self) { try registry.setAlias("staging", to: bare) }
      #expect(error?.problem.hasSuffix("f1 was not measured") == true)
      #expect((#expect(throws: RegistryError.self) { try registry.requestAlias("staging", to: bare) })?.kind == .gate)
    }
  }

  @Test func `latency, slices and fairness are read from the report`() throws {
    try withRegistry { registry, folder in
      let writer = try BundleWriter(at: folder + "/reported")
      try writer.add(json: ["p99": ["value": 12, "lower": 10, "upper": 14]] as JSONValue, as: "report/latency.json")
      try writer.add(
        json: [
          "slices": [
            ["name": "day", "metrics": ["accuracy": ["value": 0.9, "lower": 0.85, "upper": 0.95]]],
            ["name": "night", "metrics": ["accuracy": ["value": 0.8, "lower": 0.75, "upper": 0.85], "recall": [:]]],
            ["name": "noon", "metrics": ["recall": ["value": 0.9, "lower": 0.85, "upper": 0.95]]],
          ]
        ] as JSONValue, as: "report/slices.json")
      let version = try registry.register(
        writer.finish(name: "fashion", kind: "image-classifier", signature: sampleSignature, labels: ["a", "b"]))
      func verdicts(_ texts: String...) throws -> [Bool] {
        try registry.evaluate(texts.map { try AliasGate(text: $0) }, on: version).map(\.passed)
      }
      #expect(try verdicts("latency.p99<=14", "latency.p99<=13", "latency.p99<=13~", "latency.p50<=99") == [true, false, true, false])
      #expect(try verdicts("slices.accuracy>=0.75", "slices.accuracy>=0.76", "slices.f1>=0.1") == [true, false, false])
      #expect(try verdicts("fairness.gap<=0.1", "size<=10", "size<=100000") == [false, false, true])
      let night = try registry.evaluate([AliasGate(text: "slices.accuracy>=0.8")], on: version)[0]
      #expect(night.text == "slices accuracy in 'night' is at least 0.75; at least 0.8 is required" && night.judged == 0.75)
      let empty = try registry.evaluate([AliasGate(text: "slices.recall>=0.1~")], on: version)[0]
      #expect(!empty.passed && empty.text == "slices recall in 'night' was not measured")
      for text in ["", "accuracy", ">=1", "accuracy>=x", "accuracy=1"] { #expect(throws: RegistryError.self) { try AliasGate(text: text) } }
      #expect(try AliasGate(text: " slices.a.b <= 0.5~ ").text == "slices.a.b<=0.5~")
    }
  }

  @Test(arguments: TestDatabase.allCases) func `stages follow aliases and tags`(_ kind: TestDatabase) throws {
    try withRegistry(kind) { registry, folder in
      let first = try registry.register(sampleBundle(in: folder)), second = try registry.register(sampleBundle(in: folder))
      #expect(first.stage == .none)
      #expect(try registry.setStage(.production, of: first).aliases == ["production"])
      #expect(try registry.setStage(.production, of: second).stage == .production)
      #expect(try registry.resolve("fashion@1").stage == .none)
      #expect(try registry.setStage(.staging, of: second).aliases == ["staging"])
      #expect(try registry.setStage(.archived, of: second).tags == ["archived"])
      #expect(try registry.search("stage = 'archived'").map(\.number) == [2])
      #expect(try registry.setStage(.none, of: second).tags == [])
    }
  }
}

@Suite struct AuditTests {
  private func withEvents(_ kind: TestDatabase, _ body: (ModelRegistry) throws -> Void) throws {
    try withRegistry(kind) { registry, folder in
      let version = try registry.register(sampleBundle(in: folder))
      for tag in ["a", "b", "c"] { try registry.addTags([tag], to: version) }
      try registry.setAlias("production", to: version, note: "x")
      try body(registry)
    }
  }

  @Test(arguments: TestDatabase.allCases) func `the log is a chain and every change of it shows`(_ kind: TestDatabase) throws {
    let changes: [(String, Int)] = [
      ("UPDATE events SET \"user\" = 'nobody' WHERE id = 2", 2), ("UPDATE events SET note = 'z' WHERE id = 3", 3),
      ("UPDATE events SET time = time + 1 WHERE id = 1", 1), ("UPDATE events SET version = NULL WHERE id = 4", 4),
      ("UPDATE events SET toVersion = 7 WHERE id = 5", 5), ("UPDATE events SET action = 'deleted' WHERE id = 5", 5),
      ("UPDATE events SET alias = 'x', note = '' WHERE id = 5", 5), ("DELETE FROM events WHERE id = 3", 3),
      ("DELETE FROM events WHERE id = 1", 1), ("UPDATE events SET id = 99 WHERE id = 2", 2),
      ("UPDATE events SET hash = NULL WHERE id = 4", 4),
      ("UPDATE events SET hash = previous WHERE id = 2", 2),
    ]
    for (sql, place) in changes {
      try withEvents(kind) { registry in
        #expect(try registry.verifyAudit().isWhole)
        try registry.database.write { try $0.execute(sql) }
        let report = try registry.verifyAudit()
        #expect(report.broken?.position == place, "\(sql)")
      }
    }
  }

  @Test(arguments: TestDatabase.allCases) func `what is cut off at the end shows against a head that was noted`(_ kind: TestDatabase) throws
  {
    try withEvents(kind) { registry in
      let head = try registry.verifyAudit().head
      try registry.addTags(["d"], to: registry.resolve("fashion"))
      #expect(try registry.verifyAudit(head: head).events == 6)
      try registry.database.write { try $0.execute("DELETE FROM events WHERE id >= 5") }
      #expect(try registry.verifyAudit().isWhole)
      #expect((#expect(throws: RegistryError.self) { try registry.verifyAudit(head: head) })?.kind == .audit)
    }
  }

  @Test(arguments: TestDatabase.allCases) func `what is done to a server is a link of the chain`(_ kind: TestDatabase) throws {
    try withEvents(kind) { registry in
      try registry.recordOperation(on: "fashion", by: "ann", note: "POST /v2/repository/models/{name}/load: 200")
      try registry.recordOperation(on: "", by: "nobody", note: "\0" + String(repeating: "x", count: 5000))
      let events = try registry.events(limit: 2)
      #expect(events.map(\.action) == [.operated, .operated] && events.map(\.user) == ["nobody", "ann"])
      #expect(events[1].name == "fashion" && events[0].note.count == 1999)
      #expect(try registry.verifyAudit().isWhole && registry.verifyAudit().events == 7)
      try registry.database.write { try $0.execute("UPDATE events SET \"user\" = 'bob' WHERE action = 'operated' AND name = 'fashion'") }
      #expect(try registry.verifyAudit().broken?.position == 6)
    }
  }

  @Test(.onFiles) func `a registry of the first schema is brought up to date and its events are chained`() throws {
    try withFolder { folder in
      let registry = try openRegistry(in: folder)
      let version = try registry.register(sampleBundle(in: folder), aliases: ["production"])
      // Back to what the first Martlet made.
      try registry.database.write { database in
        for table in ["outbox", "webhooks", "retention", "approvals", "requests", "rules", "signatures", "dataKeys", "settings"] {
          try database.execute("DROP TABLE \(table)")
        }
        for index in ["metricsByName", "tagsByTag", "versionsByRegistered"] { try database.execute("DROP INDEX \(index)") }
        for column in ["previous", "hash"] { try database.execute("ALTER TABLE events DROP COLUMN \(column)") }
        try database.script("PRAGMA user_version = 1")
      }
      try registry.close()
      let old = try openRegistry(in: folder)
      #expect(try old.resolve("fashion@production") == version)
      let report = try old.verifyAudit()
      #expect(report.isWhole && report.events == 2 && report.head != String(repeating: "0", count: 64))
      try old.addTags(["new"], to: version)
      #expect(try old.verifyAudit(head: report.head).events == 3)
    }
  }
}
