public import Foundation
public import MartletCore

/// How data are held against a schema.
public struct DataCheckOptions: Sendable, Hashable {
  /// What "now" is for freshness; `nil` leaves freshness alone.
  public var now: Date?
  /// The number of the first row of data: 2 for a file whose first row has the names.
  public var firstRow: Int
  /// The data are to be predicted: the target may be missing.
  public var withoutTarget: Bool
  /// Different keys that are kept in memory (32 to 64 bytes each) to find duplicates; beyond, a note says that the rest was not looked at.
  public var maximumKeys: Int
  public var threads: Int

  public init(
    now: Date? = nil, firstRow: Int = 1, withoutTarget: Bool = false, maximumKeys: Int = 8_000_000, threads: Int = Parallel.defaultThreads
  ) {
    self.now = now
    self.firstRow = firstRow
    self.withoutTarget = withoutTarget
    self.maximumKeys = maximumKeys
    self.threads = threads
  }
}

/// Holds a schema against rows as they come, so that a file larger than memory can be checked piece by piece.
public struct DataChecker: Sendable {
  public let schema: DataSchema
  public let options: DataCheckOptions
  private var columns: [ColumnCheck] = []
  private var relations: [RelationCheck]
  private var present = Set<String>()
  private var extra: [(name: String, type: ColumnType)] = []
  private var rows = 0
  private var pieces = 0
  private var columnCount = 0

  public init(_ schema: DataSchema, options: DataCheckOptions = DataCheckOptions()) {
    self.schema = schema
    self.options = options
    columns = schema.columns.map { ColumnCheck(rule: $0, options: options) }
    relations = schema.relations.map { RelationCheck($0, maximumKeys: options.maximumKeys) }
  }

  /// Adds the next rows.
  public mutating func add(_ table: Table) {
    let known = Set(schema.columns.map(\.name))
    let seenExtra = Set(extra.map(\.name))
    for column in table.columns {
      if known.contains(column.name) {
        present.insert(column.name)
      } else if !seenExtra.contains(column.name) {
        extra.append((column.name, column.type))
      }
    }
    columnCount = max(columnCount, table.columns.count)
    let first = options.firstRow + rows
    let work = schema.columns.map { rule in table.index(of: rule.name).map { table.columns[$0] } }
    columns.withUnsafeMutableBufferPointer { checks in
      // Every check is touched by the one thread that has its index.
      nonisolated(unsafe) let checks = checks
      Parallel.forEach(work.count, threads: options.threads) { place in
        if let column = work[place] { checks[place].add(column, first: first) }
      }
    }
    relations.withUnsafeMutableBufferPointer { checks in
      nonisolated(unsafe) let checks = checks
      Parallel.forEach(checks.count, threads: options.threads) { place in checks[place].add(table, first: first) }
    }
    rows += table.rowCount
    pieces += 1
  }

  /// The answer for all rows so far.
  public func report() -> DataCheckReport {
    var found: [DataViolation] = []
    if rows < schema.minimumRows {
      found.append(DataViolation(.error, .rowCount, expected: "\(schema.minimumRows) or more", found: "\(rows)"))
    }
    for rule in schema.columns where !present.contains(rule.name) {
      let isTarget = rule.name == schema.target
      if !rule.isRequired || (isTarget && options.withoutTarget) { continue }
      let near = NearestName.of(rule.name, among: extra.map(\.name)).map { "no such column; there is '\($0)'" }
      found.append(DataViolation(.error, .missingColumn, column: rule.name, expected: "\(rule.type)", found: near ?? "no such column"))
    }
    if let severity = schema.extraColumns {
      for column in extra {
        found.append(
          DataViolation(severity, .extraColumn, column: column.name, expected: "no such column", found: "\(column.type)"))
      }
    }
    let tests = max(1, columns.count + relations.count)
    let significance = schema.significance / Double(tests)
    for check in columns {
      found += check.violations(
        significance: significance, learned: schema.learnedRows, isTarget: check.rule.name == schema.target)
    }
    found += relations.compactMap { $0.violation(significance: significance, learned: schema.learnedRows) }
    var notes: [String] = []
    for check in columns where check.keysWereCut {
      notes.append("'\(check.rule.name)': duplicates were looked for among the first \(options.maximumKeys) different values only")
    }
    for check in relations where check.keysWereCut {
      notes.append("\(check.relation.text): looked at for the first \(options.maximumKeys) different values only")
    }
    let errors = found.filter { $0.severity == .error }, warnings = found.filter { $0.severity == .warning }
    return DataCheckReport(rows: rows, columns: columnCount, firstRow: options.firstRow, violations: errors + warnings, notes: notes)
  }
}

extension DataSchema {
  /// Holds a table against the schema.
  /// - Returns: what does not fit, with the rows; empty where all does.
  public func check(_ table: Table, options: DataCheckOptions = DataCheckOptions()) -> DataCheckReport {
    var checker = DataChecker(self, options: options)
    checker.add(table)
    return checker.report()
  }
}
