import Foundation
import Glibc
import MartletCore

/// An open file of a run, a logged model or a registered version. It is closed when nobody holds it any more.
package final class ArtifactFile: Sendable {
  package let name: String
  package let size: Int
  private let content: Content

  private enum Content: Sendable {
    case file(Int32)
    case data(Data)
  }

  /// - Parameter descriptor: is this object's from now on.
  init(name: String, descriptor: Int32, size: Int) {
    self.name = name
    self.size = size
    content = .file(descriptor)
  }

  init(name: String, data: Data) {
    self.name = name
    size = data.count
    content = .data(data)
  }

  deinit { if case .file(let descriptor) = content { close(descriptor) } }

  /// Bytes from a place in the file, at most `count`; none at its end.
  /// - Throws: `TrackingError` `.io`.
  package func read(_ count: Int, at offset: Int) throws(TrackingError) -> [UInt8] {
    switch content {
    case .data(let data): return Array(data.dropFirst(offset).prefix(count))
    case .file(let descriptor):
      var got = 0
      let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        repeat { got = pread(descriptor, buffer.baseAddress, count, off_t(offset)) } while got < 0 && errno == EINTR
        initialized = max(0, got)
      }
      guard got >= 0 else { throw TrackingError(.io, "'\(excerpt(name))' cannot be read: \(AtomicFile.systemReason())") }
      return bytes
    }
  }

  /// Lends the descriptor of a file on the disk, at its beginning.
  /// - Throws: `TrackingError` `.io` for what is in memory; what `body` throws.
  func withDescriptor(_ body: (Int32) throws -> Void) throws {
    guard case .file(let descriptor) = content else { throw TrackingError(.io, "'\(excerpt(name))' is no file of its own") }
    try body(descriptor)
  }
}
