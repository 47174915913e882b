import Bundles
import Crypto
import Foundation
import Glibc
import MartletCore

/// Files by their SHA-256: `ab/cdef…`, or `ab/cdef….sealed` for an encrypted one. A file appears under its name whole, or not at all, and
/// is never written again.
struct ObjectStore: Sendable {
  struct Object: Sendable {
    let digest: String
    let name: String
    /// Bytes as they are kept.
    let size: Int
    let modified: Date
  }

  let backend: any ObjectBackend
  /// Encrypts what is put; `nil` leaves it as it is.
  let sealer: Sealer?
  /// Files that were fetched or decrypted.
  let cache: ObjectCache

  static let suffix = ".sealed"

  static func name(_ digest: String, isSealed: Bool = false) -> String {
    "\(digest.prefix(2))/\(digest.dropFirst(2))" + (isSealed ? suffix : "")
  }

  func create() throws { try backend.create() }

  /// Whether a file of that size is there. Its content is not read.
  func contains(_ digest: String, size: Int) throws -> Bool { try kept(digest, size: size) != nil }

  /// The file's name, if it is there with the size that a file of `size` bytes has.
  private func kept(_ digest: String, size: Int) throws -> String? {
    guard let file = try status(digest) else { return nil }
    let expected = file.name.hasSuffix(Self.suffix) ? Sealer.sealedSize(size) : size
    return file.size == expected ? file.name : nil
  }

  /// The file as it is kept now, encrypted or not.
  func status(_ digest: String) throws -> StoredFile? {
    guard isSHA256(digest) else { return nil }
    if let file = try backend.status(Self.name(digest, isSealed: sealer != nil)) { return file }
    return try backend.status(Self.name(digest, isSealed: sealer == nil))
  }

  /// Makes sure that the file with this digest is in the store; `fill` hands over its content in pieces.
  ///
  /// A file that is there already is read again where that is cheap and, if it is damaged, replaced; its time is renewed so that garbage
  /// collection leaves it alone.
  func put(
    _ digest: String, size: Int, name: String, steps: (RegistrationStep) throws -> Void, fill: ((Data) throws -> Void) throws -> Void
  ) throws {
    let final = Self.name(digest, isSealed: sealer != nil)
    if try kept(digest, size: size) == final, backend.localPath(final) == nil || (try? check(digest)) == digest {
      return try backend.renew(final)
    }
    try steps(.staging)
    try FileTools.makeFolders(backend.staging)
    let temporary = AtomicFile.temporaryPath(beside: backend.staging + "/" + digest.prefix(12))
    defer { unlink(temporary) }
    // What is hashed is what is kept: a source that changes while it is copied cannot slip in.
    var running = RunningDigest()
    try Self.create(temporary) { descriptor in
      var writer = try sealer?.begin(digest)
      func write(_ data: Data) throws { if !data.isEmpty { try FileTools.writeAll(data, to: descriptor, path: temporary) } }
      if let writer { try write(writer.header) }
      try fill { piece in
        running.add(piece)
        try write(writer?.add(piece) ?? piece)
      }
      if writer != nil { try write(writer?.finish() ?? Data()) }
      fchmod(descriptor, 0o444)
    }
    guard running.finish() == digest else {
      throw RegistryError(
        .bundle, "'\(name)' has another content than its manifest says", remedy: "build the bundle again; nothing was registered")
    }
    try steps(.staged)
    guard try backend.place(temporary, as: final) else { return }
    // What is encrypted from now on need not lie there open.
    if sealer != nil { _ = try backend.remove(Self.name(digest)) }
    try steps(.placed)
  }

  /// Creates a file, locked so that garbage collection sees that it is being written.
  private static func create(_ path: String, _ body: (Int32) throws -> Void) throws {
    var failure: (any Error)?
    try FileTools.create(path, mode: 0o600) { descriptor in
      _ = FileTools.tryLock(descriptor)
      do { try body(descriptor) } catch { failure = error }
    }
    if let failure {
      unlink(path)
      throw failure
    }
  }

  /// The content of a file, decrypted, in pieces. It has not been compared with the digest.
  func read(_ digest: String, _ take: (Data) throws -> Void) throws {
    guard let file = try status(digest) else { throw SystemFailure(path: location(of: digest), code: ENOENT) }
    guard file.name.hasSuffix(Self.suffix) else { return try backend.read(file.name, take) }
    guard let sealer else {
      throw SystemFailure(
        path: location(of: digest), code: EACCES, detail: "is encrypted, and there is no key (MARTLET_ENCRYPTION_KEY_FILE)")
    }
    var reader = sealer.reader(digest, path: location(of: digest))
    try backend.read(file.name) { piece in
      let open = try reader.add(piece)
      if !open.isEmpty { try take(open) }
    }
    try take(reader.finish())
  }

  /// The SHA-256 of what is kept under a digest.
  func check(_ digest: String) throws -> String {
    var running = RunningDigest()
    try read(digest) { running.add($0) }
    return running.finish()
  }

  /// The content of a small file.
  /// - Returns: `nil` if it holds more than `limit` bytes.
  func data(_ digest: String, limit: Int) throws -> Data? {
    var data = Data()
    try read(digest) { if data.count <= limit { data.append($0) } }
    return data.count <= limit ? data : nil
  }

  /// A path at which the file can be read: its own, or the cache's, to which it is fetched and checked first.
  func path(of digest: String, size: Int) throws(SystemFailure) -> String {
    if let plain = backend.localPath(Self.name(digest)), let sealed = backend.localPath(Self.name(digest, isSealed: true)) {
      // Of a file that is neither, the reader says that it is missing.
      if access(plain, F_OK) == 0 || access(sealed, F_OK) != 0 { return plain }
    }
    return try cache.path(of: digest, size: size) { take in try read(digest, take) }
  }

  /// Where a file is or would be, for a person.
  func location(of digest: String) -> String { backend.location + "/" + Self.name(digest) }

  /// Every object, and names in the store that are not objects.
  func list() throws -> (objects: [Object], strangers: [String]) {
    var objects: [Object] = []
    var strangers: [String] = []
    for file in try backend.list() {
      let parts = file.name.split(separator: "/", omittingEmptySubsequences: false)
      let digest = parts.joined().replacing(Self.suffix, with: "")
      if parts.count == 2, isSHA256(digest), [Self.name(digest), Self.name(digest, isSealed: true)].contains(file.name),
        file.modified > .distantPast
      {
        objects.append(Object(digest: digest, name: file.name, size: file.size, modified: file.modified))
      } else {
        strangers.append(file.name)
      }
    }
    return (objects, strangers)
  }

  /// Temporary files that no living process is writing.
  func abandonedTemporaries(before limit: Date) -> [(path: String, size: Int)] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: backend.staging)) ?? []
    return names.sorted().compactMap { name in
      let path = backend.staging + "/" + name
      guard let opened = try? FileTools.openRegular(path) else { return nil }
      defer { close(opened.descriptor) }
      var status = stat()
      guard fstat(opened.descriptor, &status) == 0, Double(status.st_mtim.tv_sec) <= limit.timeIntervalSince1970,
        FileTools.tryLock(opened.descriptor)
      else { return nil }
      return (path, opened.size)
    }
  }
}
