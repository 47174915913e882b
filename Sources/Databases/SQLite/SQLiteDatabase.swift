import Foundation
import GRDB
import Glibc

/// A file of SQLite's: many readers and one writer at a time, in this process and in others.
package final class SQLiteDatabase: SQLDatabase {
  package let dialect = SQLDialect.sqlite
  package let location: String
  package let isReadOnly: Bool
  private let database: any DatabaseWriter
  private let statementTimeout: TimeInterval?

  /// Opens the file, or makes it. A file that cannot be written is read; one on read-only media is read as it is at the time of opening.
  /// - Throws: `SQLError`.
  package init(_ path: String, _ options: SQLOptions) throws {
    location = path
    statementTimeout = options.statementTimeout
    let exists = access(path, F_OK) == 0
    guard exists || (options.create && !options.readOnly) else { throw SQLError(.notFound, "there is no database at \(path)") }
    let folder = (path as NSString).deletingLastPathComponent
    isReadOnly = exists && (options.readOnly || access(path, W_OK) != 0 || access(folder.isEmpty ? "." : folder, W_OK) != 0)
    do {
      database = isReadOnly ? try Self.openReader(path, options) : try Self.openPool(path, options)
    } catch { throw SQLiteDriver.translate(error, path) }
  }

  private init(_ database: any DatabaseWriter, location: String) {
    self.database = database
    self.location = location
    isReadOnly = true
    statementTimeout = nil
  }

  private static func configuration(_ options: SQLOptions) -> Configuration {
    var configuration = Configuration()
    configuration.busyMode = .timeout(options.busyTimeout)
    configuration.foreignKeysEnabled = true
    configuration.label = "martlet.\(options.component)"
    configuration.prepareDatabase { connection in
      // What was announced must survive a power cut; LIKE minds the case as in PostgreSQL.
      try connection.execute(sql: "PRAGMA synchronous = FULL; PRAGMA case_sensitive_like = ON")
    }
    return configuration
  }

  private static func openPool(_ path: String, _ options: SQLOptions) throws -> DatabasePool {
    // The change to write-ahead logging does not wait for other processes that do the same, so that is done here.
    let limit = Date().addingTimeInterval(options.busyTimeout)
    while true {
      do {
        return try DatabasePool(path: path, configuration: configuration(options))
      } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY && Date() < limit {
        Thread.sleep(forTimeInterval: 0.02)
      }
    }
  }

  private static func openReader(_ path: String, _ options: SQLOptions) throws -> any DatabaseWriter {
    var configuration = configuration(options)
    configuration.readonly = true
    do {
      let pool = try DatabasePool(path: path, configuration: configuration)
      // A pool opens its files when it reads for the first time.
      _ = try pool.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM sqlite_master") }
      return pool
    } catch let error as DatabaseError where [.SQLITE_CANTOPEN, .SQLITE_READONLY].contains(error.resultCode) {
      // A log needs a shared-memory file beside it, which read-only media cannot have.
      return try copyInMemory(of: path)
    }
  }

  /// The database as it is on the disk now, with what its log holds, in memory.
  package static func snapshot(of path: String) throws -> SQLiteDatabase {
    do { return SQLiteDatabase(try copyInMemory(of: path), location: path) } catch { throw SQLiteDriver.translate(error, path) }
  }

  private static func copyInMemory(of path: String) throws -> DatabaseQueue {
    let folder = NSTemporaryDirectory() + "/martlet-database-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for suffix in ["", "-wal"] where access(path + suffix, F_OK) == 0 {
      let target = folder + "/copy.sqlite" + suffix
      try FileManager.default.copyItem(atPath: path + suffix, toPath: target)
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: target)
    }
    let source = try DatabaseQueue(path: folder + "/copy.sqlite")
    let memory = try DatabaseQueue()
    try source.backup(to: memory)
    try source.close()
    return memory
  }

  package func read<Value>(_ body: (SQLConnection) throws -> Value) throws -> Value {
    do {
      return try database.read { try body(connection($0)) }
    } catch { throw SQLiteDriver.translate(error, location) }
  }

  @discardableResult
  package func write<Value>(_ body: (SQLConnection) throws -> Value) throws -> Value {
    guard !isReadOnly else { throw SQLError(.readOnly, "\(location) is open for reading only", remedy: "open it where it can be written") }
    do {
      return try database.write { try body(connection($0)) }
    } catch { throw SQLiteDriver.translate(error, location) }
  }

  private func connection(_ database: Database) -> SQLConnection {
    SQLConnection(.sqlite, SQLiteDriver(database, timeout: statementTimeout, location: location))
  }

  package func integrityProblems() throws -> [String] {
    try read { connection in
      var problems = try connection.values("PRAGMA integrity_check", as: String.self).filter { $0 != "ok" }.map { "is damaged: \($0)" }
      if try connection.row("PRAGMA foreign_key_check") != nil { problems.append("has rows that refer to missing rows") }
      return problems
    }
  }

  /// Copies the database as it is now to a new file while others write.
  package func backup(to path: String) throws {
    do {
      let target = try DatabaseQueue(path: path)
      try database.backup(to: target)
      try target.close()
    } catch { throw SQLiteDriver.translate(error, path) }
  }

  /// Writes the log into the file, so that the file alone is the database.
  package func checkpoint() throws {
    do {
      try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
    } catch { throw SQLiteDriver.translate(error, location) }
  }

  package func close() throws {
    do { try database.close() } catch { throw SQLiteDriver.translate(error, location) }
  }
}
