public import MartletCore

/// What is known about a table after looking at each row once, gathered in pieces of rows.
public struct TableSummary: Sendable {
  /// Columns that are missing together, and how often.
  public struct MissingPattern: Sendable, Hashable, Codable {
    /// The columns without a value, in their order.
    public let columns: [String]
    public let rows: Int
  }

  public private(set) var rows = 0
  public private(set) var columns: [ColumnSummary] = []
  private var places: [String: Int] = [:]
  private var patterns: [UInt64: (columns: [Int], rows: Int)] = [:]
  private let threads: Int

  public init(threads: Int = Parallel.defaultThreads) {
    self.threads = threads
  }

  /// The summary of a whole table.
  public init(_ table: Table, threads: Int = Parallel.defaultThreads) {
    self.init(threads: threads)
    add(table)
  }

  /// The column's summary, or `nil`.
  public func column(_ name: String) -> ColumnSummary? { places[name].map { columns[$0] } }

  /// Columns that are missing in the same rows, most frequent first; the rows without gaps are not among them.
  public var missingPatterns: [MissingPattern] {
    patterns.values.map { MissingPattern(columns: $0.columns.map { columns[$0].name }, rows: $0.rows) }
      .sorted { ($1.rows, $0.columns.joined(separator: "\0")) < ($0.rows, $1.columns.joined(separator: "\0")) }
  }

  /// Adds the next rows. A column that not every piece has was seen in fewer rows than the table.
  public mutating func add(_ table: Table) {
    let capacity = ColumnSummary.Capacity.forColumns(table.columns.count)
    for column in table.columns where places[column.name] == nil {
      places[column.name] = columns.count
      columns.append(ColumnSummary(name: column.name, type: column.type, capacity: capacity))
    }
    let work = columns.map { summary in table.index(of: summary.name).map { table.columns[$0] } }
    columns.withUnsafeMutableBufferPointer { summaries in
      // Every summary is touched by the one thread that has its index.
      nonisolated(unsafe) let summaries = summaries
      Parallel.forEach(work.count, threads: threads) { place in
        if let column = work[place] { summaries[place].add(column) }
      }
    }
    rows += table.rowCount
    addPatterns(work, rows: table.rowCount)
    limitKeys()
  }

  /// Many columns of names of rows must not take many times the memory of one: those with most values are given up first.
  private mutating func limitKeys() {
    while columns.reduce(0, { $0 + $1.keyCount }) > ColumnSummary.keyLimit,
      let largest = columns.indices.max(by: { columns[$0].keyCount < columns[$1].keyCount })
    {
      columns[largest].forgetKeys()
    }
  }

  /// The summary of both sets of rows, those of `other` after one's own: of other files, threads or machines. A column that only one of
  /// them has was seen in fewer rows than the table.
  public mutating func merge(_ other: TableSummary) {
    for column in other.columns {
      if let place = places[column.name] {
        columns[place].merge(column)
      } else {
        places[column.name] = columns.count
        columns.append(column)
      }
    }
    for found in other.patterns.values {
      let own = found.columns.compactMap { places[other.columns[$0].name] }.sorted()
      addPattern(own.reduce(0) { $0 ^ Self.key($1) }, rows: found.rows) { own }
    }
    rows += other.rows
    limitKeys()
  }

  private static func key(_ place: Int) -> UInt64 { StableHash.mix(UInt64(place) &+ 0x6761_7073) }

  private mutating func addPattern(_ mask: UInt64, rows: Int, _ columns: () -> [Int]) {
    if patterns[mask] != nil { patterns[mask]?.rows += rows } else if patterns.count < 10_000 { patterns[mask] = (columns(), rows) }
  }

  private mutating func addPatterns(_ columns: [Column?], rows: Int) {
    let gaps = columns.indices.filter { (columns[$0]?.missingCount ?? 0) > 0 }
    guard !gaps.isEmpty else { return }
    var masks = [UInt64](repeating: 0, count: rows)
    for place in gaps {
      guard let column = columns[place] else { continue }
      let key = Self.key(place)
      for row in 0..<rows where column.isMissing(row) { masks[row] ^= key }
    }
    var counts: [UInt64: (row: Int, rows: Int)] = [:]
    for (row, mask) in masks.enumerated() where mask != 0 { counts[mask, default: (row, 0)].rows += 1 }
    for (mask, found) in counts {
      addPattern(mask, rows: found.rows) { gaps.filter { columns[$0]?.isMissing(found.row) ?? false } }
    }
  }
}
