/// A component's tables, and the steps from each version of them to the next.
package struct SQLSchema: Sendable {
  /// `"registry"`: several components may share a database of PostgreSQL's.
  package let component: String
  /// Marks a file of SQLite's as the component's.
  package let applicationID: Int
  /// The step at index n takes a database from version n to n + 1. Steps that have been released are never edited.
  package let steps: [SQLMigration]

  package init(component: String, applicationID: Int, steps: [SQLMigration]) {
    self.component = component
    self.applicationID = applicationID
    self.steps = steps
  }

  /// The version of the tables that are there; 0 for none.
  /// - Throws: `SQLError` `.foreign` for a database of something else, `.newerSchema`.
  package func version(_ connection: SQLConnection, location: String) throws -> Int {
    let version: Int
    switch connection.dialect {
    case .sqlite:
      version = try connection.value("PRAGMA user_version") ?? 0
      let identifier: Int = try connection.value("PRAGMA application_id") ?? 0
      let tables: Int = try connection.value("SELECT COUNT(*) FROM sqlite_master") ?? 0
      guard identifier == applicationID || tables == 0 else {
        throw SQLError(
          .foreign, "\(location) is a database of something else", expected: "a file of the \(component)'s", remedy: "another file")
      }
    case .postgres:
      // Not by `to_regclass`: without a table to read, PostgreSQL answers from what it remembers, and a process that waited for another one
      // to make the tables would still see none.
      let isThere: Bool =
        try connection.value(
          """
          SELECT CASE WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_class WHERE relname = 'martlet_schema' AND pg_catalog.pg_table_is_visible(oid))
          THEN 1 ELSE 0 END
          """) ?? false
      version = isThere ? try connection.value("SELECT version FROM martlet_schema WHERE component = ?", [component]) ?? 0 : 0
    }
    guard version <= steps.count else {
      throw SQLError(
        .newerSchema, "the \(component) at \(location) has schema \(version), made by a newer Martlet",
        expected: "schema \(steps.count) or older", remedy: "a newer Martlet")
    }
    return version
  }

  /// Brings the tables up to date in one transaction, or only checks that they are where the database is read-only. Two processes that
  /// come at once do it one after the other.
  /// - Throws: `SQLError` `.foreign`, `.newerSchema`, `.olderSchema` where it may not write.
  package func prepare(_ database: any SQLDatabase) throws {
    let location = database.location
    let found = try database.read { try version($0, location: location) }
    guard found < steps.count else { return }
    guard !database.isReadOnly else {
      throw SQLError(
        .olderSchema, "the \(component) at \(location) has schema \(found), which must be brought to \(steps.count) first",
        remedy: "open it once where it can be written")
    }
    try database.write { connection in
      let version = try version(connection, location: location)
      guard version < steps.count else { return }
      for step in steps[version...] { try connection.script(step.script(connection.dialect)) }
      switch connection.dialect {
      case .sqlite:
        try connection.script("PRAGMA user_version = \(steps.count); PRAGMA application_id = \(applicationID)")
      case .postgres:
        try connection.script("CREATE TABLE IF NOT EXISTS martlet_schema (component TEXT PRIMARY KEY, version BIGINT NOT NULL)")
        try connection.execute(
          "INSERT INTO martlet_schema (component, version) VALUES (?, ?) ON CONFLICT (component) DO UPDATE SET version = excluded.version",
          [component, steps.count])
      }
    }
  }
}
