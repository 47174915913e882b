import Foundation
import MartletCore

/// The formats of files that tables are read from and written to.
public enum TableFormat: String, Sendable, Hashable, Codable, CaseIterable {
  case csv
  case parquet
  /// Arrow's file or stream format, also called Feather.
  case arrow
  /// Objects one after another, or in one list.
  case json

  /// The format that a file's name tells, whether or not it is compressed.
  public init?(path: String) {
    switch Self.suffix(of: path) {
    case "csv", "tsv", "tab", "txt", "data": self = .csv
    case "parquet", "pq": self = .parquet
    case "arrow", "arrows", "feather", "ipc": self = .arrow
    case "json", "jsonl", "ndjson": self = .json
    default: return nil
    }
  }

  /// The suffix in small letters, without that of the compression.
  static func suffix(of path: String) -> String {
    let parts = (path as NSString).lastPathComponent.lowercased().split(separator: ".", omittingEmptySubsequences: false).dropFirst()
    let packed: Set<Substring> = ["gz", "zst", "zstd", "bz2", "lz4"]
    return String(parts.last { !packed.contains($0) } ?? "")
  }

  /// The format of a file that exists: by its first bytes where they tell, else by its name.
  /// - Throws: `FileError` if it cannot be opened, or is of a kind that holds no table.
  static func find(_ path: String) throws(FileError) -> TableFormat {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw FileError(path: path, problem: "there is no such file", remedy: "check the path")
    }
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw FileError(path: path, problem: "cannot be opened: \(AtomicFile.systemReason())")
    }
    defer { try? handle.close() }
    let start = [UInt8]((try? handle.read(upToCount: 512)) ?? Data())
    func begins(_ bytes: [UInt8]) -> Bool { start.starts(with: bytes) }
    if begins(Array("PAR1".utf8)) { return .parquet }
    if begins(Array("ARROW1".utf8)) || begins([0xFF, 0xFF, 0xFF, 0xFF]) { return .arrow }
    if begins([0x50, 0x4B, 0x03, 0x04]) {
      throw FileError(
        path: path, problem: "is a zip archive or a spreadsheet", expected: "CSV, Parquet, Arrow or JSON Lines",
        remedy: "unpack it, or save the sheet as CSV")
    }
    if let format = TableFormat(path: path) {
      guard format == .csv || format == .json else {
        throw FileError(
          path: path, problem: start.isEmpty ? "is empty" : "does not begin as a \(format.rawValue) file does",
          expected: "what the name says", remedy: "give the format")
      }
      return format
    }
    let first = start.first { !" \t\r\n".utf8.contains($0) }
    return first == UInt8(ascii: "{") ? .json : .csv
  }
}

/// Compression of what is written. What is read is unpacked by its first bytes: gzip, zstd, bzip2 or lz4.
public enum TableCompression: String, Sendable, Hashable, Codable, CaseIterable {
  case none, gzip, zstd

  /// What a file's name asks for; Parquet and Arrow files compress within.
  init(path: String) {
    switch (path as NSString).pathExtension.lowercased() {
    case "gz": self = .gzip
    case "zst", "zstd": self = .zstd
    default: self = .none
    }
  }
}
