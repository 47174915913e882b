import DatabaseTesting
import Foundation
import Registry
import Testing

@Suite struct AliasTests {
  @Test(arguments: TestDatabase.allCases) func anAliasMovesAndTheLogKnows(_ kind: TestDatabase) throws {
    try withRegistry(kind) { registry, folder in
      let first = try registry.register(sampleBundle(in: folder)), second = try registry.register(sampleBundle(in: folder))
      let set = try registry.setAlias("production", to: first)
      #expect(set.from == nil && set.to == 1)
      let moved = try registry.setAlias("production", to: second, note: "better")
      #expect(moved.from == 1 && moved.to == 2)
      let again = try registry.setAlias("production", to: second)
      #expect(again.from == 2 && again.to == 2)
      try registry.setAlias("canary", to: first)
      #expect(try registry.aliases(of: "fashion") == ["production": 2, "canary": 1])
      try registry.removeAlias("production", of: "fashion")
      #expect(try registry.aliases(of: "fashion") == ["canary": 1])

      let history = try registry.history(of: "fashion", alias: "production")
      #expect(history.map(\.action) == [.aliasRemoved, .aliasMoved, .aliasMoved])
      #expect(history.map(\.from) == [2, 1, nil])
      #expect(history.map(\.to) == [nil, 2, 1])
      #expect(history[1].note == "better" && history[1].user == "tester")
      #expect(try registry.history(of: "fashion").count == 6)
      #expect(try registry.history(of: "fashion", limit: 2).map(\.alias) == ["production", "canary"])
      #expect(try registry.events().last?.action == .registered)
      #expect(try registry.history(of: "nothing") == [])
    }
  }

  @Test(arguments: TestDatabase.allCases) func absentAliasesAndVersionsAreErrors(_ kind: TestDatabase) throws {
    try withRegistry(kind) { registry, folder in
      let version = try registry.register(sampleBundle(in: folder), aliases: ["production"])
      let error = #expect(throws: RegistryError.self) { try registry.removeAlias("productoin", of: "fashion") }
      #expect(error?.remedy == "fashion@production")
      #expect((#expect(throws: RegistryError.self) { try registry.setAlias("latest", to: version) })?.kind == .invalidName)
      try registry.delete(version, force: true)
      #expect((#expect(throws: RegistryError.self) { try registry.setAlias("production", to: version) })?.kind == .notFound)
    }
  }

  @Test(arguments: TestDatabase.allCases) func tagsAndNotesChange(_ kind: TestDatabase) throws {
    try withRegistry(kind) { registry, folder in
      let version = try registry.register(sampleBundle(in: folder), tags: ["a"])
      #expect(try registry.addTags(["b", "a", "team/vision=1"], to: version).tags == ["a", "b", "team/vision=1"])
      #expect(try registry.removeTags(["a", "never"], from: version).tags == ["b", "team/vision=1"])
      #expect(try registry.setNote("grüße\n'; DROP TABLE versions; --", for: version).note == "grüße\n'; DROP TABLE versions; --")
      #expect(throws: RegistryError.self) { try registry.addTags([""], to: version) }
      #expect(try registry.resolve("fashion").tags == ["b", "team/vision=1"])
      #expect(try registry.history(of: "fashion").map(\.action) == [.noted, .untagged, .tagged, .tagged, .registered])
    }
  }

  @Test(arguments: TestDatabase.allCases) func aVersionWithAliasesIsNotDeletedByAccident(_ kind: TestDatabase) throws {
    try withRegistry(kind) { registry, folder in
      let first = try registry.register(sampleBundle(in: folder), aliases: ["production", "stable"])
      let error = #expect(throws: RegistryError.self) { try registry.delete(first) }
      #expect(error?.kind == .aliased)
      #expect(error?.problem.contains("'production', 'stable'") == true)
      #expect(try registry.resolve("fashion@production") == first)
      try registry.delete(first, force: true)
      #expect(try registry.models() == [])
      #expect((#expect(throws: RegistryError.self) { try registry.delete(first) })?.kind == .notFound)
      // The number is not used again.
      #expect(try registry.register(sampleBundle(in: folder)).number == 2)
      let actions = try registry.history(of: "fashion").map(\.action)
      #expect(actions == [.registered, .deleted, .aliasRemoved, .aliasRemoved, .aliasMoved, .aliasMoved, .registered])
    }
  }
}
