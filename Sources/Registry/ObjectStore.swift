import Bundles
import Foundation
import Glibc
import MartletCore

/// Files by their SHA-256: `objects/ab/cdef…`. A file appears under its name whole and flushed to the disk, or not at all, and is never
/// written again.
struct ObjectStore: Sendable {
  struct Object: Sendable {
    let digest: String
    let path: String
    let size: Int
    let modified: Date
  }

  let root: String
  let staging: String

  init(registry: String) {
    root = registry + "/objects"
    staging = registry + "/staging"
  }

  func create() throws(SystemFailure) {
    try FileTools.makeFolders(root)
    try FileTools.makeFolders(staging)
  }

  func path(of digest: String) -> String { "\(root)/\(digest.prefix(2))/\(digest.dropFirst(2))" }

  /// Whether a file of that size has that name. Its content is not read.
  func contains(_ digest: String, size: Int) -> Bool {
    var status = stat()
    return lstat(path(of: digest), &status) == 0 && status.st_mode & S_IFMT == S_IFREG && Int(status.st_size) == size
  }

  /// Makes sure that the file with this digest is in the store; `fill` writes its content to an open file.
  ///
  /// A file that is there already is read again and, if it is damaged, replaced; its time is renewed so that garbage collection leaves it
  /// alone.
  func put(
    _ digest: String, size: Int, name: String, steps: (RegistrationStep) throws -> Void, fill: (Int32) throws(SystemFailure) -> Void
  ) throws {
    let final = path(of: digest)
    if contains(digest, size: size), (try? Digest.sha256(file: final)) == digest {
      utimes(final, nil)
      return
    }
    try steps(.staging)
    let temporary = AtomicFile.temporaryPath(beside: staging + "/" + digest.prefix(12))
    defer { unlink(temporary) }
    try FileTools.create(temporary) { (descriptor) throws(SystemFailure) in
      _ = FileTools.tryLock(descriptor)
      try fill(descriptor)
      fchmod(descriptor, 0o444)
    }
    // What is hashed is what is kept: a source that changes while it is copied cannot slip in.
    let stored: String
    do { stored = try Digest.sha256(file: temporary) } catch {
      // Garbage collection without grace took it: the registration sees that it is missing and begins again.
      if access(temporary, F_OK) != 0 { return }
      throw error
    }
    guard stored == digest else {
      throw RegistryError(
        .bundle, "'\(name)' has another content than its manifest says", remedy: "build the bundle again; nothing was registered")
    }
    try steps(.staged)
    let folder = (final as NSString).deletingLastPathComponent
    if mkdir(folder, 0o755) == 0 { try FileTools.syncFolder(root) }
    guard rename(temporary, final) == 0 else {
      if errno == ENOENT, access(temporary, F_OK) != 0 { return }
      throw SystemFailure(path: final)
    }
    try FileTools.syncFolder(folder)
    try steps(.placed)
  }

  /// Every object, and names in the store that are not objects.
  func list() throws -> (objects: [Object], strangers: [String]) {
    var objects: [Object] = []
    var strangers: [String] = []
    for prefix in try FileManager.default.contentsOfDirectory(atPath: root).sorted() {
      guard let names = try? FileManager.default.contentsOfDirectory(atPath: root + "/" + prefix) else {
        strangers.append(prefix)
        continue
      }
      for name in names.sorted() {
        guard let object = object(prefix + name), prefix.count == 2 else {
          strangers.append(prefix + "/" + name)
          continue
        }
        objects.append(object)
      }
    }
    return (objects, strangers)
  }

  /// The object of that digest as the disk has it now.
  func object(_ digest: String) -> Object? {
    var status = stat()
    let path = path(of: digest)
    guard isSHA256(digest), lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    let modified = Date(timeIntervalSince1970: Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9)
    return Object(digest: digest, path: path, size: Int(status.st_size), modified: modified)
  }

  /// Temporary files that no living process is writing.
  func abandonedTemporaries(before limit: Date) -> [(path: String, size: Int)] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: staging)) ?? []
    return names.sorted().compactMap { name in
      let path = staging + "/" + name
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
