import Foundation
public import MartletCore

/// How large files are, known without reading them.
public struct TableSize: Sendable, Hashable {
  /// What they take on disk.
  public var stored = 0
  /// What their text or their columns take, about: compressed text is a fifth of what it unpacks to, Parquet a third.
  public var unpacked = 0

  /// - Parameter paths: files, folders or patterns.
  /// - Throws: `FileError` if there are none.
  public init(_ paths: [String]) throws(FileError) {
    for file in try TableFiles.resolve(paths) {
      let attributes = try? FileManager.default.attributesOfItem(atPath: (file.path as NSString).resolvingSymlinksInPath)
      let bytes = (attributes?[.size] as? NSNumber)?.intValue ?? 0
      let name = file.path.lowercased()
      let isPacked = [".gz", ".zst", ".zstd", ".bz2", ".lz4"].contains { name.hasSuffix($0) }
      stored += bytes
      unpacked += bytes * (isPacked ? 5 : TableFormat(path: file.path) == .parquet ? 3 : 1)
    }
  }
}
