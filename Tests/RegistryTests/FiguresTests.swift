import Bundles
import DatabaseTesting
import Databases
import Foundation
import MartletCore
import Registry
import Testing

/// How long a large registry takes: `MARTLET_FIGURES=100000 swift test --filter FiguresTests` prints the medians of nine runs.
@Suite(.serialized, .enabled(if: ProcessInfo.processInfo.environment["MARTLET_FIGURES"] != nil)) struct FiguresTests {
  @Test(arguments: TestDatabase.allCases) func `a large registry answers`(_ kind: TestDatabase) throws {
    let count = Int(ProcessInfo.processInfo.environment["MARTLET_FIGURES"] ?? "") ?? 1000
    try withRegistry(kind) { registry, folder in
      let metrics = ["accuracy": MetricSummary(0.9, lower: 0.88, upper: 0.92, level: 0.95, higherIsBetter: true)]
      let first = try registry.register(sampleBundle(in: folder, metrics: metrics), tags: ["real"])
      let second = try registry.register(sampleBundle(in: folder, weights: "second", metrics: metrics))
      try fill(registry, count)
      var lines: [String] = []
      func measure(_ what: String, _ body: () throws -> Int) throws {
        var times: [Double] = [], rows = 0
        for _ in 0..<9 {
          let start = ContinuousClock.now
          rows = try body()
          times.append((ContinuousClock.now - start) / .milliseconds(1))
        }
        lines.append("\(kind) \(what): \(String(format: "%.2f", times.sorted()[4])) ms, \(rows) rows")
      }
      try measure("models") { try registry.models().count }
      try measure("versions of one model") { try registry.versions(of: "model-7").count }
      try measure("a page of versions") { try registry.versions(of: "model-7", before: 500, limit: 50).count }
      try measure("newest version") { try registry.resolve("model-7").number }
      try measure("search by metric") { try registry.search("metrics.accuracy > 0.999", limit: 100).count }
      try measure("search by metric, tag and name") {
        try registry.search("metrics.accuracy > 0.9 and tags = 'tag-3' and name like 'model-1%'", limit: 100).count
      }
      try measure("search, best first") { try registry.search("name like 'model-1%'", order: "metrics.accuracy desc", limit: 50).count }
      try measure("count by metric") { try registry.count("metrics.accuracy > 0.5") }
      try measure("last page of everything") { try registry.search("", limit: 100, offset: count - 100).count }
      try measure("compare") { try registry.compare(first, second).metrics.count }
      try measure("register") { try registry.register(sampleBundle(in: folder), name: "fresh").number }
      try measure("set alias") { try registry.setAlias("production", to: registry.resolve("model-7@\(Int.random(in: 1...9))")).to }
      try measure("newest events") { try registry.events(limit: 100).count }
      print(lines.joined(separator: "\n"))
      #expect(try registry.count("") >= count)
    }
  }

  /// Fifty models, written by the database itself.
  private func fill(_ registry: ModelRegistry, _ count: Int) throws {
    try registry.database.write { database in
      let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(count))"
      try database.execute(
        """
        INSERT INTO models (name, nextNumber) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)
        SELECT 'model-' || i, \(count) FROM n
        """)
      let base: Int = try database.value("SELECT MIN(id) FROM models WHERE name = 'model-1'") ?? 0
      try database.execute(
        """
        INSERT INTO versions (modelID, number, kind, digest, manifestSize, size, created, registered, "user", note, parent)
        \(numbers) SELECT \(base) + i % 50, i / 50 + 1, v.kind, v.digest, v.manifestSize, v.size + i, v.created + i, v.registered + i,
        v."user", '',
        NULL FROM n JOIN versions v ON v.number = 1 AND v.modelID < \(base)
        """)
      let identifiers = "FROM versions v WHERE v.modelID >= \(base)"
      try database.execute("INSERT INTO tags (versionID, tag) SELECT v.id, 'tag-' || (v.id % 10) \(identifiers)")
      for (name, factor) in [("accuracy", 7919), ("loss", 104_729)] {
        try database.execute(
          """
          INSERT INTO metrics (versionID, name, value, lower, upper, level, higherIsBetter)
          SELECT v.id, '\(name)', (v.id * \(factor) % 1000003) / 1000003.0, 0.1, 0.9, 0.95, 1 \(identifiers)
          """)
      }
      try database.execute(
        "INSERT INTO files (versionID, path, digest, size) SELECT v.id, 'weights.safetensors', v.digest, v.size \(identifiers)")
    }
    if registry.database.dialect == .postgres { try registry.database.write { try $0.script("ANALYZE") } }
  }
}
