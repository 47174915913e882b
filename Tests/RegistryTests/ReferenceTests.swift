import DatabaseTesting
import Foundation
import Registry
import Testing

@Suite struct ReferenceTests {
  @Test(arguments: [
    ("fashion", ModelReference(name: "fashion")), ("fashion@3", ModelReference(name: "fashion", .number(3))),
    ("fashion@production", ModelReference(name: "fashion", .alias("production"))), ("a.b_c-1@latest", ModelReference(name: "a.b_c-1")),
    ("0@12", ModelReference(name: "0", .number(12))),
  ])
  func referencesAreRead(_ text: String, _ expected: ModelReference) throws { #expect(try ModelReference(text) == expected) }

  @Test(arguments: [
    "", "@", "@3", "Fashion", "fashion@", "fashion@0", "fashion@-1", "fashion@+1", "fashion@v3", "fashion@Production", "fashion@a@b",
    "fashion@newest", "fashion@99999999999999999999", "-a", ".a", "a/b", "a b", "é", "../a", String(repeating: "a", count: 101), "a\n",
  ])
  func othersAreRefused(_ text: String) {
    let error = #expect(throws: RegistryError.self) { try ModelReference(text) }
    #expect(error?.kind == .invalidName)
    #expect(error?.expected != nil)
  }

  @Test(arguments: ["production", "a", "canary-2", "staging.eu"]) func aliasNames(_ alias: String) {
    #expect(throws: Never.self) { try ModelReference.check(alias: alias) }
  }

  @Test(arguments: ["latest", "newest", "3", "v3", "V3", "", "A", "1a", "a b", String(repeating: "a", count: 51)])
  func wordsThatAreNoAliases(_ alias: String) { #expect(throws: RegistryError.self) { try ModelReference.check(alias: alias) } }

  @Test(arguments: [("My Model", "my-model"), ("_x", "x"), ("Fashion", "fashion"), ("???", nil)])
  func aNearNameIsOffered(_ name: String, _ offered: String?) {
    #expect((#expect(throws: RegistryError.self) { try ModelReference.check(name: name) })?.remedy == offered)
  }

  @Test(arguments: TestDatabase.allCases) func aVersionIsFoundByEveryName(_ kind: TestDatabase) throws {
    try withRegistry(kind) { registry, folder in
      let first = try registry.register(sampleBundle(in: folder), aliases: ["production"])
      let second = try registry.register(sampleBundle(in: folder))
      #expect(try registry.resolve("fashion@1") == first)
      #expect(try registry.resolve("fashion@production") == first)
      #expect(try registry.resolve("fashion") == second)
      #expect(try registry.resolve("fashion@latest") == second)
    }
  }

  @Test(arguments: TestDatabase.allCases) func whatIsNotThereIsSaidWithTheNearest(_ kind: TestDatabase) throws {
    try withRegistry(kind) { registry, folder in
      #expect((#expect(throws: RegistryError.self) { try registry.resolve("fashion") })?.problem.contains("is empty") == true)
      let first = try registry.register(sampleBundle(in: folder), aliases: ["production"])
      try registry.register(sampleBundle(in: folder))
      func failure(_ text: String) -> RegistryError? {
        let error = #expect(throws: RegistryError.self) { try registry.resolve(text) }
        #expect(error?.kind == .notFound)
        return error
      }
      #expect(failure("fasion")?.remedy == "fashion")
      #expect(failure("fasion@1")?.remedy == "fashion")
      #expect(failure("zebra")?.remedy == nil)
      #expect(failure("zebra")?.expected == "one of fashion")
      #expect(failure("fashion@9")?.remedy == "fashion@2")
      #expect(failure("fashion@9")?.expected == "one of 2, 1")
      #expect(failure("fashion@prodution")?.remedy == "fashion@production")
      #expect(failure("fashion@canary")?.expected == "one of production")
      #expect(throws: RegistryError.self) { try registry.versions(of: "fashio") }
      #expect(throws: RegistryError.self) { try registry.aliases(of: "fashio") }
      try registry.delete(first, force: true)
      #expect(failure("fashion@1")?.remedy == "fashion@2")
      #expect(failure("fashion@production")?.expected?.contains("no aliases") == true)
    }
  }

  @Test func theRegistryIsFoundFromBelow() throws {
    try withFolder { folder in
      let deep = folder + "/project/a/b"
      try FileManager.default.createDirectory(atPath: deep + "/.martlet", withIntermediateDirectories: true)
      #expect(ModelRegistry.locate(from: deep, environment: [:]) == nil)
      #expect(ModelRegistry.defaultPath(from: deep, environment: [:]) == deep + "/.martlet")
      _ = try openRegistry(in: folder + "/project")
      #expect(ModelRegistry.locate(from: deep, environment: [:])?.hasSuffix("/project/.martlet") == true)
      #expect(ModelRegistry.defaultPath(from: deep, environment: [:]) == ModelRegistry.locate(from: deep, environment: [:]))
      #expect(ModelRegistry.locate(from: deep, environment: ["MARTLET_REGISTRY": "/else/where"]) == "/else/where")
    }
  }
}
