import Foundation
import GRDB

/// The rows of a query to a file of SQLite's.
///
/// SQLite gives every value a type of its own, so a first pass finds the type of each column and a second reads them; both see the database
/// in the same state.
final class SQLiteRows: SQLRows {
  let emptyTable: Table
  private let batchRows: Int
  private let types: [ColumnType]
  private let names: [String]
  private let worker: Worker

  /// What stays open between batches; GRDB's connection is used by one thread at a time.
  private final class Worker {
    let queue: DatabaseQueue
    var cursor: RowCursor?
    init(_ queue: DatabaseQueue) { self.queue = queue }
  }

  init(_ sql: String, path: String, batchRows: Int) throws {
    guard FileManager.default.fileExists(atPath: path) else {
      throw TableError("there is no database '\(path)'", expected: "a file of SQLite's", remedy: "check the path")
    }
    self.batchRows = max(batchRows, 1)
    var settings = Configuration()
    settings.readonly = true
    do {
      worker = Worker(try DatabaseQueue(path: path, configuration: settings))
      (names, types) = try worker.queue.unsafeReentrantRead { try Self.look(sql, $0) }
      let worker = worker
      try worker.queue.unsafeReentrantRead { worker.cursor = try Row.fetchCursor($0, sql: sql) }
    } catch let error as DatabaseError {
      throw TableError("\(path): \(error.message ?? "\(error.resultCode)")", expected: "a query that SQLite understands")
    }
    var columns: [Column] = []
    for (name, type) in zip(names, types) { columns.append(try Column.missing(name, type: type, count: 0)) }
    emptyTable = try Table(columns)
  }

  private static func look(_ sql: String, _ database: Database) throws -> ([String], [ColumnType]) {
    let statement = try database.makeStatement(sql: sql)
    guard statement.isReadonly, statement.columnCount > 0 else {
      throw TableError("'\(sql)' is no query", expected: "a statement that reads, as SELECT does")
    }
    var names: [String] = []
    for name in statement.columnNames {
      var unique = name, number = 2
      while names.contains(unique) {
        unique = "\(name)_\(number)"
        number += 1
      }
      names.append(unique)
    }
    var found = [ColumnType?](repeating: nil, count: names.count)
    let rows = try Row.fetchCursor(statement)
    while let row = try rows.next() {
      for place in names.indices where found[place] != .text {
        let type: ColumnType
        switch row[place] as DatabaseValue {
        case let value where value.isNull: continue
        case let value:
          switch value.storage {
          case .int64: type = .int64
          case .double: type = .float64
          case .string: type = .text
          case .blob:
            throw TableError(
              "column '\(names[place])' holds bytes", expected: "numbers or texts", remedy: "leave it out of the query, or use hex()")
          case .null: continue
          }
        }
        found[place] = found[place]?.promoted(with: type) ?? type
      }
    }
    return (names, found.map { $0 ?? .float64 })
  }

  func next() throws -> Table? {
    try worker.queue.unsafeReentrantRead { _ in
      guard let cursor = worker.cursor else { return nil }
      var values = [[DatabaseValue]](repeating: [], count: names.count)
      var count = 0
      while count < batchRows, let row = try cursor.next() {
        for place in names.indices { values[place].append(row[place]) }
        count += 1
      }
      guard count > 0 else {
        worker.cursor = nil
        return nil
      }
      return try Table(
        names.indices.map { place in
          switch types[place] {
          case .int64: Column(names[place], values[place].map { Int64.fromDatabaseValue($0) })
          case .float64: Column(names[place], values[place].map { Double.fromDatabaseValue($0) })
          default:
            Column(
              names[place],
              values[place].map { value -> String? in
                switch value.storage {
                case .null, .blob: nil
                case .int64(let whole): String(whole)
                case .double(let number): String(number)
                case .string(let text): text
                }
              })
          }
        })
    }
  }
}
