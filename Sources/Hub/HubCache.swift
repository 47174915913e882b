import Foundation
import Glibc
import MartletCore

/// The cache's folders, as Python's `huggingface_hub` has them, so that both use one cache.
///
///     models--ORG--NAME/blobs/CHECKSUM            what files hold, once for all commits
///     models--ORG--NAME/refs/REVISION             the commit of a branch or a tag
///     models--ORG--NAME/snapshots/COMMIT/PATH     a link to a blob
///     models--ORG--NAME/trees/COMMIT.json         what the commit has, wanted or not
///     .locks/models--ORG--NAME/CHECKSUM.lock
struct HubCache: Sendable {
  let root: String
  let repository: HubRepository

  var folder: String { root + "/" + repository.folderName }

  func blob(_ checksum: HubChecksum) -> String { "\(folder)/blobs/\(checksum.name)" }

  func lock(_ checksum: HubChecksum) -> String { "\(root)/.locks/\(repository.folderName)/\(checksum.name).lock" }

  func snapshot(_ commit: String) -> String { "\(folder)/snapshots/\(commit)" }

  /// The commit that the revision was at when the hub was asked last.
  var knownCommit: String? {
    if repository.isPinned { return repository.revision }
    guard let data = FileManager.default.contents(atPath: "\(folder)/refs/\(repository.revision)") else { return nil }
    let commit = String(decoding: data.prefix(64), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    return HubRepository.isCommit(commit) ? commit : nil
  }

  /// Makes the folders that everything else is put into.
  /// - Throws: `FileError`.
  func prepare() throws(FileError) {
    for path in ["\(folder)/blobs", "\(folder)/refs", "\(folder)/snapshots", "\(root)/.locks/\(repository.folderName)"] {
      try Self.makeFolder(path)
    }
    // Programs that back up folders leave out what can be fetched again.
    let tag = root + "/CACHEDIR.TAG"
    if access(tag, F_OK) != 0 {
      let text = "Signature: 8a477f597d28d172789f06886806bc55\n# This file marks a cache that can be fetched again.\n"
      try AtomicFile.write(Data(text.utf8), to: tag)
    }
  }

  static func makeFolder(_ path: String) throws(FileError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw FileError(path: path, problem: "cannot be made: \(error.localizedDescription)")
    }
  }

  /// Remembers which commit the revision is at.
  func remember(commit: String) throws(FileError) {
    guard !repository.isPinned, knownCommit != commit else { return }
    let path = "\(folder)/refs/\(repository.revision)"
    try Self.makeFolder((path as NSString).deletingLastPathComponent)
    // Without a newline, which Python would take for a part of the commit.
    try AtomicFile.write(Data(commit.utf8), to: path)
  }

  /// Whether a file's content is there, wholly.
  func hasBlob(_ checksum: HubChecksum, size: Int?) -> Bool {
    var info = stat()
    guard stat(blob(checksum), &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return false }
    return size.map { Int(info.st_size) == $0 } ?? true
  }

  /// The file of a commit by its own name, or `nil` where it is not there or its content has gone.
  func file(_ path: String, commit: String) -> String? {
    let name = snapshot(commit) + "/" + path
    return access(name, R_OK) == 0 ? name : nil
  }

  /// Gives a blob its name in a commit.
  /// - Returns: the file by its name.
  func link(_ checksum: HubChecksum, as path: String, commit: String) throws -> String {
    try HubPath.check(path)
    let name = snapshot(commit) + "/" + path
    try Self.makeFolder((name as NSString).deletingLastPathComponent)
    let ups = String(repeating: "../", count: path.split(separator: "/").count + 1)
    let target = "\(ups)blobs/\(checksum.name)"
    if (try? FileManager.default.destinationOfSymbolicLink(atPath: name)) == target { return name }
    let temporary = AtomicFile.temporaryPath(beside: name)
    guard symlink(target, temporary) == 0, rename(temporary, name) == 0 else {
      let reason = AtomicFile.systemReason()
      unlink(temporary)
      throw FileError(path: name, problem: "cannot be made: \(reason)", expected: "a file system with symbolic links")
    }
    return name
  }

  // MARK: What a commit has

  private struct Tree: Codable {
    struct Entry: Codable {
      var size: Int
      var blobID: String
      var sha256: String?
      var lfsSize: Int?

      enum CodingKeys: String, CodingKey {
        case size
        case blobID = "blob_id"
        case sha256 = "lfs_sha256"
        case lfsSize = "lfs_size"
      }
    }

    var version: Int
    var files: [String: Entry]

    enum CodingKeys: String, CodingKey {
      case version = "format_version"
      case files
    }
  }

  /// A commit's files as they were listed before, or `nil` where they were not, or what is there cannot be read.
  func listing(_ commit: String) -> HubListing? {
    guard let data = FileManager.default.contents(atPath: "\(folder)/trees/\(commit).json"),
      let tree = try? JSON.decode(Tree.self, from: data, source: "the cache"), tree.version == 1
    else { return nil }
    let files = tree.files.map { path, entry in
      HubFile(path: path, size: entry.lfsSize ?? entry.size, gitID: entry.blobID, sha256: entry.sha256)
    }
    guard files.allSatisfy({ HubPath.isSafe($0.path) && HubChecksum(etag: $0.checksum.name) != nil }) else { return nil }
    return HubListing(commit: commit, files: files)
  }

  func remember(_ listing: HubListing) throws {
    let path = "\(folder)/trees/\(listing.commit).json"
    guard access(path, F_OK) != 0 else { return }
    let entries = listing.files.map { file in
      (file.path, Tree.Entry(size: file.size, blobID: file.gitID, sha256: file.sha256, lfsSize: file.sha256 == nil ? nil : file.size))
    }
    try Self.makeFolder("\(folder)/trees")
    try AtomicFile.write(JSON.encode(Tree(version: 1, files: Dictionary(entries, uniquingKeysWith: { $1 }))), to: path)
  }
}
