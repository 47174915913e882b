import Charts
import Foundation
import MartletCore
import Project
import Tables

/// Brings the rows of a project that is larger than memory: read once, piece by piece; a sample to compare models on and one to judge by
/// stay in memory, the training rows go to disk in parts.
struct TableStream {
  let loader: TableLoader
  /// Bytes that the rows may take.
  let budget: Int
  let paths: [String]
  private let size: TableSize

  /// Rows of a part that stay in memory: to choose models and to fit preparation, and to judge.
  static let sampleRows = 200_000
  /// What a row's text becomes while it is learnt from: columns, features in double and single precision, copies of them.
  private static let growth = 8

  private var project: TableProject { loader.project }
  private var seed: UInt64 { project.training.seed }

  /// `nil` where all rows fit into memory, or come out of a database.
  init?(_ loader: TableLoader) throws {
    guard loader.project.data.sql == nil else { return nil }
    self.loader = loader
    paths = try loader.files()
    size = try TableSize(paths)
    guard let budget = loader.project.training.memory.map({ Int($0 * 1e9) }) ?? ProcessMemory.available().map({ $0 / 2 }) else {
      return nil
    }
    self.budget = budget
    guard size.unpacked > budget / Self.growth else { return nil }
  }

  /// What came of reading.
  struct Rows {
    /// Samples, typed.
    var training: Table
    var test: Table?
    /// How many rows each of them stands for.
    var trainingRows = 0
    var testRows = 0
    var digests: [String] = []
    var counts: [Int] = []
    var check: DataCheckReport?
    var notes: [String] = []
  }

  /// Reads all rows.
  /// - Parameter folder: where the training rows go, part by part; `nil` keeps the sample only.
  /// - Throws: as `TableLoader.load` does.
  func read(into folder: String?) throws -> Rows {
    if let join = project.data.join.first(where: { [.right, .full].contains($0.kind) }) {
      throw ArgumentError(
        "a \(join.kind.rawValue) join needs the whole table in memory", expected: "left, inner, semi or anti for a table of this size",
        remedy: "join the other way round, or allow it more by training.memory")
    }
    let share = project.data.limit.map { max(1, $0) } ?? Self.sampleRows
    var training = RowSample(limit: share, seed: seed), test = RowSample(limit: Self.sampleRows, seed: seed)
    var writer = try folder.map { try PartWriter(folder: $0, parts: parts, seed: seed) }
    var digests = [RunningDigest(), RunningDigest()]
    let others = try loader.joinedTables()
    let (check, note) = try pass(paths, others) { table, first in
      let parts = try divided(table, first: first)
      if let own = parts.training {
        try training.add(own)
        try writer?.add(own)
        digests[0].add(try Self.digest(own))
      }
      if let own = parts.test {
        try test.add(own)
        digests[1].add(try Self.digest(own))
      }
    }
    var held: Held?
    switch project.data.test {
    case .file(let path)?: held = try readTest(path, others)
    default: if test.rows > 0 { held = Held(table: try test.finish().table, rows: test.rows, digest: digests[1].finish()) }
    }
    if project.data.test != nil || project.task.hasTarget, (held?.rows ?? 0) == 0 {
      throw ArgumentError(
        "no row is left to judge by, \(NumberText.grouped(training.rows)) to learn from", expected: "at least one of each",
        remedy: "data.test")
    }
    let own = try loader.typed(try training.finish().table)
    guard own.rowCount > 0 else { throw ArgumentError("no row is left to learn from", expected: "1 or more", remedy: "data.test") }
    var rows = Rows(training: own, test: try held.map { try Self.typed($0.table, as: own) })
    (rows.trainingRows, rows.testRows) = (training.rows, held?.rows ?? 0)
    rows.digests = [digests[0].finish()] + [held?.digest].compactMap { $0 }
    rows.counts = try writer?.finish() ?? []
    rows.check = check
    if let other = held?.check, !other.passed { rows.check = other }
    rows.notes = [note].compactMap { $0 } + (held?.notes ?? [])
    return rows
  }

