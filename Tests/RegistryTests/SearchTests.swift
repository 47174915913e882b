import Bundles
import DatabaseTesting
import Databases
import Foundation
import MartletCore
import Registry
import Testing

@Suite struct SearchTests {
  private func withVersions(_ kind: TestDatabase, _ body: (ModelRegistry) throws -> Void) throws {
    try withRegistry(kind) { registry, folder in
      for (name, accuracy, tags) in [
        ("reviews", 0.9, ["x", "team/a"]), ("reviews", 0.95, ["X"]), ("revenue", 0.5, []), ("shoes_2", .nan, ["x"]),
      ] as [(String, Double, [String])] {
        let metrics = [
          "accuracy": MetricSummary(accuracy, lower: accuracy - 0.02, upper: accuracy + 0.02, level: 0.95),
          "top-k.5": MetricSummary(accuracy + 0.01),
        ]
        try registry.register(sampleBundle(in: folder, name: name, metrics: metrics), tags: tags, note: "it's \(name)")
      }
      try registry.setAlias("production", to: registry.resolve("reviews@1"))
      try body(registry)
    }
  }

  @Test(arguments: TestDatabase.allCases) func `filters find what they say`(_ kind: TestDatabase) throws {
    try withVersions(kind) { registry in
      for (filter, expected) in [
        ("", ["revenue@1", "reviews@2", "reviews@1", "shoes_2@1"]), ("metrics.accuracy > 0.9", ["reviews@2"]),
        ("metrics.accuracy >= 0.9 and tags = 'x'", ["reviews@1"]), ("name like 'rev%'", ["revenue@1", "reviews@2", "reviews@1"]),
        ("name like 'REV%'", []), ("name ilike 'REV%' and version = 1", ["revenue@1", "reviews@1"]),
        ("metrics.accuracy.lower > 0.87 and metrics.accuracy.upper < 0.95", ["reviews@1"]), ("metrics.`top-k.5` > 0.95", ["reviews@2"]),
        ("tags != 'x'", ["revenue@1", "reviews@2"]), ("tags in ('X', 'team/a')", ["reviews@2", "reviews@1"]),
        ("not (name = 'reviews' or name = 'shoes_2')", ["revenue@1"]), ("name like 'shoes_2'", ["shoes_2@1"]),
        ("aliases = 'production'", ["reviews@1"]), ("alias is null", ["revenue@1", "reviews@2", "shoes_2@1"]),
        ("metrics.accuracy is null", ["shoes_2@1"]), ("metrics.accuracy is not null", ["revenue@1", "reviews@2", "reviews@1"]),
        ("stage = 'production'", ["reviews@1"]), ("user = 'tester' AND number IN (2)", ["reviews@2"]),
        ("note = 'it''s revenue'", ["revenue@1"]),
        ("note like '%''s sh%'", ["shoes_2@1"]), ("created < '2024-01-01' and registered > \"2025-01-01T00:00:00Z\"", ["*"]),
        ("size > 1e6", []), ("parent is null and kind = 'image-classifier'", ["*"]), ("name = 'a'' OR 1=1 --'", []),
        ("note = '\"; DROP TABLE versions; --'", []), ("name not like 'rev%'", ["shoes_2@1"]), ("metrics.`x' OR '1'='1` > 0", []),
      ] as [(String, [String])] {
        let found = try registry.search(filter).map(\.reference)
        #expect(found == (expected == ["*"] ? ["revenue@1", "reviews@2", "reviews@1", "shoes_2@1"] : expected), "\(filter)")
        #expect(try registry.count(filter) == found.count)
      }
    }
  }

  @Test(arguments: TestDatabase.allCases) func `orders and pages go together`(_ kind: TestDatabase) throws {
    try withVersions(kind) { registry in
      func found(_ order: String?, _ limit: Int = 100, _ offset: Int = 0) throws -> [String] {
        try registry.search("", order: order, limit: limit, offset: offset).map(\.reference)
      }
      let best = try found("metrics.accuracy desc")
      #expect(best == ["reviews@2", "reviews@1", "revenue@1", "shoes_2@1"])
      #expect(try found("metrics.accuracy") == ["revenue@1", "reviews@1", "reviews@2", "shoes_2@1"])
      #expect(try found("version desc", 2) == ["reviews@2", "revenue@1"])
      #expect(try found("metrics.accuracy desc", 2, 1) == ["reviews@1", "revenue@1"])
      #expect(try found(nil, 10, 3) == ["shoes_2@1"])
      #expect(try registry.versions(of: "reviews", limit: 1).map(\.number) == [2])
      #expect(try registry.versions(of: "reviews", before: 2, limit: 5).map(\.number) == [1])
      #expect(try registry.versions(of: "reviews", before: 1, limit: 5).isEmpty)
    }
  }

