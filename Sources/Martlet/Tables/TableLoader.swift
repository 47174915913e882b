import Commands
import Foundation
import MartletCore
import Project
import Tables

/// Brings a project's rows: reads, checks them against the schema, joins, derives, filters.
struct TableLoader {
  let project: TableProject
  let file: ProjectFile

  /// Rows that are ready to be divided.
  struct Rows {
    var table: Table
    /// What the schema says about them as they were read; `nil` without one.
    var check: DataCheckReport?
    var notes: [String] = []
  }

  private var data: TableData { project.data }

  /// - Throws: `FileError`, `TableError`, `ArgumentError` naming the file, the column or the key that does not fit.
  func load() throws -> Rows {
    let raw: Table
    if let sql = data.sql { raw = try query(sql) } else { raw = try read(try files(), isMain: true) }
    var rows = try prepare(raw, checksSchema: true)
    if let limit = data.limit, rows.table.rowCount > limit { rows.table = try rows.table.sampled(limit, seed: project.training.seed) }
    return rows
  }

  /// A table of its own to judge by.
  func loadTest(_ path: String) throws -> Rows { try prepare(read([try resolve(path)], isMain: true), checksSchema: true) }

  private func prepare(_ raw: Table, checksSchema: Bool) throws -> Rows {
    var rows = Rows(table: raw)
    if checksSchema, let schema = try schema { rows.check = schema.check(raw) }
    rows.table = try typed(prepared(raw, joining: joinedTables()))
    try requireRows(raw.rowCount, left: rows.table.rowCount)
    let all = rows.table.rowCount
    rows.table = try withTarget(rows.table)
    if let note = try targetNote(rows.table.rowCount, of: all) { rows.notes.append(note) }
    return rows
  }

  /// What rows have to keep; `nil` where the project names nothing.
  var schema: DataSchema? { get throws { try data.schema.map { try DataSchema.read(file.resolve($0)) } } }

  /// Rows with the joined and derived columns, without those that the project does not want.
  func prepared(_ raw: Table, joining others: [Table]) throws -> Table {
    var table = raw
    for (join, other) in zip(data.join, others) { table = try joined(table, join, other) }
    table = try Self.deriving(data.derive, in: table)
    return try data.condition.map { try table.filtered(try ColumnExpression($0)) } ?? table
  }

  /// - Throws: `ArgumentError` if there was no row, or none was left.
  func requireRows(_ read: Int, left: Int) throws {
    guard read > 0 else { throw ArgumentError("the data have no rows", expected: "1 or more") }
    guard left > 0 else {
      throw ArgumentError("no row is left after data.where", expected: "1 or more", remedy: "data.where: another condition")
    }
  }

  /// The rows that have a target, where one is to be learnt.
  func withTarget(_ table: Table) throws -> Table {
    guard let target = data.target else { return table }
    let column = try table.column(target)
    guard column.missingCount > 0, project.task.hasTarget else { return table }
    return try table.taking((0..<column.count).filter { !column.isMissing($0) })
  }

  /// What is told about rows without a target.
  /// - Throws: `ArgumentError` if no row has one.
  func targetNote(_ kept: Int, of all: Int) throws -> String? {
    guard kept < all, let target = data.target else { return nil }
    guard kept > 0 else { throw ArgumentError("'\(target)' is missing in every row", expected: "rows that have one") }
    return "\(all - kept) rows without '\(target)' are left out"
  }

  // Reading -----------------------------------------------------------------------------------------------------------------------------

  /// The files of the main table.
  func files() throws -> [String] {
    if let names = data.file?.values { return try names.map(resolve) }
    guard let dataset = data.dataset else { return [] }
    let folder = try Self.folder(of: dataset)
    let found = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { TableFormat(path: $0) != nil }.sorted()
    guard found.count == 1 else {
      throw ArgumentError(
        "the data set '\(dataset)' has the tables \(found.joined(separator: ", "))", expected: "one", remedy: "data.file: one of them")
    }
    return [folder + "/" + found[0]]
  }

  func resolve(_ path: String) throws -> String {
    guard let dataset = data.dataset, !(path as NSString).isAbsolutePath else { return file.resolve(path) }
    return try Self.folder(of: dataset) + "/" + path
  }

  private static func folder(of dataset: String) throws -> String {
    guard let folder = SharedFiles.path("data/\(dataset)") else {
      throw ArgumentError("the data set '\(dataset)' is not here", remedy: "scripts/fetch-data \(dataset)")
    }
    return folder
  }

  /// How the project wants files to be read.
  func options(for paths: [String]) throws -> TableReadOptions {
    let given = data.csv
    var csv = CSVReadOptions(
      separator: given.separator, quote: given.quote, encoding: given.encoding, hasHeader: given.header, names: given.names,
      skippedLines: given.skip, decimal: given.decimal, thousands: given.thousands)
    if let missing = given.missing { csv.missing = missing }
    var options = TableReadOptions(csv: csv)
    // Digits that mean a place or a number plate keep their zeros only if they are read as text.
    let texts = data.types.filter { ["categorical", "text"].contains($0.value) }.keys
    if !texts.isEmpty {
      // Their names are known after a look at the first rows.
      var look = options
      look.csv.inferenceRows = 100
      let known = Set(try TableReader(paths, options: look).emptyTable.columnNames)
      for name in texts where known.contains(name) { options.types[name] = .text }
    }
    return options
  }

