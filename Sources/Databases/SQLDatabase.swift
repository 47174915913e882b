package import Foundation

/// A database of the two kinds that Martlet keeps its records in.
///
/// Every method blocks, may be called from any thread, and must not be called inside the body of another.
package protocol SQLDatabase: Sendable {
  var dialect: SQLDialect { get }
  /// Where it is, for a person; without a password.
  var location: String { get }
  var isReadOnly: Bool { get }

  /// Runs `body` on one unchanging state of the database.
  /// - Throws: `SQLError`, and what `body` throws.
  func read<Value>(_ body: (SQLConnection) throws -> Value) throws -> Value

  /// Runs `body` in one transaction, which is undone if it throws. Writers of one component go one after another, from the body's start to
  /// the transaction's end, in all processes; PostgreSQL may run `body` again after a conflict with a stranger.
  /// - Throws: `SQLError`, and what `body` throws.
  @discardableResult
  func write<Value>(_ body: (SQLConnection) throws -> Value) throws -> Value

  /// Everything that is damaged, as far as the database can say so itself.
  func integrityProblems() throws -> [String]

  /// Ends all connections.
  func close() throws
}

/// How a database is opened.
package struct SQLOptions: Sendable {
  /// Seconds to wait for other writers.
  package var busyTimeout: TimeInterval
  /// Seconds that a statement may take; `nil` is no limit.
  package var statementTimeout: TimeInterval?
  /// Never write.
  package var readOnly: Bool
  /// Connections to a server at once.
  package var connections: Int
  /// Whose writers go one after another in PostgreSQL; several components may share a database.
  package var component: String
  /// Make SQLite's file where there is none.
  package var create: Bool

  package init(
    component: String, busyTimeout: TimeInterval = 5, statementTimeout: TimeInterval? = nil, readOnly: Bool = false, connections: Int = 8,
    create: Bool = true
  ) {
    self.component = component
    self.busyTimeout = busyTimeout
    self.statementTimeout = statementTimeout
    self.readOnly = readOnly
    self.connections = max(1, connections)
    self.create = create
  }
}

/// Where a database is: the path of SQLite's file, or a URL of PostgreSQL's.
package enum SQLLocation: Sendable, Hashable, CustomStringConvertible {
  case sqlite(String)
  case postgres(String)

  /// Reads `postgresql://…` or `postgres://…`; anything else is a path.
  package init(_ text: String) {
    self = Self.isServer(text) ? .postgres(text) : .sqlite(text)
  }

  /// Whether a text is the URL of a server.
  package static func isServer(_ text: String) -> Bool { text.hasPrefix("postgresql://") || text.hasPrefix("postgres://") }

  /// Without a password.
  package var description: String {
    switch self {
    case .sqlite(let path): path
    case .postgres(let url): Self.withoutPassword(url)
    }
  }

  private static func withoutPassword(_ url: String) -> String {
    guard let scheme = url.range(of: "://") else { return url }
    var rest = String(url[scheme.upperBound...])
    let authority = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    if let at = rest[..<authority].lastIndex(of: "@"), let colon = rest[..<at].firstIndex(of: ":") {
      rest.replaceSubrange(colon..<at, with: ":***")
    }
    if let query = rest.firstIndex(of: "?") {
      let parts = rest[rest.index(after: query)...].split(separator: "&").map { part in
        ["password", "sslpassword", "passfile"].contains(part.prefix { $0 != "=" }) ? part.prefix { $0 != "=" } + "=***" : part[...]
      }
      rest = rest[...query] + parts.joined(separator: "&")
    }
    return url[..<scheme.upperBound] + rest
  }

  /// Opens the database.
  /// - Throws: `SQLError`.
  package func open(_ options: SQLOptions) throws -> any SQLDatabase {
    switch self {
    case .sqlite(let path): try SQLiteDatabase(path, options)
    case .postgres(let url): try PostgresDatabase(url, options)
    }
  }
}
