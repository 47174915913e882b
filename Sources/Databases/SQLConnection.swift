/// What runs statements for a `SQLConnection`.
protocol SQLDriver: AnyObject {
  /// Runs one statement and calls `row` for each row of its result.
  /// - Returns: the number of rows that it changed.
  func run(_ sql: String, _ values: [SQLValue], _ row: (SQLRow) throws -> Void) throws -> Int
  /// Runs statements divided by semicolons, without values.
  func runScript(_ sql: String) throws
}

/// A connection inside a transaction. It is valid for as long as the body of `read` or `write` runs, on the thread that it runs on.
package final class SQLConnection {
  package let dialect: SQLDialect
  /// Rows that the last `execute` changed.
  package private(set) var changes = 0
  private let driver: any SQLDriver
  private var depth = 0

  init(_ dialect: SQLDialect, _ driver: any SQLDriver) {
    self.dialect = dialect
    self.driver = driver
  }

  /// All rows of a query; values stand for `?` in their order.
  /// - Throws: `SQLError`.
  package func rows(_ sql: String, _ values: [(any SQLBindable)?] = []) throws -> [SQLRow] {
    var rows: [SQLRow] = []
    _ = try driver.run(sql, values.map(Self.value)) { rows.append($0) }
    return rows
  }

  /// The first row of a query.
  package func row(_ sql: String, _ values: [(any SQLBindable)?] = []) throws -> SQLRow? { try rows(sql, values).first }

  /// The first column of the first row; `nil` without a row, or for NULL.
  package func value<Value: SQLReadable>(
    _ sql: String, _ values: [(any SQLBindable)?] = [], as type: Value.Type = Value.self
  ) throws -> Value? {
    try row(sql, values)?.get(0, as: Value?.self)
  }

  /// The first column of all rows.
  package func values<Value: SQLReadable>(
    _ sql: String, _ values: [(any SQLBindable)?] = [], as type: Value.Type = Value.self
  ) throws -> [Value] {
    var found: [Value] = []
    _ = try driver.run(sql, values.map(Self.value)) { found.append(try $0.get(0)) }
    return found
  }

  /// Calls `body` for each row of a query, one after another.
  package func forEach(_ sql: String, _ values: [(any SQLBindable)?] = [], _ body: (SQLRow) throws -> Void) throws {
    _ = try driver.run(sql, values.map(Self.value), body)
  }

  /// Runs a statement that changes something.
  /// - Returns: the number of rows that it changed.
  @discardableResult
  package func execute(_ sql: String, _ values: [(any SQLBindable)?] = []) throws -> Int {
    changes = try driver.run(sql, values.map(Self.value)) { _ in }
    return changes
  }

  /// Runs statements divided by semicolons, without values: the steps of a schema.
  package func script(_ sql: String) throws { try driver.runScript(sql) }

  /// Runs `body`, and undoes what it did if it throws; the transaction goes on. In PostgreSQL a statement that fails spoils the whole
  /// transaction otherwise.
  package func savepoint<Value>(_ body: () throws -> Value) throws -> Value {
    depth += 1
    defer { depth -= 1 }
    let name = "martlet\(depth)"
    try driver.runScript("SAVEPOINT \(name)")
    do {
      let value = try body()
      try driver.runScript("RELEASE SAVEPOINT \(name)")
      return value
    } catch {
      try driver.runScript("ROLLBACK TO SAVEPOINT \(name); RELEASE SAVEPOINT \(name)")
      throw error
    }
  }

  private static func value(_ bindable: (any SQLBindable)?) -> SQLValue { bindable?.sqlValue ?? .null }
}
