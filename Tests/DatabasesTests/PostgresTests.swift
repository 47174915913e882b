import DatabaseTesting
import Foundation
import MartletCore
import Testing

@testable import Databases

@Suite struct PostgresTests {
  @Test func `connections that were cut are replaced`() throws {
    let server = try TemporaryPostgreSQL()
    defer { server.stop() }
    let url = try server.newURL()
    let database = try PostgresDatabase(url, SQLOptions(component: "test"))
    try database.write { try $0.script("CREATE TABLE a (n BIGINT)") }
    try server.cutConnections()
    try database.write { try $0.execute("INSERT INTO a VALUES (1)") }
    // In the middle of a transaction nothing can be mended: what was done is undone.
    let error = #expect(throws: SQLError.self) {
      try database.write { connection in
        try connection.execute("INSERT INTO a VALUES (2)")
        try server.cutConnections()
        try connection.execute("INSERT INTO a VALUES (3)")
      }
    }
    #expect(error?.kind == .connectionLost)
    #expect(try database.read { try $0.values("SELECT n FROM a", as: Int.self) } == [1])
    server.stop()
    #expect((#expect(throws: SQLError.self) { try database.read { try $0.value("SELECT 1", as: Int.self) } })?.kind == .connectionLost)
    #expect((#expect(throws: SQLError.self) { try PostgresDatabase(url, SQLOptions(component: "test")) })?.kind == .connectionLost)
  }

  @Test func `strangers are refused without their password being shown`() throws {
    let url = try TemporaryPostgreSQL.shared().newURL().replacing("tester@/postgres", with: "stranger:secret@/postgres")
    let error = #expect(throws: SQLError.self) { try PostgresDatabase(url, SQLOptions(component: "test")) }
    #expect(error?.kind == .refused)
    #expect(error?.description.contains("secret") == false)
  }

  @Test func `components and schemas do not hold each other up`() throws {
    let first = try TemporaryPostgreSQL.shared().newURL(), second = try TemporaryPostgreSQL.shared().newURL()
    func open(_ url: String, _ component: String) throws -> PostgresDatabase {
      try PostgresDatabase(url, SQLOptions(component: component, busyTimeout: 0.2))
    }
    let database = try open(first, "registry"), sameComponent = try open(second, "registry"), sameSchema = try open(first, "tracking")
    let again = try open(first, "registry")
    try database.write { _ in
      try sameComponent.write { try $0.script("CREATE TABLE a (n BIGINT)") }
      try sameSchema.write { try $0.script("CREATE TABLE b (n BIGINT)") }
      #expect((#expect(throws: SQLError.self) { try again.write { _ in } })?.kind == .busy)
    }
  }

  @Test func `there are no more connections than allowed`() async throws {
    let url = try TemporaryPostgreSQL.shared().newURL() + "&application_name=counted"
    let database = try PostgresDatabase(url, SQLOptions(component: "test", busyTimeout: 60, connections: 2))
    let most = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<12 {
        group.addTask {
          try database.read { try $0.value("SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'counted'") ?? 0 }
        }
      }
      return try await group.reduce(0, max)
    }
    #expect((1...2).contains(most))
  }

  @Test(arguments: [
    ("23505", SQLError.Kind.uniqueViolation), ("40001", .conflict), ("40P01", .conflict), ("55P03", .busy), ("53300", .busy),
    ("53100", .full),
    ("25006", .readOnly), ("42501", .readOnly), ("57014", .timedOut), ("57P01", .connectionLost), ("08006", .connectionLost),
    ("28P01", .refused), ("3D000", .refused), ("XX001", .corrupt), ("42601", .statement), ("22003", .type), ("58030", .io),
  ]) func `states of the server have their kinds`(_ state: String, _ kind: SQLError.Kind) {
    let error = PostgresConnection.error(state, "a")
    #expect(error.kind == kind && error.code == state)
  }
}
