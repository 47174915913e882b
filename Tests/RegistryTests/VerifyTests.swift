import Bundles
import DatabaseTesting
import Databases
import Foundation
import MartletCore
import Registry
import Testing

@Suite struct VerifyTests {
  @Test(arguments: TestDatabase.allCases) func aCleanRegistryIsCountedOnce(_ kind: TestDatabase) throws {
    try withRegistry(kind) { registry, folder in
      let first = try registry.register(sampleBundle(in: folder))
      try registry.register(sampleBundle(in: folder, weights: "other weights"))
      let report = try registry.verify()
      #expect(report.isClean && report.versions == 2 && report.files == 6)
      // The shared files' bytes count once.
      #expect(report.bytes == first.size + "other weights".utf8.count)
      #expect(try registry.verify(first).versions == 1)
    }
  }

  @Test(.onFiles, arguments: TestDatabase.allCases) func everyDamageIsFound(_ kind: TestDatabase) throws {
    try withRegistry(kind) { registry, folder in
      let first = try registry.register(sampleBundle(in: folder, weights: "first"))
      let second = try registry.register(sampleBundle(in: folder, weights: "second"))
      try registry.register(sampleBundle(in: folder, weights: "third"))
      try overwrite(objectPath(Digest.sha256("first"), in: folder), with: "FIRST")
      try overwrite(objectPath(Digest.sha256("second"), in: folder), with: "longer than it was")
      remove(objectPath(Digest.sha256("third"), in: folder))
      try Data().write(to: URL(fileURLWithPath: folder + "/.martlet/objects/stray"))
      let problems = try registry.verify().problems
      #expect(problems.map(\.version) == ["fashion@3", "fashion@2", "fashion@1", nil])
      #expect(problems[0].detail == "is missing")
      #expect(problems[1].detail == "has 18 bytes, not 6")
      #expect(problems[2].detail.hasPrefix("has the SHA-256"))
      #expect(problems[3].file == "objects/stray")
      #expect(try registry.verify(first).problems == [problems[2]])
      #expect(problems[0].description == "fashion@3: weights.safetensors is missing")
      // A file that all versions share shows up with each.
      remove(objectPath(Digest.sha256("<html>"), in: folder))
      #expect(try registry.verify().problems.count == 7)
      try registry.delete(second)
      #expect((#expect(throws: RegistryError.self) { try registry.verify(second) })?.kind == .notFound)
    }
  }

  @Test(arguments: TestDatabase.allCases) func aDatabaseThatDisagreesWithTheManifestIsFound(_ kind: TestDatabase) throws {
    try withRegistry(kind) { registry, folder in
      let version = try registry.register(sampleBundle(in: folder))
      try registry.database.write { try $0.execute("DELETE FROM files WHERE path = 'config.json'") }
      #expect(try registry.verify(version).problems.map(\.detail) == ["lists other files than the database"])
    }
  }
}
