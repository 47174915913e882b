import Bundles
import Crypto
import DatabaseTesting
import Databases
import Foundation
import Glibc
import MartletCore
import Testing

@testable import Registry

@Suite struct SealingTests {
  private static let size = 150_000

  private func withSealer(_ body: (Sealer, String) throws -> Void) throws {
    try withDatabase(.sqlite) { database, _ in
      try Schema.current.prepare(database)
      try withTemporaryFolder { folder in
        try EncryptionKeys.addKey(to: folder + "/keys", named: "first")
        try body(Sealer(keys: DataKeys(.file(folder + "/keys"), database)), folder)
      }
    }
  }

  private func content(_ size: Int) -> Data {
    var random = KeyedRandom(seed: 7, purpose: "sealing")
    let words = (0..<size / 8 + 1).map { _ in random.next() }
    return words.withUnsafeBytes { Data($0.prefix(size)) }
  }

  private func seal(_ data: Data, _ digest: String, _ sealer: Sealer, pieces: Int = 10_000) throws -> Data {
    var writer = try sealer.begin(digest)
    var sealed = writer.header
    for start in stride(from: 0, to: data.count, by: pieces) {
      sealed.append(try writer.add(data[start..<min(start + pieces, data.count)]))
    }
    return sealed + (try writer.finish())
  }

  private func open(_ sealed: Data, _ digest: String, _ sealer: Sealer, pieces: Int = 7_000) throws -> Data {
    var reader = sealer.reader(digest, path: "object")
    var open = Data()
    for start in stride(from: 0, to: sealed.count, by: pieces) {
      open.append(try reader.add(Data(sealed[start..<min(start + pieces, sealed.count)])))
    }
    return open + (try reader.finish())
  }