  /// Every piece of the rows once, checked, joined and with a target.
  /// - Parameter body: is given the piece and the place of its first row.
  /// - Returns: what the check found, and what is to be said of rows without a target.
  private func pass(
    _ paths: [String], _ others: [Table], _ body: (Table, Int) throws -> Void
  ) throws -> (check: DataCheckReport?, note: String?) {
    var checker = try loader.schema.map { DataChecker($0) }
    let reader = try TableReader(paths, options: try loader.options(for: paths))
    checker?.add(reader.emptyTable)
    var read = 0, left = 0, kept = 0
    while let raw = try reader.next() {
      try Task.checkCancellation()
      checker?.add(raw)
      read += raw.rowCount
      let all = try loader.prepared(raw, joining: others)
      left += all.rowCount
      let table = try loader.withTarget(all)
      try body(table, kept)
      kept += table.rowCount
      if Terminal.isInteractive { Terminal.note("\r\u{1B}[K\(NumberText.grouped(read)) rows read", terminator: "") }
    }
    if Terminal.isInteractive { Terminal.note("\r\u{1B}[K", terminator: "") }
    try loader.requireRows(read, left: left)
    return (checker?.report(), try loader.targetNote(kept, of: left))
  }

  /// A sixteenth of the rows' bytes at most is in one part, so that several copies fit beside each other.
  private var parts: Int {
    let most = max(1 << 20, budget / (2 * Self.growth))
    return min(500, max(2, (size.unpacked + most - 1) / most))
  }

  private static func digest(_ table: Table) throws -> Data { try table.rowHashes().withUnsafeBytes { Data($0) } }

  /// Columns that were typed by looking at other rows.
  private static func typed(_ table: Table, as other: Table) throws -> Table {
    try Table(
      table.columns.map { column in
        guard other.contains(column.name) else { return column }
        let type = try other.column(column.name).type
        return column.type == type ? column : try column.cast(to: type)
      })
  }

  /// Rows to judge by.
  private struct Held {
    var table: Table
    var rows: Int
    var digest: String
    var check: DataCheckReport?
    var notes: [String] = []
  }

  /// The rows to judge by that come from a file of their own.
  private func readTest(_ path: String, _ others: [Table]) throws -> Held {
    let path = try loader.resolve(path)
    var sample = RowSample(limit: Self.sampleRows, seed: seed), digest = RunningDigest()
    let (check, note) = try pass([path], others) { table, _ in
      try sample.add(table)
      digest.add(try Self.digest(table))
    }
    return Held(
      table: try sample.finish().table, rows: sample.rows, digest: digest.finish(), check: check,
      notes: [note].compactMap { $0 })
  }

  // Which rows judge ----------------------------------------------------------------------------------------------------------------------

  /// The rows to learn from and those to judge by. Every row's side is drawn for its place or its group, whatever the pieces.
  private func divided(_ table: Table, first: Int) throws -> (training: Table?, test: Table?) {
    guard table.rowCount > 0 else { return (nil, nil) }
    let draw = seed ^ 0x7465_7374
    func isHeld(_ key: UInt64, _ share: Double) -> Bool { Double(key >> 11) * 0x1p-53 < share }
    var held = [Bool](repeating: false, count: table.rowCount), left = [Bool](repeating: false, count: table.rowCount)
    switch project.data.test ?? (project.task.hasTarget ? .share(0.2) : nil) {
    case nil, .file?: return (table, nil)
    case .share(let share)?:
      for row in held.indices { held[row] = isHeld(RowSample.key(row: first + row, seed: draw), share) }
    case .groups(let name, let share)?:
      let column = try table.column(name), hashes = try table.rowHashes(of: [name])
      // A row without a group cannot be shown to be apart from the others: it trains.
      for row in held.indices where !column.isMissing(row) {
        held[row] = isHeld(RowSample.key(row: Int(truncatingIfNeeded: hashes[row]), seed: draw), share)
      }
    case .after(let text, let name)?:
      let column = try table.column(name)
      let cutoff = try TableParts.cutoff(text, column), values = try column.numbers()
      for row in held.indices {
        held[row] = values[row] >= cutoff
        left[row] = values[row].isNaN
      }
    }
    let training = held.indices.filter { !held[$0] && !left[$0] }, test = held.indices.filter { held[$0] }
    return (
      training.isEmpty ? nil : training.count == table.rowCount ? table : try table.taking(training),
      test.isEmpty ? nil : try table.taking(test)
    )
  }
}
