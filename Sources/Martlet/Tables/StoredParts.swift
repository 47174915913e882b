import Foundation
import MartletCore
import Selection
import Tables

/// Training rows that do not fit into memory: on disk, in parts that do, each a random draw from all. They go with the last reference.
final class StoredParts: Sendable {
  let folder: String
  let counts: [Int]
  /// How the columns are typed in memory.
  private let types: [TableField]
  /// Classes that rows may have; others are left out.
  private let target: (name: String, classes: Set<String>)?

  init(folder: String, counts: [Int], types: [TableField], target: (name: String, classes: Set<String>)?) {
    self.folder = folder
    self.counts = counts
    self.types = types
    self.target = target
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  static func path(_ folder: String, _ part: Int) -> String { "\(folder)/\(part).arrow" }

  /// The parts that have rows.
  var tables: StagedTables {
    let filled = counts.indices.filter { counts[$0] > 0 }
    return StagedTables(counts: filled.map { counts[$0] }) { place in
      let reader = try TableReader(Self.path(self.folder, filled[place]))
      var waiting: Table?
      return { limit in
        var pieces: [Table] = [], rows = 0
        while rows < limit, let next = try waiting ?? reader.next() {
          let taken = min(next.rowCount, limit - rows)
          pieces.append(taken == next.rowCount ? next : try next.slice(0..<taken))
          waiting = taken == next.rowCount ? nil : try next.slice(taken..<next.rowCount)
          rows += taken
        }
        guard rows > 0 else { return nil }
        return try self.typed(Table.concatenating(pieces))
      }
    }
  }

  private func typed(_ table: Table) throws -> Table {
    var columns: [Column] = []
    for field in types {
      let column = try table.column(field.name)
      columns.append(column.type == field.type ? column : try column.cast(to: field.type))
    }
    let whole = try Table(columns)
    guard let target else { return whole }
    let codes = try whole.column(target.name).codes()
    let known = codes.categories.map(target.classes.contains)
    guard known.contains(false) else { return whole }
    return try whole.taking(codes.codes.indices.filter { codes.codes[$0] >= 0 && known[Int(codes.codes[$0])] })
  }
}

/// Writes rows into parts as they come, each row into one that is drawn for it.
struct PartWriter {
  let folder: String
  private let writers: [TableWriter]
  private let seed: UInt64
  private var waiting: [Table] = []
  private var waitingRows = 0
  private var rows = 0
  /// Rows that are gathered before they are written: smaller pieces make slow files.
  private static let gathered = 200_000

  init(folder: String, parts: Int, seed: UInt64) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    self.folder = folder
    self.seed = seed ^ 0x7061_7274_73
    writers = try (0..<parts).map { try TableWriter(StoredParts.path(folder, $0)) }
  }

  mutating func add(_ table: Table) throws {
    waiting.append(table)
    waitingRows += table.rowCount
    if waitingRows >= Self.gathered { try flush() }
  }

  private mutating func flush() throws {
    guard waitingRows > 0 else { return }
    let table = try Table.concatenating(waiting)
    (waiting, waitingRows) = ([], 0)
    var places = [[Int]](repeating: [], count: writers.count)
    for row in 0..<table.rowCount {
      places[Int(RowSample.key(row: rows + row, seed: seed) % UInt64(writers.count))].append(row)
    }
    rows += table.rowCount
    for (writer, own) in zip(writers, places) where !own.isEmpty { try writer.write(try table.taking(own)) }
  }

  /// - Returns: how many rows each part has.
  mutating func finish() throws -> [Int] {
    try flush()
    for writer in writers where writer.rowCount > 0 { try writer.finish() }
    return writers.map(\.rowCount)
  }
}
