import Bundles
import DatabaseTesting
import Foundation
import MartletCore
import Registry
import Testing

@Suite struct RegisteringTests {
  @Test(arguments: TestDatabase.allCases) func versionsCountFromOneForEachModel(_ kind: TestDatabase) throws {
    try withRegistry(kind) { registry, folder in
      let accuracy = MetricSummary(0.9, lower: 0.8, upper: 0.95, level: 0.95, higherIsBetter: true)
      let metrics = ["accuracy": accuracy, "loss": MetricSummary(.nan)]
      let bundle = try sampleBundle(in: folder, metrics: metrics, lineage: Lineage(parent: "other@4"))
      let first = try registry.register(bundle, tags: ["b", "a", "a"], note: "first")
      #expect(first.reference == "fashion@1")
      #expect(first.kind == "image-classifier")
      #expect(first.digest == bundle.digest)
      #expect(first.size == bundle.manifest.size)
      #expect(first.created == Date(timeIntervalSince1970: 1_700_000_000))
      #expect(first.registeredBy == "tester" && first.note == "first" && first.parent == "other@4")
      #expect(first.tags == ["a", "b"] && first.aliases == [])
      #expect(first.metrics["accuracy"] == metrics["accuracy"])
      #expect(first.metrics["loss"]?.value.isNaN == true)
      let second = try registry.register(sampleBundle(in: folder, weights: "better"), aliases: ["production"])
      #expect(second.number == 2 && second.aliases == ["production"])
      #expect(try registry.register(bundle, name: "shoes").reference == "shoes@1")
      #expect(try registry.versions(of: "fashion").map(\.number) == [2, 1])
      #expect(try registry.models().map(\.name) == ["fashion", "shoes"])
      let fashion = try #require(try registry.models().first)
      #expect(fashion.versionCount == 2 && fashion.newest == second && fashion.aliases == ["production": 2])
      #expect(fashion.size == first.size + second.size)
    }
  }

  @Test(arguments: TestDatabase.allCases) func aFileIsStoredOnce(_ kind: TestDatabase) throws {
    try withRegistry(kind) { registry, folder in
      try registry.register(sampleBundle(in: folder))
      #expect(try objectCount(in: folder) == 4)
      try registry.register(sampleBundle(in: folder))
      #expect(try objectCount(in: folder) == 4)
      // Other weights: those and the manifest are new.
      try registry.register(sampleBundle(in: folder, weights: "other"))
      #expect(try objectCount(in: folder) == 6)
      #expect(try stagedNames(in: folder) == [])
    }
  }

  @Test(.onFiles, arguments: TestDatabase.allCases) func objectsCannotBeWritten(_ kind: TestDatabase) throws {
    try withRegistry(kind) { registry, folder in
      try registry.register(sampleBundle(in: folder))
      let attributes = try FileManager.default.attributesOfItem(atPath: objectPath(Digest.sha256("weights"), in: folder))
      #expect(attributes[.posixPermissions] as? Int == 0o444)
    }
  }

  @Test(.onFiles, arguments: TestDatabase.allCases) func aDamagedObjectIsMendedByTheNextRegistration(_ kind: TestDatabase) throws {
    try withRegistry(kind) { registry, folder in
      try registry.register(sampleBundle(in: folder))
      try overwrite(objectPath(Digest.sha256("weights"), in: folder), with: "WEIGHTS")
      #expect(!(try registry.verify().isClean))
      try registry.register(sampleBundle(in: folder))
      #expect(try registry.verify().isClean)
    }
  }

  @Test(arguments: TestDatabase.allCases) func aBundleThatIsNotAsItsManifestSaysIsRefused(_ kind: TestDatabase) throws {
    try withRegistry(kind) { registry, folder in
      let bundle = try sampleBundle(in: folder)
      try overwrite(bundle.location + "/weights.safetensors", with: "WEIGHTS")
      let error = #expect(throws: RegistryError.self) { try registry.register(bundle) }
      #expect(error?.kind == .bundle)
      #expect(error?.problem.contains("weights.safetensors") == true)
      #expect(try registry.models() == [])
      #expect(try stagedNames(in: folder) == [])
    }
  }

