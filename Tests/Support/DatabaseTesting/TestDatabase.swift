package import Databases
import Foundation

/// One of the two databases, for tests that run on both.
package enum TestDatabase: String, Sendable, Codable, CaseIterable {
  case sqlite, postgres

  /// Where an empty database of this kind is: a file in `folder`, or a schema of the shared server's.
  package func newLocation(in folder: String, file: String = "test.sqlite") throws -> String {
    switch self {
    case .sqlite: folder + "/" + file
    case .postgres: try TemporaryPostgreSQL.shared().newURL()
    }
  }
}

/// Runs `body` with a new empty folder and removes it.
package func withTemporaryFolder<Value>(_ body: (String) throws -> Value) throws -> Value {
  let folder = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent("martlet-" + UUID().uuidString).path
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  return try body(folder)
}

/// Runs `body` with an empty database of each kind that a test asks for.
package func withDatabase<Value>(
  _ kind: TestDatabase, _ options: SQLOptions = SQLOptions(component: "test", busyTimeout: 30),
  _ body: (any SQLDatabase, String) throws -> Value
) throws -> Value {
  try withTemporaryFolder { folder in
    let location = try kind.newLocation(in: folder)
    let database = try SQLLocation(location).open(options)
    defer { try? database.close() }
    return try body(database, location)
  }
}
