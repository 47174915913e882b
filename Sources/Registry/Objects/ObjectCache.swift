import Bundles
import Foundation
import Glibc
import MartletCore

/// Files that were fetched from a bucket or decrypted, in a folder that only this user may read, by their SHA-256.
struct ObjectCache: Sendable {
  let folder: String

  /// The file's path; `fetch` hands over its content if it is not there yet. What is fetched is hashed on the way, and kept only if it is
  /// right.
  func path(of digest: String, size: Int, _ fetch: ((Data) throws -> Void) throws -> Void) throws(SystemFailure) -> String {
    let path = "\(folder)/\(digest.prefix(2))/\(digest.dropFirst(2))"
    var status = stat()
    if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, Int(status.st_size) == size {
      utimes(path, nil)
      return path
    }
    let parent = (path as NSString).deletingLastPathComponent
    try FileTools.makeFolders(parent)
    chmod(folder, 0o700)
    let temporary = AtomicFile.temporaryPath(beside: path)
    defer { unlink(temporary) }
    var failure: SystemFailure?
    try FileTools.create(temporary, mode: 0o600) { descriptor in
      var running = RunningDigest(), count = 0
      do {
        try fetch { piece in
          running.add(piece)
          count += piece.count
          guard count <= size else { throw SystemFailure(path: path, code: EBADMSG, detail: "has more than \(size) bytes") }
          if !piece.isEmpty { try FileTools.writeAll(piece, to: descriptor, path: temporary) }
        }
        let found = running.finish()
        if found != digest { failure = SystemFailure(path: path, code: EBADMSG, detail: "has the SHA-256 \(found), not \(digest)") }
      } catch {
        failure =
          error as? SystemFailure ?? SystemFailure(path: path, code: EIO, detail: "\((error as? any MartletError)?.problem ?? "\(error)")")
      }
    }
    if let failure { throw failure }
    guard rename(temporary, path) == 0 else { throw SystemFailure(path: path) }
    return path
  }

  /// Takes files out that turned out to be damaged.
  func forget(_ digest: String) { unlink("\(folder)/\(digest.prefix(2))/\(digest.dropFirst(2))") }

  /// Removes the files that were not used for longest until at most `bytes` are left.
  /// - Returns: the bytes that were freed.
  func prune(to bytes: Int) -> Int {
    var files: [(path: String, size: Int, time: Int)] = []
    for prefix in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where prefix.count == 2 {
      for name in (try? FileManager.default.contentsOfDirectory(atPath: folder + "/" + prefix)) ?? [] {
        var status = stat()
        let path = "\(folder)/\(prefix)/\(name)"
        if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
          files.append((path, Int(status.st_size), status.st_mtim.tv_sec))
        }
      }
    }
    var total = files.reduce(0) { $0 + $1.size }, freed = 0
    for file in files.sorted(by: { ($0.time, $0.path) < ($1.time, $1.path) }) where total > bytes {
      guard unlink(file.path) == 0 else { continue }
      total -= file.size
      freed += file.size
    }
    return freed
  }
}