  @Test(arguments: TestDatabase.allCases) func wrongNamesAreRefusedBeforeAnythingIsCopied(_ kind: TestDatabase) throws {
    try withRegistry(kind) { registry, folder in
      let bundle = try sampleBundle(in: folder)
      #expect((#expect(throws: RegistryError.self) { try registry.register(bundle, name: "My Model") })?.remedy == "my-model")
      #expect(throws: RegistryError.self) { try registry.register(bundle, tags: ["a b"]) }
      #expect(throws: RegistryError.self) { try registry.register(bundle, aliases: ["3"]) }
      #expect(try objectCount(in: folder) == 0)
    }
  }

  @Test(.onFiles, arguments: TestDatabase.allCases) func theBundleIsReadInPlaceOrCopiedOut(_ kind: TestDatabase) throws {
    try withRegistry(kind) { registry, folder in
      let version = try registry.register(sampleBundle(in: folder))
      let bundle = try registry.bundle(version)
      #expect(bundle.digest == version.digest)
      #expect(try bundle.configuration() == ["width": 32])
      #expect(try bundle.data(of: "weights.safetensors") == Data("weights".utf8))
      #expect(try bundle.path(of: "weights.safetensors") == objectPath(Digest.sha256("weights"), in: folder))
      #expect(try registry.manifest(of: version) == bundle.manifest)
      let copy = try registry.materialise(version, at: folder + "/out")
      #expect(copy.digest == version.digest)
      #expect(try ModelBundle.open(folder + "/out").digest == version.digest)
      let error = #expect(throws: RegistryError.self) { try registry.materialise(version, at: folder + "/out") }
      #expect(error?.kind == .exists)
    }
  }

  @Test(.onFiles, arguments: TestDatabase.allCases) func loadingChecksEveryByte(_ kind: TestDatabase) throws {
    try withRegistry(kind) { registry, folder in
      let version = try registry.register(sampleBundle(in: folder))
      let path = objectPath(Digest.sha256("weights"), in: folder)
      try overwrite(path, with: "WEIGHTS")
      #expect((#expect(throws: RegistryError.self) { try registry.bundle(version) })?.kind == .bundle)
      #expect((#expect(throws: RegistryError.self) { try registry.materialise(version, at: folder + "/out") })?.kind == .bundle)
      #expect(throws: Never.self) { try registry.bundle(version, verify: .sizes) }
      remove(path)
      #expect((#expect(throws: RegistryError.self) { try registry.bundle(version, verify: .sizes) })?.kind == .missingObject)
      #expect((#expect(throws: RegistryError.self) { try registry.materialise(version, at: folder + "/out") })?.kind == .missingObject)
      #expect(!FileManager.default.fileExists(atPath: folder + "/out"))
    }
  }

  @Test(.onFiles, arguments: TestDatabase.allCases) func aChangedManifestIsNoticed(_ kind: TestDatabase) throws {
    try withRegistry(kind) { registry, folder in
      let version = try registry.register(sampleBundle(in: folder))
      let path = objectPath(version.digest, in: folder)
      let text = try String(contentsOfFile: path, encoding: .utf8)
      try overwrite(path, with: text.replacingOccurrences(of: "boot", with: "boat"))
      #expect((#expect(throws: RegistryError.self) { try registry.manifest(of: version) })?.kind == .bundle)
      #expect(try registry.verify(version).problems.map(\.file) == ["manifest.json"])
    }
  }

  @Test(arguments: TestDatabase.allCases) func aBundleMovesFromOneRegistryToAnother(_ kind: TestDatabase) throws {
    try withRegistry(kind) { first, folder in
      try withRegistry(kind) { second, _ in
        let version = try first.register(sampleBundle(in: folder))
        let moved = try second.register(first.bundle(version))
        #expect(moved.digest == version.digest)
        #expect(try second.verify().isClean)
      }
    }
  }
}
