import Bundles
import DatabaseTesting
import Databases
import Foundation
import Glibc
import MartletCore
import Registry
import Testing

@Suite struct SigningTests {
  @Test(arguments: TestDatabase.allCases) func `only what a trusted key signed is loaded`(_ kind: TestDatabase) throws {
    try withFolder(kind) { folder in
      let alice = try SigningKey.create(at: folder + "/alice", name: "alice"),
        mallory = try SigningKey.create(at: folder + "/mallory", name: "mallory")
      try "# the team\n\(alice.publicLine)\n".write(toFile: folder + "/trusted", atomically: true, encoding: .utf8)
      let registry = try openRegistry(in: folder)
      let version = try registry.register(sampleBundle(in: folder)),
        second = try registry.register(sampleBundle(in: folder, weights: "second"))
      let strict = try configuredRegistry(in: folder) { $0.trustedKeys = folder + "/trusted" }
      func refusal(_ version: ModelVersion) -> String? {
        let error = #expect(throws: RegistryError.self) { try strict.bundle(version) }
        #expect(error?.kind == .signature)
        #expect((#expect(throws: RegistryError.self) { try strict.materialise(version, at: folder + "/out") })?.kind == .signature)
        return error?.problem
      }
      // Unsigned; signed by a stranger; signed; what can be looked at is not loaded.
      #expect(refusal(version) == "fashion@1 is not signed")
      try registry.sign(version, with: mallory)
      #expect(refusal(version) == "fashion@1 is signed, but by no key that is trusted")
      try registry.sign(version, with: SigningKey.read(folder + "/alice"))
      #expect(try strict.bundle(version).digest == version.digest)
      #expect(try strict.signatures(of: version).map(\.isTrusted).sorted { $0 == false && $1 == true } == [false, true])
      #expect(try registry.signatures(of: version).allSatisfy { $0.isTrusted == nil && $0.user == "tester" })
      #expect(try strict.manifest(of: second).name == "fashion")
      #expect(refusal(second) == "fashion@2 is not signed")
      #expect(try registry.history(of: "fashion").map(\.action).prefix(2) == [.signed, .signed])

      // Another version's signature; a changed one; the key's number of somebody else; removed.
      let row = try registry.database.read { try $0.row("SELECT signature FROM signatures WHERE keyID = ?", [alice.identifier]) }
      let signature: String = try #require(try row?.get(0))
      func put(_ signature: String, _ key: String, for version: ModelVersion) throws {
        try registry.database.write {
          try $0.execute("DELETE FROM signatures WHERE digest = ?", [version.digest])
          try $0.execute(
            "INSERT INTO signatures (digest, keyID, signature, time, \"user\") VALUES (?, ?, ?, 0, 'x')", [version.digest, key, signature])
        }
      }
      try put(signature, alice.identifier, for: second)
      #expect(refusal(second)?.contains("no key that is trusted") == true)
      try put(signature, mallory.identifier, for: version)
      #expect(refusal(version)?.contains("no key that is trusted") == true)
      let bytes = try #require(Data(base64Encoded: signature))
      for index in 0..<bytes.count {
        var changed = bytes
        changed[index] ^= 1 << UInt8(index % 8)
        try put(changed.base64EncodedString(), alice.identifier, for: version)
        #expect(throws: RegistryError.self, "byte \(index)") { try strict.bundle(version) }
      }
      try put(signature, alice.identifier, for: version)
      #expect(try strict.bundle(version).digest == version.digest)
      try registry.database.write { try $0.execute("DELETE FROM signatures") }
      #expect(refusal(version) == "fashion@1 is not signed")
    }
  }

  @Test(.onFiles) func `nobody signs what was changed`() throws {
    try withRegistry { registry, folder in
      let version = try registry.register(sampleBundle(in: folder))
      try overwrite(objectPath(Digest.sha256("weights"), in: folder), with: "WEIGHTS")
      let key = try SigningKey.create(at: folder + "/key", name: "a")
      #expect((#expect(throws: RegistryError.self) { try registry.sign(version, with: key) })?.kind == .bundle)
      #expect(try registry.signatures(of: version).isEmpty)
    }
  }

  @Test func `keys that are open, broken or there already are refused`() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/key"
      let key = try SigningKey.create(at: path, name: "me")
      #expect(try SigningKey.read(path).identifier == key.identifier)
      #expect((#expect(throws: RegistryError.self) { try SigningKey.create(at: path, name: "me") })?.kind == .exists)
      chmod(path, 0o640)
      #expect((#expect(throws: RegistryError.self) { try SigningKey.read(path) })?.remedy == "chmod 600 \(path)")
      try "me c2hvcnQ=\n".write(toFile: path, atomically: true, encoding: .utf8)
      chmod(path, 0o600)
      #expect((#expect(throws: RegistryError.self) { try SigningKey.read(path) })?.kind == .signature)
      #expect((#expect(throws: RegistryError.self) { try TrustedKeys(file: path) })?.kind == .signature)
      #expect((#expect(throws: RegistryError.self) { try TrustedKeys(file: folder + "/none") })?.kind == .signature)
    }
  }
}
