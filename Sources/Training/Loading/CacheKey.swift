import Foundation
import MartletCore

/// What a cache's contents depend on: the files, the preparation, the version of the code that does it. A cache of another key is never
/// used.
public struct CacheKey: Sendable, Hashable {
  /// 64 hexadecimal digits.
  public let digest: String

  /// A key from everything that decides what an item looks like once it is prepared.
  /// - Parameters:
  ///   - content: what the data is: checksums, or what `files(_:)` gives.
  ///   - preparation: sizes, normalisation and the like, in any spelling that changes when they do.
  ///   - version: raised when the code that prepares changes what it gives.
  public init(content: String, preparation: String, version: Int = 1) {
    let parts = [content, preparation, "\(version)"]
    digest = Digest.sha256(parts.map { "\($0.utf8.count):\($0)" }.joined(separator: "|"))
  }

  /// The names, sizes and times of change of files: changes as soon as one of them does, and needs no reading.
  /// - Throws: `FileError` if there is no such file.
  public static func files(_ paths: [String]) throws -> String {
    var lines: [String] = []
    for path in paths {
      guard let attributes = try? FileManager.default.attributesOfItem(atPath: path), let size = attributes[.size] as? NSNumber else {
        throw FileError(path: path, problem: "cannot be read")
      }
      let changed = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
      lines.append("\(path)|\(size.int64Value)|\(changed)")
    }
    return Digest.sha256(lines.joined(separator: "\n"))
  }
}
