import Foundation
import MartletCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file, and what the folders above it say of all its rows.
struct TableFile: Sendable {
  let path: String
  /// Names and texts, as in `year=2024/month=01`; `nil` for missing.
  var partitions: [(name: String, value: String?)] = []
}

enum TableFiles {
  /// The files that paths mean: files themselves, all of a folder and its folders, or what a pattern with `*`, `?` or `[…]` matches.
  /// - Throws: `FileError` if there are none.
  static func resolve(_ paths: [String]) throws(FileError) -> [TableFile] {
    var files: [TableFile] = []
    for path in paths {
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
        files += isFolder.boolValue ? try folder(path) : [TableFile(path: path)]
      } else if path.contains(where: { "*?[".contains($0) }) {
        let found = matches(path)
        guard !found.isEmpty else { throw FileError(path: path, problem: "no file matches", remedy: "check the pattern") }
        files += try resolve(found)
      } else {
        throw FileError(path: path, problem: "there is no such file or folder", remedy: "check the path")
      }
    }
    return files
  }

  private static func folder(_ path: String) throws(FileError) -> [TableFile] {
    guard let names = FileManager.default.enumerator(atPath: path) else { throw FileError(path: path, problem: "cannot be listed") }
    var files: [TableFile] = []
    for case let name as String in names {
      let parts = name.split(separator: "/").map(String.init)
      // What other tools leave beside the data: _SUCCESS, .crc, hidden folders.
      guard !parts.contains(where: { $0.hasPrefix(".") || $0.hasPrefix("_") }), TableFormat(path: name) != nil else { continue }
      let full = (path as NSString).appendingPathComponent(name)
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: full, isDirectory: &isFolder), !isFolder.boolValue else { continue }
      files.append(TableFile(path: full, partitions: parts.dropLast().compactMap(partition)))
    }
    guard !files.isEmpty else {
      throw FileError(path: path, problem: "the folder holds no table", expected: "files that end in .csv, .parquet, .arrow, .jsonl …")
    }
    return files.sorted { $0.path < $1.path }
  }

  private static func partition(_ part: String) -> (name: String, value: String?)? {
    guard let sign = part.firstIndex(of: "="), sign != part.startIndex else { return nil }
    let value = String(part[part.index(after: sign)...])
    return (
      part[..<sign].removingPercentEncoding ?? String(part[..<sign]),
      value == "__HIVE_DEFAULT_PARTITION__" ? nil : value.removingPercentEncoding ?? value
    )
  }

  private static func matches(_ pattern: String) -> [String] {
    var result = glob_t()
    defer { globfree(&result) }
    guard glob(pattern, 0, nil, &result) == 0 else { return [] }
    return (0..<Int(result.gl_pathc)).compactMap { result.gl_pathv[$0].map { String(cString: $0) } }
  }

  /// The columns that the folders tell: whole numbers where all are, else texts.
  static func partitionTypes(_ files: [TableFile]) throws(FileError) -> [(name: String, type: ColumnType)] {
    let names = files.first?.partitions.map(\.name) ?? []
    var isInteger = [Bool](repeating: true, count: names.count)
    for file in files {
      guard file.partitions.map(\.name) == names else {
        throw FileError(
          path: file.path, problem: "lies under \(file.partitions.map(\.name))", expected: "the folders of the others: \(names)")
      }
      for (place, part) in file.partitions.enumerated() {
        if let value = part.value, Int64(value) == nil { isInteger[place] = false }
      }
    }
    return zip(names, isInteger).map { ($0, $1 ? .int64 : .text) }
  }

  /// The table with a column for each of its folders.
  static func adding(_ types: [(name: String, type: ColumnType)], of file: TableFile, to table: Table) throws -> Table {
    guard !types.isEmpty else { return table }
    var columns = table.columns.filter { column in !types.contains { $0.name == column.name } }
    for (part, type) in zip(file.partitions, types) {
      let value = part.value
      switch type.type {
      case .int64:
        let number = value.flatMap { Int64($0) }
        columns.append(Column(part.name, [Int64?](repeating: number, count: table.rowCount)))
      default: columns.append(Column(part.name, [String?](repeating: value, count: table.rowCount)))
      }
    }
    return try Table(columns)
  }
}
