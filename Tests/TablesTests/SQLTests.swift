import Foundation
import GRDB
import MartletCore
import Testing

@testable import Tables

extension ArrowTests {
  @Suite struct SQLTests {
    @Test func readsSQLite() throws {
      try TableFixtures.inFolder { folder in
        let path = folder + "/data.sqlite"
        let database = try DatabaseQueue(path: path)
        try database.write { database in
          try database.execute(sql: "CREATE TABLE t (id INTEGER, x REAL, name TEXT, mixed, empty)")
          for row in 0..<250 {
            try database.execute(
              sql: "INSERT INTO t VALUES (?, ?, ?, ?, NULL)",
              arguments: [row, row % 3 == 0 ? nil : Double(row) / 2, "n\(row)", row == 200 ? "text" : "\(row)"])
          }
          try database.execute(sql: "UPDATE t SET mixed = 5 WHERE id < 100")
        }
        try database.close()
        let table = try Table.query("SELECT *, id AS id FROM t ORDER BY id", from: SQLSource(path))
        #expect(table.rowCount == 250 && table.columnNames == ["id", "x", "name", "mixed", "empty", "id_2"])
        #expect(table.columns.map(\.type) == [.int64, .float64, .text, .text, .float64, .int64])
        #expect(try table.column("x").missingCount == 84 && table.column("name").texts()[7] == "n7")
        #expect(try table.column("mixed").texts()[0] == "5")
        let rows = try Table.rows(of: "SELECT id FROM t", from: .sqlite(path), batchRows: 100)
        var sizes: [Int] = []
        while let part = try rows.next() { sizes.append(part.rowCount) }
        #expect(sizes == [100, 100, 50])
        #expect(throws: TableError.self) { try Table.query("SELECT nope FROM t", from: .sqlite(path)) }
        #expect(throws: TableError.self) { try Table.query("DELETE FROM t", from: .sqlite(path)) }
        #expect(throws: TableError.self) { try Table.query("SELECT 1", from: .sqlite(folder + "/absent.db")) }
        #expect(try Table.query("SELECT * FROM t WHERE id < 0", from: .sqlite(path)).columns.count == 5)
      }
    }

    @Test func hidesPasswords() throws {
      for url in [
        "postgres://me:s3cret@127.0.0.1:1/base", "postgresql://me@127.0.0.1:1/base?password=s3cret",
        "host=127.0.0.1 port=1 password=s3cret",
        "postgres://me:s3cret@127.0.0.1:notaport/base",
      ] {
        let error = #expect(throws: TableError.self) { try Table.query("SELECT 1", from: .postgres(url)) }
        #expect(error?.description.contains("s3cret") == false, "\(error?.description ?? "")")
      }
      #expect(SQLSource.postgres("postgres://me:s3cret@host/base").display == "postgres://me:…@host/base")
      #expect(throws: TableError.self) { try SQLSource("mysql://host/base") }
    }

    @Test(.enabled(if: PostgresServer.binaries != nil, "there is no initdb under /usr/lib/postgresql or on the PATH"))
    func readsPostgres() throws {
      let server = try PostgresServer()
      defer { server.stop() }
      let source = SQLSource.postgres(server.url)
      let table = try Table.query(
        """
        SELECT i AS id, i::smallint AS small, CASE WHEN i % 3 = 0 THEN NULL ELSE i / 2.0 END AS x, 'n' || i AS name, i % 2 = 0 AS even,
          timestamp '2024-01-31 10:20:30.5' AS at, timestamptz '2024-01-31 10:20:30+02' AS zoned, date '1969-12-31' AS day,
          ARRAY[1, NULL, i] AS list, ARRAY['a "b"', NULL, 'c,d'] AS texts, 'NaN'::float8 AS nan, numeric '12.50' AS price
        FROM generate_series(1, 1000) AS i
        """, from: source)
      #expect(table.rowCount == 1000)
      #expect(
        table.columns.map(\.type) == [
          .int32, .int16, .float64, .text, .boolean, .timestamp(), .timestamp(timeZone: "UTC"), .timestamp(), .list(.int32), .list(.text),
          .float64,
          .float64,
        ])
      let row = try table.row(2)
      #expect(row["x"] == .missing && row["name"] == .text("n3") && row["at"] == .timestamp(1_706_696_430_500_000))
      #expect(row["zoned"] == .timestamp(1_706_689_230_000_000) && row["day"] == .timestamp(-86_400_000_000))
      #expect(
        row["list"] == .list([.integer(1), .missing, .integer(3)]) && row["texts"] == .list([.text("a \"b\""), .missing, .text("c,d")]))
      #expect(row["price"] == .number(12.5))
      let rows = try Table.rows(of: "SELECT * FROM generate_series(1, 250)", from: source, batchRows: 100)
      #expect(try rows.next()?.rowCount == 100 && rows.next()?.rowCount == 100 && rows.next()?.rowCount == 50 && rows.next() == nil)
      // A reader that is dropped in the middle leaves the server alone.
      _ = try Table.rows(of: "SELECT * FROM generate_series(1, 1000000)", from: source, batchRows: 10).next()
      let readOnly = #expect(throws: TableError.self) { try Table.query("CREATE TABLE t AS SELECT 1 AS x", from: source) }
      #expect(readOnly?.description.contains("read-only") == true)
      #expect(throws: TableError.self) { try Table.query("SELECT nope", from: source) }
      let late = #expect(throws: TableError.self) {
        try Table.query("SELECT 1 / (100 - i) FROM generate_series(1, 200) AS i", from: source)
      }
      #expect(late?.description.contains("division by zero") == true)
      #expect(try Table.query("SELECT 1 AS a WHERE false", from: source).fields == [TableField(name: "a", type: .int32)])
    }
  }
}

/// A server of its own in a temporary folder, reached by a socket.
final class PostgresServer {
  static let binaries: String? = {
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
    let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    let folders = versions.sorted().reversed().map { "/usr/lib/postgresql/\($0)/bin" } + path
    return folders.first { folder in
      ["initdb", "pg_ctl", "postgres"].allSatisfy { FileManager.default.isExecutableFile(atPath: folder + "/" + $0) }
    }
  }()

  private let folder: String
  private let server: Process
  var url: String { "host=\(folder) dbname=postgres user=martlet" }

  init() throws {
    let binaries = try #require(Self.binaries)
    folder = "/tmp/pg-" + UUID().uuidString.prefix(8)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let owner = Self.process("chown", ["nobody", folder])
    if getuid() == 0 { try Self.finish(owner) }
    try Self.finish(
      Self.process(
        binaries + "/initdb", ["-D", folder + "/data", "-U", "martlet", "-A", "trust", "-E", "UTF8", "--no-sync"], asServer: true))
    server = Self.process(
      binaries + "/postgres", ["-D", folder + "/data", "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"], asServer: true)
    try server.run()
    for _ in 0..<200 where (try? Table.query("SELECT 1", from: .postgres(url))) == nil { usleep(50_000) }
  }

  func stop() {
    // An interrupt is PostgreSQL's fast shutdown.
    server.interrupt()
    server.waitUntilExit()
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// The server refuses to be root.
  private static func process(_ program: String, _ arguments: [String], asServer: Bool = false) -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    let isRoot = asServer && getuid() == 0
    process.arguments = (isRoot ? ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] : []) + [program] + arguments
    process.currentDirectoryURL = URL(fileURLWithPath: "/tmp")
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    return process
  }

  private static func finish(_ process: Process) throws {
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(process.arguments ?? []) failed")
  }
}