  @Test func `what cannot be understood says where`() throws {
    try withRegistry { registry, _ in
      for filter in [
        "name", "name =", "name = 3", "version = 'a'", "metrics.accuracy like 'x'", "name = 'open", "metrics.`open > 1", "nam = 'x'",
        "name = 'a' name = 'b'", "(name = 'a'", "name = 'a')", "name ; 'a'", "created > 'yesterday'", "version = 1.2.3", "and", "not",
        "name in ('a' 'b')", "name in ()", "name is 'x'", "metrics.accuracy >", "version = nan", "1 = 1", "name ! 'a'",
        String(repeating: "(", count: 60) + "name = 'a'" + String(repeating: ")", count: 60),
        String(repeating: "name = 'a' or ", count: 200),
        "name = '\(String(repeating: "a", count: 10_001))'",
      ] {
        #expect((#expect(throws: RegistryError.self, "\(filter.prefix(60))") { try registry.search(filter) })?.kind == .invalidQuery)
      }
      for order in ["nothing", "tags", "name sideways", "'x'"] {
        #expect((#expect(throws: RegistryError.self) { try registry.search("", order: order) })?.kind == .invalidQuery)
      }
      #expect((#expect(throws: RegistryError.self) { try registry.search("nam = 'x'") })?.remedy == "name")
      #expect((#expect(throws: RegistryError.self) { try registry.search("name = 3") })?.problem.contains("character 8") == true)
    }
  }

  /// Random words of the language: every filter is either answered or refused, by both databases alike.
  @Test(arguments: TestDatabase.allCases) func `nothing that is written breaks a statement`(_ kind: TestDatabase) throws {
    try withVersions(kind) { registry in
      let words = [
        "name", "metrics.accuracy", "tags", "and", "or", "not", "(", ")", "=", "<", ">=", "!=", "like", "in", ",", "'x'", "'%'", "1",
        "-2.5", "is",
        "null", "`", "?", "$1", "version", "\\", "'\\'", "stage", "created", "'2026-01-01'", ";", "--",
      ]
      var random = KeyedRandom(seed: 3, purpose: "filters")
      var answered = 0
      for _ in 0..<400 {
        let filter = (0..<Int(random.next() % 9)).map { _ in words[Int(random.next() % UInt64(words.count))] }.joined(separator: " ")
        do {
          _ = try registry.search(filter)
          answered += 1
        } catch let error as RegistryError { #expect(error.kind == .invalidQuery, "\(filter): \(error)") }
      }
      #expect(answered > 10)
    }
  }
}

@Suite struct RetentionTests {
  @Test(arguments: TestDatabase.allCases) func `rules keep what they name and nothing else`(_ kind: TestDatabase) throws {
    try withRegistry(kind) { registry, folder in
      for index in 1...8 { try registry.register(sampleBundle(in: folder, weights: "\(index)"), tags: index == 3 ? ["paper"] : []) }
      try registry.register(sampleBundle(in: folder, name: "other"))
      try registry.setAlias("production", to: registry.resolve("fashion@2"))
      try registry.protect("staging", of: "fashion", approvals: 1)
      _ = try registry.requestAlias("staging", to: registry.resolve("fashion@4"))
      #expect(try registry.applyRetention().isEmpty)
      try registry.setRetention(RetentionRules(keepLast: 2, keepTags: ["paper"]), of: "fashion")
      let planned = try registry.applyRetention(dryRun: true)
      #expect(planned.map(\.isDeleted) == [false, false, true, true, false, false, false, true])
      #expect(planned[4].reason == "somebody asked an alias for it" && planned[6].reason == "'production' points to it")
      #expect(try registry.versions(of: "fashion").count == 8)
      #expect(try registry.applyRetention() == planned)
      #expect(try registry.versions(of: "fashion").map(\.number) == [8, 7, 4, 3, 2])
      #expect(try registry.versions(of: "other").count == 1)
      #expect(try registry.collectGarbage(olderThan: -5).objects == 6)
      #expect(try registry.verify().isClean)
      // By age: all are young now, and old in a month.
      try registry.setRetention(RetentionRules(keepDays: 30), of: "fashion")
      #expect(try registry.applyRetention().allSatisfy { !$0.isDeleted })
      let later = try registry.applyRetention(dryRun: true, now: Date().addingTimeInterval(31 * 86_400))
      #expect(later.map(\.isDeleted) == [true, true, false, true, false])
      try registry.setRetention(RetentionRules(), of: "fashion")
      #expect(try registry.retention().isEmpty)
      #expect(
        (#expect(throws: RegistryError.self) { try registry.setRetention(RetentionRules(keepLast: 0), of: "fashion") })?.kind
          == .invalidQuery)
      #expect(
        (#expect(throws: RegistryError.self) { try registry.setRetention(RetentionRules(keepLast: 1), of: "fashio") })?.kind == .notFound)
    }
  }
}
