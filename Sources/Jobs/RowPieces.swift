import Tables

/// Tables of exactly so many rows, whatever pieces they are read in, so that the parts of a job do not depend on how its input is read.
struct RowPieces {
  private let read: () throws -> Table?
  private var rest: Table?

  init(_ read: @escaping () throws -> Table?) { self.read = read }

  /// The next `count` rows, fewer at the end, `nil` after it.
  mutating func next(_ count: Int) throws -> Table? {
    var parts: [Table] = [], rows = 0
    while rows < count, let table = try piece() {
      let wanted = min(count - rows, table.rowCount)
      if wanted < table.rowCount {
        parts.append(try table.slice(0..<wanted))
        rest = try table.slice(wanted..<table.rowCount)
      } else {
        parts.append(table)
      }
      rows += wanted
    }
    return rows == 0 ? nil : try Table.concatenating(parts)
  }

  /// Leaves out the next rows.
  /// - Returns: how many there were to leave out.
  mutating func skip(_ count: Int) throws -> Int {
    var skipped = 0
    while skipped < count, let table = try piece() {
      try Task.checkCancellation()
      let unwanted = min(count - skipped, table.rowCount)
      if unwanted < table.rowCount { rest = try table.slice(unwanted..<table.rowCount) }
      skipped += unwanted
    }
    return skipped
  }

  private mutating func piece() throws -> Table? {
    defer { rest = nil }
    return try rest ?? read()
  }
}
