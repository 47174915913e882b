import Bundles
import Foundation
import Glibc

/// A file as a backend keeps it.
struct StoredFile: Sendable {
  /// `"ab/cdef…"`
  let name: String
  /// Bytes as they are kept.
  let size: Int
  /// When it was put there or renewed.
  let modified: Date
}

/// Where objects are kept: a folder, or a bucket. A file appears under its name whole or not at all.
protocol ObjectBackend: Sendable {
  /// Where that is, for a person.
  var location: String { get }
  /// A local folder for files that are being written; on the objects' own disk where they are in a folder.
  var staging: String { get }

  func create() throws
  /// The file of that name as it is now.
  func status(_ name: String) throws -> StoredFile?
  /// The file's own path, where it can be read in place.
  func localPath(_ name: String) -> String?
  /// Gives a finished local file its name, and takes it away from where it was.
  /// - Returns: false if the local file is gone.
  func place(_ temporary: String, as name: String) throws -> Bool
  /// Hands the file's bytes over in pieces.
  func read(_ name: String, _ take: (Data) throws -> Void) throws
  /// Makes the file young again.
  func renew(_ name: String) throws
  /// - Returns: false if it was gone.
  func remove(_ name: String) throws -> Bool
  /// Every file, and whatever else lies there, by name.
  func list() throws -> [StoredFile]
  /// Gives up files that nobody has finished since a time.
  /// - Parameter dryRun: only count them.
  /// - Returns: how many.
  func removeUnfinished(before limit: Date, dryRun: Bool) throws -> Int
}

extension ObjectBackend {
  /// In a folder they are temporary files.
  func removeUnfinished(before limit: Date, dryRun: Bool) throws -> Int { 0 }
}

/// Files in a folder.
struct FolderBackend: ObjectBackend {
  /// The registry's folder, or the one that a team shares.
  let folder: String
  let root: String
  let staging: String

  var location: String { root }

  init(folder: String) {
    self.folder = folder
    root = folder + "/objects"
    staging = folder + "/staging"
  }

  func create() throws {
    try FileTools.makeFolders(root)
    try FileTools.makeFolders(staging)
  }

  func localPath(_ name: String) -> String? { root + "/" + name }

  func status(_ name: String) -> StoredFile? {
    var status = stat()
    guard lstat(root + "/" + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    let modified = Date(timeIntervalSince1970: Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9)
    return StoredFile(name: name, size: Int(status.st_size), modified: modified)
  }

  func place(_ temporary: String, as name: String) throws -> Bool {
    let final = root + "/" + name
    let folder = (final as NSString).deletingLastPathComponent
    if mkdir(folder, 0o755) == 0 { try FileTools.syncFolder(root) }
    guard rename(temporary, final) == 0 else {
      // Garbage collection without grace took it: the registration sees that it is missing and begins again.
      if errno == ENOENT, access(temporary, F_OK) != 0 { return false }
      throw SystemFailure(path: final)
    }
    try FileTools.syncFolder(folder)
    return true
  }

  func read(_ name: String, _ take: (Data) throws -> Void) throws {
    let opened = try FileTools.openRegular(root + "/" + name)
    defer { close(opened.descriptor) }
    try FileTools.pieces(of: opened.descriptor, path: root + "/" + name, take)
  }

  func renew(_ name: String) { utimes(root + "/" + name, nil) }

  func remove(_ name: String) -> Bool { unlink(root + "/" + name) == 0 }

  func list() throws -> [StoredFile] {
    var found: [StoredFile] = []
    for prefix in try FileManager.default.contentsOfDirectory(atPath: root).sorted() {
      guard let names = try? FileManager.default.contentsOfDirectory(atPath: root + "/" + prefix) else {
        found.append(StoredFile(name: prefix, size: 0, modified: .distantPast))
        continue
      }
      for name in names.sorted() {
        found.append(status(prefix + "/" + name) ?? StoredFile(name: prefix + "/" + name, size: 0, modified: .distantPast))
      }
    }
    return found
  }
}