  @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 131_072, 150_000]) func `what was sealed opens again`(_ size: Int) throws {
    try withSealer { sealer, _ in
      let data = content(size), digest = Digest.sha256(data)
      for pieces in [1 << 20, 65_536, 9_999] {
        let sealed = try seal(data, digest, sealer, pieces: pieces)
        #expect(sealed.count == Sealer.sealedSize(size))
        for reading in [1 << 20, 65_552, 4_321] { #expect(try open(sealed, digest, sealer, pieces: reading) == data) }
      }
      // The same content is never sealed the same way twice.
      #expect(try seal(data, digest, sealer) != seal(data, digest, sealer))
    }
  }

  /// A bit of every part: magic, format, data key, salt; the first, a middle and the last frame, their text and their tags, at the edges.
  @Test func `every bit that is flipped is noticed`() throws {
    try withSealer { sealer, _ in
      let data = content(Self.size), digest = Digest.sha256(data)
      let sealed = try seal(data, digest, sealer)
      let header = Sealer.headerSize, frame = Sealer.frame + Sealer.tag
      var places = Set(0..<header)
      for start in [header, header + frame, header + 2 * frame] {
        let end = min(start + frame, sealed.count)
        places.formUnion([start, start + 1, start + 1000, end - Sealer.tag - 1])
        places.formUnion((end - Sealer.tag)..<end)
      }
      for place in places.sorted() {
        for bit in place < header ? [0, 3, 7] : [place % 8] {
          var changed = sealed
          changed[place] ^= 1 << UInt8(bit)
          let error = #expect(throws: SystemFailure.self, "byte \(place), bit \(bit)") { try open(changed, digest, sealer) }
          #expect(error?.code == EBADMSG)
        }
      }
    }
  }

  @Test func `frames cannot be cut, moved, repeated, added or taken from elsewhere`() throws {
    try withSealer { sealer, _ in
      let data = content(Self.size), digest = Digest.sha256(data)
      let sealed = try seal(data, digest, sealer), again = try seal(data, digest, sealer)
      let header = Sealer.headerSize, frame = Sealer.frame + Sealer.tag
      let one = sealed[header..<header + frame], two = sealed[header + frame..<header + 2 * frame], last = sealed[(header + 2 * frame)...]
      let top = Data(sealed.prefix(header)), added = Data([0])
      let foreign = Data(again[header..<header + frame]), foreignTop = Data(again.prefix(header))
      let parts: [[Data]] = [
        [top], [Data(sealed.prefix(header - 1))], [], [top, one], [top, one, two], [Data(sealed.dropLast())], [sealed, added],
        [top, two, one, last], [top, one, one, last], [top, one, last], [sealed, last], [foreignTop, one, two, last],
        [top, foreign, two, last],
      ]
      let wrong = parts.map { $0.reduce(Data(), +) }
      for (index, changed) in wrong.enumerated() {
        #expect(throws: SystemFailure.self, "\(index)") { try open(Data(changed), digest, sealer) }
      }
      // Under another object's name.
      #expect(throws: SystemFailure.self) { try open(sealed, Digest.sha256("another"), sealer) }
    }
  }

  @Test(.onFiles, arguments: TestDatabase.allCases) func `files are encrypted at rest and opened with the team's key`(
    _ kind: TestDatabase
  ) throws {
    try withFolder(kind) { folder in
      let keys = folder + "/keys", weights = "the secret weights of the team"
      try EncryptionKeys.addKey(to: keys, named: "first")
      func open(_ source: EncryptionKeys?) throws -> ModelRegistry { try configuredRegistry(in: folder) { $0.encryption = source } }
      let registry = try open(.file(keys))
      let version = try registry.register(sampleBundle(in: folder, weights: weights), aliases: ["production"])
      let stored = try FileManager.default.subpathsOfDirectory(atPath: folder + "/.martlet/objects").filter { $0.hasSuffix(".sealed") }
      #expect(stored.count == 4)
      for name in stored {
        let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/.martlet/objects/" + name))
        #expect(data.range(of: Data("secret".utf8)) == nil && data.range(of: Data("signature".utf8)) == nil)
      }
      #expect(try registry.verify().isClean)
      #expect(try open(.command("cat '\(keys)'")).bundle(version).data(of: "weights.safetensors") == Data(weights.utf8))
      let path = try registry.bundle(version).path(of: "weights.safetensors")
      #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)

      // A new key of the team's: no object changes, and the old one is no longer needed.
      try EncryptionKeys.addKey(to: keys, named: "second")
      #expect(try open(.file(keys)).rotateKeys() == 1)
      #expect(try open(.file(keys)).rotateKeys() == 0)
      let lines = try String(contentsOfFile: keys, encoding: .utf8).split(separator: "\n")
      let newest = folder + "/newest", oldest = folder + "/oldest"
      for (path, line) in [(newest, lines[0]), (oldest, lines[1])] {
        try line.write(toFile: path, atomically: true, encoding: .utf8)
        chmod(path, 0o600)
      }
      remove(folder + "/cache")
      #expect(try open(.file(newest)).bundle(version).digest == version.digest)
      remove(folder + "/cache")
      #expect((#expect(throws: RegistryError.self) { try open(.file(oldest)).bundle(version) })?.kind == .encryption)
      #expect(throws: RegistryError.self) { try open(nil).bundle(version) }
      // A key of that name with another content.
      try "second \(Data(repeating: 7, count: 32).base64EncodedString())\n".write(toFile: oldest, atomically: true, encoding: .utf8)
      chmod(oldest, 0o600)
      #expect((#expect(throws: RegistryError.self) { try open(.file(oldest)).bundle(version) })?.kind == .encryption)
      #expect(try open(.file(newest)).verify().isClean)
    }
  }

  @Test(.onFiles) func `a changed object is not loaded and is found`() throws {
    try withFolder { folder in
      try EncryptionKeys.addKey(to: folder + "/keys")
      let registry = try configuredRegistry(in: folder) { $0.encryption = .file(folder + "/keys") }
      let version = try registry.register(sampleBundle(in: folder))
      let path = objectPath(Digest.sha256("weights"), in: folder) + ".sealed"
      chmod(path, 0o644)
      var data = try Data(contentsOf: URL(fileURLWithPath: path))
      data[data.count - 20] ^= 1
      try data.write(to: URL(fileURLWithPath: path))
      #expect((#expect(throws: RegistryError.self) { try registry.bundle(version) })?.kind == .bundle)
      #expect(try registry.verify().problems.map(\.detail) == ["has been changed or cut off"])
      try registry.register(sampleBundle(in: folder))
      #expect(try registry.verify().isClean)
    }
  }

  @Test(.onFiles) func `files that were plain are sealed by the next registration`() throws {
    try withFolder { folder in
      try openRegistry(in: folder).register(sampleBundle(in: folder))
      try EncryptionKeys.addKey(to: folder + "/keys")
      let registry = try configuredRegistry(in: folder) { $0.encryption = .file(folder + "/keys") }
      #expect(try registry.verify().isClean)
      let version = try registry.register(sampleBundle(in: folder))
      let names = try FileManager.default.subpathsOfDirectory(atPath: folder + "/.martlet/objects").filter { $0.contains("/") }
      #expect(names.count == 4 && names.allSatisfy { $0.hasSuffix(".sealed") })
      #expect(try registry.bundle(version).digest == version.digest)
    }
  }

  @Test func `a file of keys that others may read, or that holds none, is refused`() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/keys"
      func failure() -> RegistryError? { #expect(throws: RegistryError.self) { _ = try EncryptionKeys.file(path).active() } }
      #expect(failure()?.kind == .encryption)
      try EncryptionKeys.addKey(to: path, named: "a")
      #expect(throws: RegistryError.self) { try EncryptionKeys.addKey(to: path, named: "a") }
      #expect(throws: RegistryError.self) { try EncryptionKeys.addKey(to: path, named: "a b") }
      chmod(path, 0o644)
      #expect(failure()?.remedy == "chmod 600 \(path)")
      for text in ["", "# nothing\n", "a short", "a \(Data(repeating: 1, count: 31).base64EncodedString())"] {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        chmod(path, 0o600)
        #expect(failure()?.kind == .encryption)
      }
      #expect(throws: RegistryError.self) { _ = try EncryptionKeys.command("exit 3").active() }
    }
  }
}