  private func read(_ paths: [String], isMain: Bool) throws -> Table {
    try Table.read(paths, options: try isMain ? options(for: paths) : TableReadOptions())
  }

  private func query(_ sql: TableQuery) throws -> Table {
    if let path = sql.sqlite { return try Table.query(sql.query, from: .sqlite(file.resolve(path))) }
    let name = sql.postgres ?? ""
    guard let url = ProcessInfo.processInfo.environment[name], !url.isEmpty else {
      throw ArgumentError(
        "the environment variable '\(name)' is not set", expected: "the URL of a PostgreSQL database", remedy: "export \(name)=postgres://…"
      )
    }
    return try Table.query(sql.query, from: .postgres(url))
  }

  /// The other tables, in the order of the joins.
  func joinedTables() throws -> [Table] {
    try data.join.map { join in
      let other = try read([try resolve(join.file)], isMain: false)
      guard let keep = join.keep else { return other }
      let keys = join.with?.values ?? join.on.values
      return try other.selecting(keys + keep.filter { !keys.contains($0) })
    }
  }

  private func joined(_ table: Table, _ join: TableJoin, _ other: Table) throws -> Table {
    guard let kind = JoinKind(rawValue: join.kind.rawValue) else { throw ArgumentError("there is no join '\(join.kind.rawValue)'") }
    return try table.joined(other, on: join.on.values, rightKeys: join.with?.values ?? join.on.values, kind: kind, suffix: join.suffix)
  }

  // Columns -----------------------------------------------------------------------------------------------------------------------------

  /// Adds columns; one may need another, whatever the order they are given in.
  static func deriving(_ texts: [String: String], in table: Table) throws -> Table {
    var table = table
    var waiting = try texts.sorted { $0.key < $1.key }.map { (name: $0.key, expression: try ColumnExpression($0.value)) }
    while !waiting.isEmpty {
      let names = Set(waiting.map(\.name))
      // A column that is to be replaced may stand in its own expression.
      let ready = waiting.filter { entry in entry.expression.columnNames.subtracting([entry.name]).isDisjoint(with: names) }
      guard !ready.isEmpty else {
        throw ArgumentError(
          "data.derive goes in a circle: \(names.sorted().joined(separator: ", "))", expected: "columns that do not need each other")
      }
      for entry in ready { table = try table.setting(table.column(entry.name, computing: entry.expression)) }
      let done = Set(ready.map(\.name))
      waiting.removeAll { done.contains($0.name) }
    }
    return table
  }

  /// Columns as the project types them; texts that repeat as categories.
  func typed(_ table: Table) throws -> Table {
    for name in data.types.keys.sorted() { _ = try table.column(name) }
    return try Table(
      table.columns.map { column in
        switch data.types[column.name] {
        case "number": return try column.cast(to: .float64)
        case "whole": return try column.cast(to: .int64)
        case "boolean": return try column.cast(to: .boolean)
        case "timestamp": return try column.cast(to: .timestamp())
        case "text": return try column.cast(to: .text)
        case "categorical": return try column.cast(to: .categorical)
        default: return column.type == .text && Self.repeats(column) ? try column.cast(to: .categorical) : column
        }
      })
  }

  /// A text column holds names of things, not sentences that somebody wrote.
  static func repeats(_ column: Column) -> Bool {
    let present = column.count - column.missingCount
    guard present > 0, let texts = try? column.texts() else { return true }
    var seen = Set<String>(), words = 0
    for case let text? in texts {
      seen.insert(text)
      words += text.utf8.reduce(1) { $0 + ($1 == 0x20 ? 1 : 0) }
    }
    return Double(words) / Double(present) < 4 || Double(seen.count) < 0.2 * Double(present)
  }

  // What is learnt from -----------------------------------------------------------------------------------------------------------------

  /// The columns that a model may look at, with target and weights.
  func features(of table: Table) throws -> [String] {
    for name in data.drop + (data.keep ?? []) where !table.contains(name) { _ = try table.column(name) }
    let apart = [data.target, data.weight].compactMap { $0 }
    for name in apart { _ = try table.column(name) }
    let dropped = Set(data.drop)
    let kept = data.keep.map(Set.init)
    var names = table.columnNames.filter { name in
      !dropped.contains(name) && (kept?.contains(name) ?? true) && !apart.contains(name)
    }
    // A column of nothing tells nothing, and is no column to ask for later.
    names = try names.filter { name in
      let column = try table.column(name)
      return column.missingCount < column.count
    }
    guard !names.isEmpty else {
      throw ArgumentError("no column is left to learn from", expected: "1 or more beside the target", remedy: "data.drop or data.keep")
    }
    return names
  }
}
