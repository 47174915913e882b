import Databases
import Foundation
import MartletCore

extension ModelRegistry {
  /// Versions that a filter lets through, by name and newest first, or in the order of a metric or a field.
  ///
  /// The filter: `metrics.accuracy > 0.9 and tags = 'x' and name like 'rev%'`, with `and`, `or`, `not`, brackets, `in (…)`, `is null` and
  /// `not like`; see `SearchFilter` for the fields. Values never become part of a statement.
  /// - Parameters:
  ///   - order: `"metrics.accuracy desc"`, `"registered"`; `nil` for name and number. What has no such metric comes last.
  ///   - limit: at most 1,000.
  ///   - offset: how many to pass over.
  /// - Throws: `RegistryError` `.invalidQuery` with the place in the filter.
  public func search(_ filter: String, order: String? = nil, limit: Int = 100, offset: Int = 0) throws(RegistryError) -> [ModelVersion] {
    let condition = try SearchFilter.parse(filter)
    let (clause, values) = try SearchFilter.order(order)
    return try read { database in
      let identifiers = try database.values(
        """
        SELECT v.id FROM versions v JOIN models m ON m.id = v.modelID \(clause.join)
        WHERE \(condition.sql) ORDER BY \(clause.order) LIMIT ? OFFSET ?
        """, values + condition.values + [min(max(0, limit), 1000), max(0, offset)], as: Int64.self)
      let found = try fetchVersionsByID(identifiers, in: database)
      return identifiers.compactMap { found[$0] }
    }
  }

  /// How many versions a filter lets through.
  /// - Throws: `RegistryError` `.invalidQuery` with the place in the filter.
  public func count(_ filter: String) throws(RegistryError) -> Int {
    let condition = try SearchFilter.parse(filter)
    return try read {
      try $0.value("SELECT COUNT(*) FROM versions v JOIN models m ON m.id = v.modelID WHERE \(condition.sql)", condition.values) ?? 0
    }
  }
}

/// The small language of searches, turned into a condition with values beside it.
///
/// Fields: `name`, `version` (or `number`), `kind`, `user`, `note`, `digest`, `parent`, `size` (bytes), `created` and `registered` (dates,
/// `'2026-01-31'` or with a time), `stage`; `tags` and `aliases` (any of them); `metrics.NAME`, `metrics.NAME.lower` and `.upper` for the
/// ends of its interval, names with other signs in backticks.
enum SearchFilter {
  struct Condition {
    var sql: String
    var values: [(any SQLBindable)?] = []
  }

  /// An empty filter lets everything through.
  static func parse(_ text: String) throws(RegistryError) -> Condition {
    guard text.utf8.count <= 10_000 else { throw RegistryError(.invalidQuery, "the filter is longer than 10,000 bytes") }
    var parser = SearchParser(text: text, tokens: try SearchToken.read(text))
    if parser.isAtEnd { return Condition(sql: "1 = 1") }
    let condition = try parser.alternatives()
    guard parser.isAtEnd else { throw parser.unexpected("'and', 'or' or the end") }
    return condition
  }

  struct Clause {
    var join = ""
    var order = "m.name, v.number DESC"
  }

  static func order(_ text: String?) throws(RegistryError) -> (Clause, [(any SQLBindable)?]) {
    guard let text, !text.allSatisfy(\.isWhitespace) else { return (Clause(), []) }
    var parser = SearchParser(text: text, tokens: try SearchToken.read(text))
    let field = try parser.field()
    let isDescending = parser.take(word: "desc")
    if !isDescending { _ = parser.take(word: "asc") }
    guard parser.isAtEnd else { throw parser.unexpected("'asc', 'desc' or the end") }
    let direction = isDescending ? "DESC" : "ASC"
    switch field {
    case .metric(let name, let column):
      let clause = Clause(
        join: "LEFT JOIN metrics o ON o.versionID = v.id AND o.name = ?",
        order: "CASE WHEN o.\(column) IS NULL THEN 1 ELSE 0 END, o.\(column) \(direction), m.name, v.number DESC")
      return (clause, [name])
    case .text(let column), .number(let column), .date(let column):
      return (Clause(order: "\(column) \(direction), m.name, v.number DESC"), [])
    case .list:
      throw RegistryError(
        .invalidQuery, "'\(text)': there is no order by tags or aliases", expected: "a field with one value, or metrics.NAME")
    }
  }

  /// What can be asked for.
  enum Field {
    case text(String), number(String), date(String)
    case list(table: String, column: String)
    case metric(name: String, column: String)

    static let names: [String: Field] = [
      "name": .text("m.name"), "kind": .text("v.kind"), "user": .text("v.\"user\""), "note": .text("v.note"), "digest": .text("v.digest"),
      "parent": .text("v.parent"), "version": .number("v.number"), "number": .number("v.number"), "size": .number("v.size"),
      "created": .date("v.created"), "registered": .date("v.registered"), "stage": .text(VersionStage.column),
      "tags": .list(table: "tags", column: "tag"), "tag": .list(table: "tags", column: "tag"),
      "aliases": .list(table: "aliases", column: "alias"), "alias": .list(table: "aliases", column: "alias"),
    ]
  }
}
