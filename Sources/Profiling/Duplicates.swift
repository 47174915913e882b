import Tables

/// Rows that came before.
struct DuplicateRows {
  let limit: Int
  private var first: [UInt64: Int32] = [:]
  private var rows = 0
  private var count = 0
  private var pairs: [[Int]] = []
  private var cut = false

  init(limit: Int) {
    self.limit = min(limit, Int(Int32.max) - 1)
  }

  mutating func add(_ hashes: [UInt64]) {
    for hash in hashes {
      if let before = first[hash] {
        count += 1
        if pairs.count < 20 { pairs.append([rows, Int(before)]) }
      } else if rows < limit {
        first[hash] = Int32(rows)
      } else {
        cut = true
      }
      rows += 1
    }
  }

  var result: DataProfile.Duplicates { .init(rows: count, first: pairs, columns: []) }

  var notes: [String] {
    cut ? ["Duplicate rows were looked for among the first \(limit) rows only."] : []
  }
}

/// Columns with the same values in every row of the sample.
enum SameColumns {
  static func find(_ table: Table, _ summary: TableSummary) -> [[String]] {
    guard table.rowCount >= 2 else { return [] }
    var seen: [UInt64: String] = [:]
    var pairs: [[String]] = []
    for column in table.columns {
      guard let known = summary.column(column.name), known.present > 0, !known.isConstant else { continue }
      guard let hashes = try? Table([column]).rowHashes() else { continue }
      // Order matters: the hash of the hashes.
      let hash = hashes.reduce(UInt64(0x5851_f42d_4c95_7f2d)) { ($0 ^ $1) &* 0x9e37_79b9_7f4a_7c15 &+ ($0 >> 29) }
      if let other = seen[hash] { pairs.append([other, column.name]) } else { seen[hash] = column.name }
    }
    return pairs
  }
}
