import Foundation
import MartletCore
import Synchronization

/// A server of PostgreSQL's, reached over a few connections that threads take turns with.
package final class PostgresDatabase: SQLDatabase {
  private struct Pool {
    var idle: [PostgresConnection] = []
    var isClosed = false
  }

  package let dialect = SQLDialect.postgres
  package let location: String
  package let isReadOnly: Bool
  private let url: String
  private let options: SQLOptions
  private let pool = Mutex(Pool())
  private let places: DispatchSemaphore

  /// Reaches the server.
  /// - Parameter url: as libpq takes it; `?options=-csearch_path%3Dteam` names a schema other than `public`.
  /// - Throws: `SQLError` `.connectionLost` or `.refused`.
  package init(_ url: String, _ options: SQLOptions) throws {
    self.url = url
    self.options = options
    location = SQLLocation.postgres(url).description
    isReadOnly = options.readOnly
    places = DispatchSemaphore(value: options.connections)
    give(back: try PostgresConnection(url, options, location: location))
  }

  package func read<Value>(_ body: (SQLConnection) throws -> Value) throws -> Value {
    // All statements of the body see the state at the first of them.
    try transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", body)
  }

  @discardableResult
  package func write<Value>(_ body: (SQLConnection) throws -> Value) throws -> Value {
    guard !isReadOnly else { throw SQLError(.readOnly, "\(location) is open for reading only", remedy: "open it where it can be written") }
    // Each statement of the body sees what is committed, and behind the lock that is everything other writers did.
    let lock =
      "SELECT pg_advisory_xact_lock(hashtext('martlet'), hashtext(current_schema() || '.\(options.component.filter(\.isLetter))'))"
    var attempt = 1
    while true {
      do {
        return try transaction("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; \(lock)", body)
      } catch let error as SQLError where error.kind == .conflict && attempt < 5 {
        Thread.sleep(forTimeInterval: 0.01 * Double(attempt * attempt))
        attempt += 1
      }
    }
  }

  private func transaction<Value>(_ begin: String, _ body: (SQLConnection) throws -> Value) throws -> Value {
    guard places.wait(timeout: .now() + options.busyTimeout) == .success else {
      throw SQLError(
        .busy, "all \(options.connections) connections to \(location) are in use", remedy: "again when others are done, or wait longer")
    }
    defer { places.signal() }
    let connection = try started(begin)
    let value: Value
    do {
      value = try body(SQLConnection(.postgres, connection))
    } catch {
      // A lost connection has undone the transaction already.
      if (try? connection.runScript("ROLLBACK")) != nil { give(back: connection) }
      throw error
    }
    try connection.commit()
    give(back: connection)
    return value
  }

  /// A connection in a transaction. One that was idle may have been cut by the server; a new one takes its place, for nothing has run yet.
  private func started(_ begin: String) throws -> PostgresConnection {
    while let idle = try pool.withLock({ pool in
      guard !pool.isClosed else { throw SQLError(.connectionLost, "the connection to \(location) has been closed") }
      return pool.idle.popLast()
    }) {
      do {
        try idle.runScript(begin)
        return idle
      } catch let error as SQLError where error.kind == .connectionLost {
        continue
      } catch {
        if (try? idle.runScript("ROLLBACK")) != nil { give(back: idle) }
        throw error
      }
    }
    let new = try PostgresConnection(url, options, location: location)
    do { try new.runScript(begin) } catch {
      if (try? new.runScript("ROLLBACK")) != nil { give(back: new) }
      throw error
    }
    return new
  }

  private func give(back connection: PostgresConnection) {
    pool.withLock { if !$0.isClosed { $0.idle.append(connection) } }
  }

  package func integrityProblems() throws -> [String] {
    // The server checks its pages as it reads them.
    []
  }

  package func close() throws {
    pool.withLock {
      $0.isClosed = true
      $0.idle.removeAll()
    }
  }
}
