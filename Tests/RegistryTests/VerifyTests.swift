import Bundles
import Foundation
import GRDB
import MartletCore
import Registry
import Testing

@Suite struct VerifyTests {
  @Test func aCleanRegistryIsCountedOnce() throws {
    try withRegistry { registry, folder in
      let first = try registry.register(sampleBundle(in: folder))
      try registry.register(sampleBundle(in: folder, weights: "other weights"))
      let report = try registry.verify()
      #expect(report.isClean && report.versions == 2 && report.files == 6)
      // The shared files' bytes count once.
      #expect(report.bytes == first.size + "other weights".utf8.count)
      #expect(try registry.verify(first).versions == 1)
    }
  }

  @Test func everyDamageIsFound() throws {
    try withRegistry { registry, folder in
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

  @Test func aDatabaseThatDisagreesWithTheManifestIsFound() throws {
    try withRegistry { registry, folder in
      let version = try registry.register(sampleBundle(in: folder))
      let other = try DatabaseQueue(path: folder + "/.martlet/registry.sqlite")
      try other.write { try $0.execute(sql: "DELETE FROM files WHERE path = 'config.json'") }
      #expect(try registry.verify(version).problems.map(\.detail) == ["lists other files than the database"])
    }
  }
}
