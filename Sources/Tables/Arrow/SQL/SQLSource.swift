import Foundation
import MartletCore

/// A database to read from.
public enum SQLSource: Sendable, Hashable {
  /// A file of SQLite's; it is opened for reading only.
  case sqlite(String)
  /// A server of PostgreSQL's, as a URL (`postgres://user@host/database`) or in libpq's own words. What is left out comes from the
  /// environment (`PGHOST`, `PGPASSWORD` …) and `~/.pgpass`. The session may only read.
  case postgres(String)

  /// From a URL or a file's name: `postgres://…`, `postgresql://…`, `sqlite:file`, or a name that ends in `.db`, `.sqlite` or `.sqlite3`.
  /// - Throws: `TableError` that never tells the URL's password.
  public init(_ text: String) throws(TableError) {
    if text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") {
      self = .postgres(text)
    } else if text.hasPrefix("sqlite:") {
      self = .sqlite(String(text.dropFirst(text.hasPrefix("sqlite://") ? 9 : 7)))
    } else if ["db", "sqlite", "sqlite3"].contains((text as NSString).pathExtension.lowercased()) {
      self = .sqlite(text)
    } else {
      throw TableError(
        "'\(SQLSource.postgres(text).display)' is no database that can be read", expected: "postgres://user@host/database or sqlite:file")
    }
  }

  /// The source without its password.
  public var display: String {
    switch self {
    case .sqlite(let path): return path
    case .postgres(let url):
      if url.contains("://"), var parts = URLComponents(string: url) {
        if parts.password != nil { parts.password = "…" }
        parts.queryItems = parts.queryItems?.map { $0.name.lowercased() == "password" ? URLQueryItem(name: $0.name, value: "…") : $0 }
        return (parts.string ?? "postgres://…").removingPercentEncoding ?? "postgres://…"
      }
      guard !url.contains("://") else { return "postgres://…" }
      return url.split(separator: " ").map { $0.lowercased().hasPrefix("password") ? "password=…" : String($0) }.joined(separator: " ")
    }
  }

  /// A message in which neither the URL nor its password can be read.
  func hidingSecrets(_ message: String) -> String {
    guard case .postgres(let url) = self else { return message }
    var result = message.replacingOccurrences(of: url, with: display)
    for secret in secrets(url) where !secret.isEmpty { result = result.replacingOccurrences(of: secret, with: "…") }
    return result
  }

  private func secrets(_ url: String) -> [String] {
    guard url.contains("://") else {
      return url.split(separator: " ").compactMap { part in
        part.lowercased().hasPrefix("password")
          ? part.split(separator: "=", maxSplits: 1).last.map { $0.trimmingCharacters(in: ["'"]) } : nil
      }
    }
    let parts = URLComponents(string: url)
    // What Foundation cannot read as a URL still has its password between the colon and the last at-sign.
    let rough = url.components(separatedBy: "://").last.flatMap { rest -> String? in
      guard let at = rest.lastIndex(of: "@"), let colon = rest.firstIndex(of: ":"), colon < at else { return nil }
      return String(rest[rest.index(after: colon)..<at])
    }
    let query = parts?.queryItems?.first { $0.name.lowercased() == "password" }?.value
    return [parts?.password, parts?.percentEncodedPassword, rough, query].compactMap { $0 }
  }
}

/// A query's rows as tables of some ten thousand rows, in constant memory.
public protocol SQLRows: AnyObject {
  /// No rows, all columns.
  var emptyTable: Table { get }
  /// The next rows, or `nil` at the end.
  func next() throws -> Table?
}

extension Table {
  /// The rows of a query.
  ///
  /// SQLite's columns take the type of their values: whole numbers, fractions, text; where they differ, the wider one. PostgreSQL's take
  /// the type of the query: numbers, booleans, times, arrays of these as lists, everything else as text.
  /// - Throws: `TableError` with the database's own words.
  public static func query(_ sql: String, from source: SQLSource) throws -> Table {
    let rows = try Self.rows(of: sql, from: source)
    var tables: [Table] = []
    while let table = try rows.next() { tables.append(table) }
    return tables.isEmpty ? rows.emptyTable : try concatenating(tables)
  }

  /// The same, batch by batch.
  public static func rows(of sql: String, from source: SQLSource, batchRows: Int = 1 << 16) throws -> any SQLRows {
    switch source {
    case .sqlite(let path): try SQLiteRows(sql, path: path, batchRows: batchRows)
    case .postgres: try PostgresRows(sql, source, batchRows: batchRows)
    }
  }
}
