import Foundation
import Glibc
import MartletCore

/// A lock between processes, by `flock` on a file of its own, as Python's `filelock` does it.
struct FileLock: ~Copyable {
  private let descriptor: Int32

  /// Waits until the lock is free.
  /// - Throws: `FileError` where the file cannot be made; `CancellationError`.
  init(_ path: String) async throws {
    while true {
      if let descriptor = try Self.take(path) {
        self.descriptor = descriptor
        return
      }
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  /// - Returns: `nil` while somebody else holds it.
  private static func take(_ path: String) throws(FileError) -> Int32? {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o664)
    guard descriptor >= 0 else { throw FileError(path: path, problem: "cannot be locked: \(AtomicFile.systemReason())") }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let reason = errno
      close(descriptor)
      // A file system without locks: whoever comes second fetches once more, and checksums guard what comes out.
      if reason == EWOULDBLOCK || reason == EINTR { return nil }
      throw FileError(path: path, problem: "cannot be locked: \(String(cString: strerror(reason)))")
    }
    // Others remove the file when they are done: a lock on a file that has gone is none.
    var own = stat(), there = stat()
    guard fstat(descriptor, &own) == 0, stat(path, &there) == 0, own.st_ino == there.st_ino, own.st_dev == there.st_dev else {
      close(descriptor)
      return nil
    }
    return descriptor
  }

  deinit { close(descriptor) }
}
