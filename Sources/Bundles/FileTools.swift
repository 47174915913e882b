package import Foundation
import Glibc
import MartletCore

/// A call of the system that failed, with its `errno`, before it becomes an error for a person.
package struct SystemFailure: Error, Sendable {
  package let path: String
  package let code: Int32
  /// What was learnt besides the code: what a server said.
  package let detail: String?

  package init(path: String, code: Int32 = errno, detail: String? = nil) {
    self.path = path
    self.code = code
    self.detail = detail
  }

  package var reason: String { detail ?? String(cString: strerror(code)) }
  package var isDiskFull: Bool { code == ENOSPC || code == EDQUOT }
  package var isNotWritable: Bool { code == EACCES || code == EPERM || code == EROFS }
}

/// File access that never follows a link inside a bundle and never waits on a pipe or a device.
package enum FileTools {
  /// Opens a folder. Its own path may go through links: the user named it.
  package static func openFolder(_ path: String) throws(SystemFailure) -> Int32 {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemFailure(path: path) }
    return descriptor
  }

  /// Opens a regular file below a folder, refusing a link at every step (`ELOOP`, or `ENOTDIR` for a folder) and anything else (`EINVAL`).
  package static func openRegular(_ path: String, inside folder: Int32) throws(SystemFailure) -> (descriptor: Int32, size: Int) {
    var current = folder
    defer { if current != folder { close(current) } }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    for part in parts.dropLast() {
      let next = openat(current, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      guard next >= 0 else { throw SystemFailure(path: path) }
      if current != folder { close(current) }
      current = next
    }
    let descriptor = openat(current, parts.last ?? path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemFailure(path: path) }
    return (descriptor, try regularSize(of: descriptor, path: path))
  }

  /// Opens a regular file by a path of the user's; the last step may not be a link.
  package static func openRegular(_ path: String) throws(SystemFailure) -> (descriptor: Int32, size: Int) {
    let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemFailure(path: path) }
    return (descriptor, try regularSize(of: descriptor, path: path))
  }

  private static func regularSize(of descriptor: Int32, path: String) throws(SystemFailure) -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw SystemFailure(path: path, code: EINVAL)
    }
    return Int(status.st_size)
  }

  /// The names in an open folder, without `.` and `..`, sorted.
  package static func names(in folder: Int32, path: String) throws(SystemFailure) -> [String] {
    let copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0, let stream = fdopendir(copy) else { throw SystemFailure(path: path) }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// The bytes of an open file, at most `limit` of them; `nil` if it holds more.
  package static func read(_ descriptor: Int32, limit: Int, path: String) throws(SystemFailure) -> Data? {
    var data = Data()
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = buffer.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw SystemFailure(path: path) }
      if count == 0 { return data }
      guard data.count + count <= limit else { return nil }
      data.append(contentsOf: buffer[..<count])
    }
  }

  /// Copies an open file to another open file, from where both stand.
  /// - Returns: the number of bytes.
  @discardableResult
  package static func copy(_ source: Int32, to target: Int32, path: String) throws(SystemFailure) -> Int {
    var total = 0
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = buffer.withUnsafeMutableBytes { Glibc.read(source, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw SystemFailure(path: path) }
      if count == 0 { return total }
      try buffer.withUnsafeBytes { bytes in
        Result { () throws(SystemFailure) in try writeAll(UnsafeRawBufferPointer(rebasing: bytes[..<count]), to: target, path: path) }
      }.get()
      total += count
    }
  }

  /// Hands the rest of an open file over in pieces of at most a megabyte.
  package static func pieces(of source: Int32, path: String, _ take: (Data) throws -> Void) throws {
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = buffer.withUnsafeMutableBytes { Glibc.read(source, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw SystemFailure(path: path) }
      if count == 0 { return }
      try take(Data(buffer[..<count]))
    }
  }

  /// Writes every byte, going on after a short write or a signal.
  package static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws(SystemFailure) {
    var done = 0
    while done < bytes.count {
      let written = Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
      if written < 0 {
        if errno == EINTR { continue }
        throw SystemFailure(path: path)
      }
      done += written
    }
  }

  /// Writes all of `data`.
  package static func writeAll(_ data: Data, to descriptor: Int32, path: String) throws(SystemFailure) {
    try data.withUnsafeBytes { bytes in
      Result { () throws(SystemFailure) in try writeAll(bytes, to: descriptor, path: path) }
    }.get()
  }

  /// Creates a file that must not exist yet, lets `body` fill it, and flushes it to the disk; takes it away again if that fails.
  package static func create(
    _ path: String, mode: mode_t = 0o644, _ body: (Int32) throws(SystemFailure) -> Void
  ) throws(SystemFailure) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw SystemFailure(path: path) }
    do throws(SystemFailure) {
      try body(descriptor)
      guard fsync(descriptor) == 0 else { throw SystemFailure(path: path) }
    } catch {
      close(descriptor)
      unlink(path)
      throw error
    }
    guard close(descriptor) == 0 else {
      let failure = SystemFailure(path: path)
      unlink(path)
      throw failure
    }
  }

  /// Makes renames and new names in a folder last through a power cut.
  package static func syncFolder(_ path: String) throws(SystemFailure) {
    let descriptor = try openFolder(path)
    defer { close(descriptor) }
    // Some file systems cannot flush a folder and say EINVAL; there is nothing better to do on those.
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw SystemFailure(path: path) }
  }

  /// Makes a folder and those above it.
  package static func makeFolders(_ path: String) throws(SystemFailure) {
    if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
    let parent = (path as NSString).deletingLastPathComponent
    guard errno == ENOENT, !parent.isEmpty, parent != path else { throw SystemFailure(path: path) }
    try makeFolders(parent)
    guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw SystemFailure(path: path) }
  }

  /// Takes the advisory lock of an open file or folder without waiting.
  /// - Returns: false if another process (or another descriptor of this one) holds it, or the file system has no such locks.
  package static func tryLock(_ descriptor: Int32) -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

  /// The SHA-256 of an open file, read from its start.
  package static func sha256(_ descriptor: Int32) throws -> String { try Digest.sha256(file: "/proc/self/fd/\(descriptor)") }
}
