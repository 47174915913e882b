public import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Writing that never leaves half a file: a temporary name in the same folder, flushed to the disk, then renamed.
public enum AtomicFile {
  // A container's main process has the same number at every start: what a killed one left behind must not be in the way.
  private static let counter = Atomic<Int>(Int.random(in: 0..<1 << 40))

  /// A name beside `path` that no other process and no other call of this process uses.
  public static func temporaryPath(beside path: String) -> String {
    let folder = (path as NSString).deletingLastPathComponent
    let name = (path as NSString).lastPathComponent
    let number = counter.add(1, ordering: .relaxed).newValue
    return (folder.isEmpty ? "." : folder) + "/.\(name).\(getpid()).\(number).partial"
  }

  /// Replaces the file at `path` with `data`, or leaves it as it was.
  /// - Throws: `FileError` with the system's reason; nothing stays behind.
  public static func write(_ data: Data, to path: String) throws(FileError) {
    try write(to: path) { (descriptor) throws(FileError) in
      try data.withUnsafeBytes { bytes in Result { () throws(FileError) in try writeAll(bytes, to: descriptor, path: path) } }.get()
    }
  }

  /// Replaces the file at `path` with what `body` writes to the descriptor it is given, or leaves it as it was.
  public static func write(to path: String, _ body: (Int32) throws(FileError) -> Void) throws(FileError) {
    let temporary = temporaryPath(beside: path)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError(path: path, problem: "cannot be written: \(systemReason())") }
    do throws(FileError) {
      try body(descriptor)
      guard fsync(descriptor) == 0 else { throw FileError(path: path, problem: "cannot be written: \(systemReason())") }
    } catch {
      close(descriptor)
      unlink(temporary)
      throw error
    }
    guard close(descriptor) == 0, rename(temporary, path) == 0 else {
      let reason = systemReason()
      unlink(temporary)
      throw FileError(path: path, problem: "cannot be written: \(reason)")
    }
  }

  /// Writes every byte, going on after a short write or a signal.
  public static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws(FileError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = writeOnce(descriptor, rest)
      if written < 0 {
        if errno == EINTR { continue }
        throw FileError(
          path: path, problem: "cannot be written: \(systemReason())", remedy: errno == ENOSPC ? "free space on the disk" : nil)
      }
      rest = rest.dropFirst(written)
    }
  }

  private static func writeOnce(_ descriptor: Int32, _ bytes: Slice<UnsafeRawBufferPointer>) -> Int {
    let buffer = UnsafeRawBufferPointer(rebasing: bytes)
    return Glibc.write(descriptor, buffer.baseAddress, buffer.count)
  }

  /// The text of the current `errno`.
  public static func systemReason() -> String { String(cString: strerror(errno)) }
}
