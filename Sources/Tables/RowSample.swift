/// A uniform sample of a stream's rows: the same whatever the pieces in which they come.
public struct RowSample: Sendable {
  /// Rows that the sample holds at most.
  public let limit: Int
  public let seed: UInt64
  private var pieces: [(table: Table, keys: [UInt64], rows: [Int])] = []
  private var kept = 0
  /// Rows seen so far.
  public private(set) var rows = 0
  private var threshold = UInt64.max

  /// - Parameter limit: 1 or more; fewer count as 1.
  public init(limit: Int, seed: UInt64) {
    self.limit = max(1, limit)
    self.seed = seed
  }

  /// Adds the next rows.
  /// - Throws: `TableError` if rows cannot be taken.
  public mutating func add(_ table: Table) throws {
    defer { rows += table.rowCount }
    var taken: [Int] = [], keys: [UInt64] = []
    for row in 0..<table.rowCount {
      let key = Self.key(row: rows + row, seed: seed)
      if key <= threshold {
        taken.append(row)
        keys.append(key)
      }
    }
    guard !taken.isEmpty || pieces.isEmpty else { return }
    let first = rows
    if pieces.count == 1, pieces[0].rows.isEmpty { pieces.removeAll() }
    pieces.append((taken.count == table.rowCount ? table : try table.taking(taken), keys, taken.map { $0 + first }))
    kept += taken.count
    if kept > 4 * limit { try shrink() }
  }

  private mutating func shrink() throws {
    let all = pieces.flatMap(\.keys).sorted()
    guard all.count > limit else { return }
    threshold = all[limit - 1]
    kept = 0
    for place in pieces.indices {
      let keep = pieces[place].keys.indices.filter { pieces[place].keys[$0] <= threshold }
      if keep.count < pieces[place].keys.count {
        pieces[place] = (
          try pieces[place].table.taking(keep), keep.map { pieces[place].keys[$0] }, keep.map { pieces[place].rows[$0] }
        )
      }
      kept += keep.count
    }
    pieces.removeAll { $0.rows.isEmpty }
  }

  /// The sampled rows in their order, and their places in the stream.
  /// - Throws: `TableError` if the pieces cannot be put together.
  public mutating func finish() throws -> (table: Table, rows: [Int]) {
    try shrink()
    return (try Table.concatenating(pieces.map(\.table), fillsMissingColumns: true), pieces.flatMap(\.rows))
  }

  /// A number that looks drawn evenly from all 64-bit numbers: the same for the same row and seed, whoever asks.
  public static func key(row: Int, seed: UInt64) -> UInt64 {
    var mixed = (UInt64(truncatingIfNeeded: row) ^ seed) &+ 0x9e37_79b9_7f4a_7c15
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
