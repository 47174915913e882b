import DatabaseTesting
import Databases
import Foundation
import Testing

@Suite struct DatabaseTests {
  private struct Injected: Error {}

  private static let schema = SQLSchema(
    component: "test", applicationID: 0x5445_5354,
    steps: [
      SQLMigration(
        """
        CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, n INTEGER, r REAL, b BLOB, "user" TEXT);
        CREATE TABLE parts (itemID INTEGER NOT NULL REFERENCES items(id) ON DELETE CASCADE, part TEXT NOT NULL, PRIMARY KEY (itemID, part));
        """)
    ])

  private func withItems(_ kind: TestDatabase, _ body: (any SQLDatabase, String) throws -> Void) throws {
    try withDatabase(kind) { database, location in
      try Self.schema.prepare(database)
      try body(database, location)
    }
  }

  @Test(arguments: TestDatabase.allCases) func `values come back as they went in`(_ kind: TestDatabase) throws {
    try withItems(kind) { database, _ in
      let text = "Grüße 鸟 '; DROP TABLE items; -- \"?\" \\ \n\t𝄞"
      let bytes = Data((0...255).map { UInt8($0) })
      let id: Int64? = try database.write {
        try $0.value(
          "INSERT INTO items (name, n, r, b, \"user\") VALUES (?, ?, ?, ?, ?) RETURNING id", [text, Int64.min, 0.1 + 0.2, bytes, nil])
      }
      #expect(id == 1)
      let row = try #require(
        try database.read { try $0.row("SELECT name, n, r, b, \"user\", id AS theID FROM items WHERE name = ?", [text]) })
      #expect(row.values == [.text(text), .int(.min), .real(0.1 + 0.2), .blob(bytes), .null, .int(1)])
      let number: Int64 = try row.get("THEID"), user: String? = try row.get("user")
      #expect(number == 1 && user == nil)
      #expect(throws: SQLError.self) { try row.get("n", as: String.self) }
      #expect(throws: SQLError.self) { try row.get("nothing", as: Int.self) }
      for (number, expected) in [
        (Double.infinity, SQLValue.real(.infinity)), (-.infinity, .real(-.infinity)), (.nan, .null),
        (.leastNonzeroMagnitude, .real(.leastNonzeroMagnitude)),
      ] {
        try database.write { try $0.execute("UPDATE items SET r = ?, n = ?", [number, Int64.max]) }
        #expect(try database.read { try $0.row("SELECT r, n FROM items")?.values } == [expected, .int(.max)])
      }
      try database.write { try $0.execute("UPDATE items SET b = ?, name = ?", [Data(), ""]) }
      #expect(try database.read { try $0.row("SELECT b, name FROM items")?.values } == [.blob(Data()), .text("")])
      #expect(try database.read { try $0.row("SELECT SUM(n), COUNT(*), MAX(r) FROM items")?.values[0...1] } == [.int(.max), .int(1)])
      #expect(self.kind { try database.write { try $0.execute("UPDATE items SET name = ?", ["a\0b"]) } } == .type)
    }
  }

  private func kind(_ body: () throws -> some Any) -> SQLError.Kind? {
    do { _ = try body() } catch let error as SQLError { return error.kind } catch { return nil }
    return nil
  }

  @Test(arguments: TestDatabase.allCases) func `errors have the same kinds`(_ database: TestDatabase) throws {
    try withItems(database) { database, _ in
      try database.write { try $0.execute("INSERT INTO items (name) VALUES ('a')") }
      func failure(_ sql: String, _ values: [(any SQLBindable)?] = []) -> SQLError.Kind? {
        self.kind { try database.write { try $0.execute(sql, values) } }
      }
      #expect(failure("INSERT INTO items (name) VALUES (?)", ["a"]) == .uniqueViolation)
      #expect(failure("INSERT INTO parts (itemID, part) VALUES (?, ?)", [99, "x"]) == .foreignKeyViolation)
      #expect(failure("INSERT INTO items (name) VALUES (NULL)") == .constraint)
      #expect(failure("SELECT nothing FROM items") == .statement)
      #expect(failure("SELEKT") == .statement)
      #expect(self.kind { try database.read { try $0.execute("DELETE FROM items") } } == .readOnly)
      #expect(try database.read { try $0.value("SELECT COUNT(*) FROM items") } == 1)
    }
  }

  @Test(arguments: TestDatabase.allCases) func `a transaction is whole or it is not there`(_ kind: TestDatabase) throws {
    try withItems(kind) { database, _ in
      #expect(throws: Injected.self) {
        try database.write {
          try $0.execute("INSERT INTO items (name) VALUES ('a')")
          throw Injected()
        }
      }
      #expect(try database.read { try $0.rows("SELECT * FROM items").count } == 0)
      let changes = try database.write { connection in
        try connection.execute("INSERT INTO items (name) VALUES ('a'), ('b')")
        #expect(connection.changes == 2)
        #expect(throws: SQLError.self) {
          try connection.savepoint {
            try connection.execute("INSERT INTO items (name) VALUES ('c')")
            try connection.execute("INSERT INTO items (name) VALUES ('a')")
          }
        }
        #expect(try connection.execute("INSERT INTO items (name) VALUES ('a') ON CONFLICT DO NOTHING") == 0)
        return try connection.execute("UPDATE items SET n = 1 WHERE name = 'b'")
      }
      #expect(changes == 1)
      #expect(try database.read { try $0.values("SELECT name FROM items ORDER BY name", as: String.self) } == ["a", "b"])
      // What refers to a row goes with it.
      try database.write {
        try $0.execute("INSERT INTO parts (itemID, part) SELECT id, 'x' FROM items")
        try $0.execute("DELETE FROM items WHERE name = 'a'")
      }
      #expect(try database.read { try $0.value("SELECT COUNT(*) FROM parts") } == 1)
    }
  }

  @Test(arguments: TestDatabase.allCases) func `texts compare and sort alike`(_ kind: TestDatabase) throws {
    try withItems(kind) { database, _ in
      try database.write { connection in
        for name in ["b", "B", "a", "ä", "Z", "a_c", "abc"] { try connection.execute("INSERT INTO items (name) VALUES (?)", [name]) }
      }
      func names(_ condition: String, _ values: [(any SQLBindable)?] = []) throws -> [String] {
        try database.read { try $0.values("SELECT name FROM items WHERE \(condition) ORDER BY name", values) }
      }
      #expect(try names("1 = 1") == ["B", "Z", "a", "a_c", "abc", "b", "ä"])
      #expect(try names("name LIKE ?", ["B%"]) == ["B"])
      #expect(try names("lower(name) LIKE lower(?)", ["B%"]) == ["B", "b"])
      #expect(try names("name LIKE ? ESCAPE '\\'", [SQLDialect.escapedForLike("a_") + "%"]) == ["a_c"])
    }
  }

  @Test(arguments: TestDatabase.allCases) func `a reader sees one state while others write`(_ kind: TestDatabase) throws {
    try withItems(kind) { database, location in
      let other = try SQLLocation(location).open(SQLOptions(component: "test"))
      try database.read { connection in
        #expect(try connection.value("SELECT COUNT(*) FROM items") == 0)
        try other.write { try $0.execute("INSERT INTO items (name) VALUES ('a')") }
        #expect(try connection.value("SELECT COUNT(*) FROM items") == 0)
      }
      #expect(try database.read { try $0.value("SELECT COUNT(*) FROM items") } == 1)
      try other.close()
    }
  }

  @Test(arguments: TestDatabase.allCases) func `writers go one after another`(_ kind: TestDatabase) async throws {
    let folder = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent("martlet-" + UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let location = try kind.newLocation(in: folder)
    let databases = try (0..<2).map { _ in try SQLLocation(location).open(SQLOptions(component: "test", busyTimeout: 60)) }
    for database in databases { try Self.schema.prepare(database) }
    try databases[0].write { try $0.execute("INSERT INTO items (name, n) VALUES ('a', 0)") }
    // Each reads, adds one and writes: nothing is lost only if nobody comes between.
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<40 {
        group.addTask {
          try databases[index % 2].write { connection in
            let now: Int = try connection.value("SELECT n FROM items") ?? 0
            try connection.execute("UPDATE items SET n = ?", [now + 1])
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try databases[0].read { try $0.value("SELECT n FROM items") } == 40)
    for database in databases { try database.close() }
  }

  @Test(arguments: TestDatabase.allCases) func `a writer that is held up too long is busy`(_ kind: TestDatabase) throws {
    try withItems(kind) { database, location in
      let other = try SQLLocation(location).open(SQLOptions(component: "test", busyTimeout: 0.05))
      try database.write { connection in
        try connection.execute("INSERT INTO items (name) VALUES ('a')")
        #expect(self.kind { try other.write { try $0.execute("INSERT INTO items (name) VALUES ('b')") } } == .busy)
        // Readers do not wait.
        #expect(try other.read { try $0.value("SELECT COUNT(*) FROM items") } == 0)
      }
      try other.write { try $0.execute("INSERT INTO items (name) VALUES ('b')") }
      try other.close()
    }
  }

  @Test(arguments: TestDatabase.allCases) func `a statement ends at its limit`(_ kind: TestDatabase) throws {
    try withDatabase(kind, SQLOptions(component: "test", statementTimeout: 0.1)) { database, _ in
      let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) SELECT COUNT(*) FROM n"
      #expect(self.kind { try database.read { try $0.rows(endless) } } == .timedOut)
      let one: Int? = try database.read { try $0.value("SELECT 1") }
      #expect(one == 1)
    }
  }

  @Test(arguments: TestDatabase.allCases) func `tables are made once and newer ones are left alone`(_ kind: TestDatabase) throws {
    try withItems(kind) { database, location in
      try database.write { try $0.execute("INSERT INTO items (name) VALUES ('kept')") }
      try Self.schema.prepare(database)
      let second = SQLSchema(
        component: "test", applicationID: Self.schema.applicationID,
        steps: Self.schema.steps + [SQLMigration("ALTER TABLE items ADD COLUMN colour TEXT NOT NULL DEFAULT 'red';")])
      let reader = try SQLLocation(location).open(SQLOptions(component: "test", readOnly: true))
      #expect(self.kind { try second.prepare(reader) } == .olderSchema)
      try second.prepare(database)
      #expect(try database.read { try $0.value("SELECT colour FROM items WHERE name = 'kept'") } == "red")
      #expect(self.kind { try Self.schema.prepare(database) } == .newerSchema)
      #expect(self.kind { try reader.write { try $0.execute("DELETE FROM items") } } == .readOnly)
      #expect(try database.integrityProblems() == [])
      try reader.close()
    }
  }
}
