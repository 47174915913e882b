import Foundation
import GRDB
import GRDBSQLite

/// Runs statements on a connection of GRDB's.
final class SQLiteDriver: SQLDriver {
  private let database: Database
  private let timeout: TimeInterval?
  private let location: String

  init(_ database: Database, timeout: TimeInterval?, location: String) {
    self.database = database
    self.timeout = timeout
    self.location = location
  }

  func run(_ sql: String, _ values: [SQLValue], _ row: (SQLRow) throws -> Void) throws -> Int {
    if let value = values.first(where: { $0.holdsNUL }) { throw value.nulError }
    do {
      return try limited {
        let statement = try database.cachedStatement(sql: sql)
        let cursor = try GRDB.Row.fetchCursor(statement, arguments: StatementArguments(values.map(Self.bind)))
        let columns = SQLColumns(statement.columnNames)
        let before = database.totalChangesCount
        while let next = try cursor.next() {
          try row(SQLRow(columns, columns.names.indices.map { Self.value(next[$0] as DatabaseValue) }))
        }
        return database.totalChangesCount == before ? 0 : database.changesCount
      }
    } catch { throw Self.translate(error, location) }
  }

  func runScript(_ sql: String) throws {
    do { try limited { try database.execute(sql: sql) } } catch { throw Self.translate(error, location) }
  }

  private final class Deadline {
    let time: ContinuousClock.Instant
    init(_ time: ContinuousClock.Instant) { self.time = time }
  }

  /// SQLite asks every some thousand instructions whether to go on.
  private func limited<Value>(_ body: () throws -> Value) throws -> Value {
    guard let timeout, let connection = database.sqliteConnection else { return try body() }
    let deadline = Deadline(.now + .seconds(timeout))
    sqlite3_progress_handler(
      connection, 10_000,
      { context in
        guard let context else { return 0 }
        return ContinuousClock.now > Unmanaged<Deadline>.fromOpaque(context).takeUnretainedValue().time ? 1 : 0
      },
      Unmanaged.passUnretained(deadline).toOpaque())
    defer { sqlite3_progress_handler(connection, 0, nil, nil) }
    return try withExtendedLifetime(deadline) { try body() }
  }

  private static func bind(_ value: SQLValue) -> (any DatabaseValueConvertible)? {
    switch value {
    case .null: nil
    case .int(let number): number
    case .real(let number): number
    case .text(let text): text
    case .blob(let data): data
    }
  }

  private static func value(_ value: DatabaseValue) -> SQLValue {
    switch value.storage {
    case .null: .null
    case .int64(let number): .int(number)
    case .double(let number): .real(number)
    case .string(let text): .text(text)
    case .blob(let data): .blob(data)
    }
  }

  /// An error of SQLite's as one of both databases; others stay what they are.
  static func translate(_ error: any Error, _ location: String) -> any Error {
    guard let error = error as? DatabaseError else { return error }
    let message = error.message ?? error.resultCode.description
    let code = "\(error.extendedResultCode.rawValue)"
    func made(_ kind: SQLError.Kind, _ problem: String? = nil, remedy: String? = nil) -> SQLError {
      SQLError(kind, problem ?? "\(location): \(message)", remedy: remedy, code: code)
    }
    switch error.resultCode {
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      return made(
        .busy, "\(location) is busy: another process is writing", remedy: "again when that process is done, or wait longer for it")
    case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH: return made(.readOnly, "\(location) cannot be written")
    case .SQLITE_FULL: return made(.full, "\(location): the disk is full", remedy: "free space on the disk")
    case .SQLITE_CORRUPT, .SQLITE_NOTADB: return made(.corrupt, "\(location) is damaged or is no database: \(message)")
    case .SQLITE_INTERRUPT: return made(.timedOut, "\(location): a statement took longer than its limit")
    case .SQLITE_CONSTRAINT:
      switch error.extendedResultCode {
      case .SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_PRIMARYKEY, .SQLITE_CONSTRAINT_ROWID: return made(.uniqueViolation)
      case .SQLITE_CONSTRAINT_FOREIGNKEY: return made(.foreignKeyViolation)
      default: return made(.constraint)
      }
    case .SQLITE_MISMATCH, .SQLITE_TOOBIG: return made(.type)
    case .SQLITE_ERROR, .SQLITE_MISUSE, .SQLITE_RANGE: return made(.statement)
    default: return made(.io)
    }
  }
}

extension SQLValue {
  /// PostgreSQL's texts cannot hold one, so SQLite's may not either.
  var holdsNUL: Bool {
    guard case .text(let text) = self else { return false }
    return text.utf8.contains(0)
  }

  var nulError: SQLError { SQLError(.type, "a text holds the character NUL, which cannot be stored") }
}
