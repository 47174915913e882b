import Crypto
import Foundation
import MartletCore

/// What a file's content must have, as the hub says it.
enum HubChecksum: Sendable, Hashable {
  /// Of files that git keeps itself: SHA-1 of `blob SIZE\0` and the content.
  case gitBlob(String)
  /// Of large files.
  case sha256(String)

  /// By an `ETag`, which is either of the two.
  init?(etag: String) {
    guard HubPath.isHexadecimal(etag) else { return nil }
    switch etag.utf8.count {
    case 40: self = .gitBlob(etag)
    case 64: self = .sha256(etag)
    default: return nil
    }
  }

  /// The name of the blob in the cache.
  var name: String {
    switch self {
    case .gitBlob(let digits), .sha256(let digits): digits
    }
  }

  /// The checksum of a file, of the same kind.
  /// - Throws: `FileError` if it cannot be read.
  func found(in path: String) throws(FileError) -> String {
    switch self {
    case .sha256: return try Digest.sha256(file: path)
    case .gitBlob:
      guard let handle = FileHandle(forReadingAtPath: path) else { throw FileError(path: path, problem: "cannot be read") }
      defer { try? handle.close() }
      var hasher = Insecure.SHA1()
      do {
        let size = try handle.seekToEnd()
        try handle.seek(toOffset: 0)
        hasher.update(data: Data("blob \(size)\0".utf8))
        while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty { hasher.update(data: piece) }
      } catch {
        throw FileError(path: path, problem: "cannot be read: \(error.localizedDescription)")
      }
      return hasher.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
  }
}
