import Foundation
import MartletCore
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file of events, one JSON object a line, each with the hash of the one before it: an event that is changed, removed or put in between is
/// found. (Who can write the file can write all of it anew; the last hash, kept elsewhere, shows that.)
public final class AuditFile: AuditSink {
  private let path: String
  private let turn = Mutex(())

  /// One line.
  private struct Link: Codable {
    var event: AuditEvent
    /// The hash of the line before; 64 zeros in the first.
    var previous: String
    var hash: String
  }

  private static let beginning = String(repeating: "0", count: 64)

  /// - Throws: `FileError` if the file cannot be written, or its last line is none.
  public init(path: String) throws {
    self.path = path
    try locked { _ = try Self.last(in: $0, path: path) }
  }

  /// Adds an event, on the disk when it returns.
  public func record(_ event: AuditEvent) throws {
    try locked { descriptor in
      let previous = try Self.last(in: descriptor, path: path)
      let link = Link(event: event, previous: previous, hash: try Self.hash(event, after: previous))
      var line = try JSON.encode(link, pretty: false)
      line.append(0x0A)
      try line.withUnsafeBytes { try AtomicFile.writeAll($0, to: descriptor, path: path) }
      guard fsync(descriptor) == 0 else { throw FileError(path: path, problem: "cannot be written: \(AtomicFile.systemReason())") }
    }
  }

  /// The number of events, and the hash of the last.
  /// - Throws: `FileError` that names the first line that does not follow from the one before.
  public static func verify(path: String) throws -> (events: Int, hash: String) {
    guard let data = FileManager.default.contents(atPath: path) else { throw FileError(path: path, problem: "cannot be read") }
    var previous = beginning, count = 0
    for line in data.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast(data.last == 0x0A ? 1 : 0) {
      count += 1
      guard let link = try? JSON.decode(Link.self, from: Data(line), source: path) else {
        throw FileError(path: path, problem: "line \(count) is no event")
      }
      guard link.previous == previous, try hash(link.event, after: previous) == link.hash else {
        throw FileError(path: path, problem: "line \(count) does not follow from the one before: something was changed or removed")
      }
      previous = link.hash
    }
    return (count, previous)
  }

  private static func hash(_ event: AuditEvent, after previous: String) throws -> String {
    Digest.sha256(Data(previous.utf8) + (try JSON.encode(event, pretty: false)))
  }

  /// Opens the file while no other process writes to it.
  private func locked(_ body: (Int32) throws -> Void) throws {
    try turn.withLock { _ in
      let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else { throw FileError(path: path, problem: "cannot be written: \(AtomicFile.systemReason())") }
      defer { close(descriptor) }
      while flock(descriptor, LOCK_EX) != 0 {
        guard errno == EINTR else { throw FileError(path: path, problem: "cannot be locked: \(AtomicFile.systemReason())") }
      }
      try body(descriptor)
    }
  }

  /// The hash of the last line.
  private static func last(in descriptor: Int32, path: String) throws -> String {
    let size = Int(lseek(descriptor, 0, SEEK_END))
    guard size > 0 else { return beginning }
    // Events are short; what is longer than that is none of ours.
    let count = min(size, 1 << 16)
    var bytes = [UInt8](repeating: 0, count: count)
    guard pread(descriptor, &bytes, count, off_t(size - count)) == count else {
      throw FileError(path: path, problem: "cannot be read: \(AtomicFile.systemReason())")
    }
    guard bytes.last == 0x0A, let line = bytes.dropLast().split(separator: 0x0A).last,
      let link = try? JSON.decode(Link.self, from: Data(line), source: path)
    else {
      throw FileError(
        path: path, problem: "its last line is no event", expected: "an audit file", remedy: "put it aside and begin a new one")
    }
    return link.hash
  }
}
