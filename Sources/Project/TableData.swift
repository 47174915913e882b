/// The rows of a project and what is to be learnt from them. Exactly one of `file`, `dataset` and `sql` says where they come from (`file`
/// may name one of several files of a data set).
public struct TableData: Codable, Sendable, Hashable {
  /// A data set that `scripts/fetch-data` brought; `file` and the joined files then lie in its folder.
  public var dataset: String?
  /// Files or folders.
  public var file: OneOrMany<String>?
  /// A query of a database.
  public var sql: TableQuery?
  /// How CSV files are to be read.
  public var csv: TableCSV
  /// The most rows to use, drawn by chance.
  public var limit: Int?
  /// Other tables beside each row, in order.
  public var join: [TableJoin]
  /// New columns by name, as expressions.
  public var derive: [String: String]
  /// Rows that stay, as a condition.
  public var condition: String?
  /// Columns that are left out.
  public var drop: [String]
  /// The columns that are used; `nil` for all that are not left out.
  public var keep: [String]?
  /// Types by column, where the table's own are not meant.
  public var types: [String: String]
  /// The column to learn.
  public var target: String?
  /// The class that counts as positive.
  public var positive: String?
  /// The column of weights.
  public var weight: String?
  /// The rows to judge by; `nil` for a fifth, or none where nothing can be judged.
  public var test: TableTest?
  /// The schema that rows have to keep.
  public var schema: String?

  private enum CodingKeys: String, CodingKey {
    case dataset, file, sql, csv, limit, join, derive, drop, keep, types, target, positive, weight, test, schema
    case condition = "where"
  }
}

/// A query of a database.
public struct TableQuery: Codable, Sendable, Hashable {
  /// A file of SQLite's.
  public var sqlite: String?
  /// The environment variable that holds the URL of a PostgreSQL database.
  public var postgres: String?
  public var query: String
}

/// How CSV files are to be read, where they do not tell themselves.
public struct TableCSV: Codable, Sendable, Hashable {
  public var separator: String?
  public var quote: String
  public var encoding: String?
  public var header: Bool
  public var names: [String]?
  public var skip: Int
  public var decimal: String
  public var thousands: String?
  /// Texts that mean missing; `nil` for the usual ones.
  public var missing: [String]?
}

/// Another table beside each row.
public struct TableJoin: Codable, Sendable, Hashable {
  /// Which rows stay.
  public enum Kind: String, Codable, Sendable, Hashable, CaseIterable { case left, inner, right, full, semi, anti }

  public var file: String
  /// The columns of both that have to be equal.
  public var on: OneOrMany<String>
  /// The other table's columns, where their names differ.
  public var with: OneOrMany<String>?
  public var kind: Kind
  /// What a column gets after its name where the name is taken.
  public var suffix: String
  /// The other table's columns that are used; `nil` for all.
  public var keep: [String]?
}

/// The rows to judge by.
public enum TableTest: Codable, Sendable, Hashable {
  /// A share, stratified for classes.
  case share(Double)
  /// A table of their own.
  case file(String)
  /// Rows at or after a point in time.
  case after(String, column: String)
  /// A share of whole groups.
  case groups(String, share: Double)

  private enum CodingKeys: CodingKey { case file, after, column, groups, share }

  public init(from decoder: any Decoder) throws {
    if let share = try? decoder.singleValueContainer().decode(Double.self) {
      self = .share(share)
      return
    }
    let container = try decoder.container(keyedBy: CodingKeys.self)
    if let file = try container.decodeIfPresent(String.self, forKey: .file) {
      self = .file(file)
    } else if let after = try container.decodeIfPresent(String.self, forKey: .after) {
      self = .after(after, column: try container.decode(String.self, forKey: .column))
    } else {
      self = .groups(
        try container.decode(String.self, forKey: .groups), share: try container.decodeIfPresent(Double.self, forKey: .share) ?? 0.2)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    if case .share(let share) = self {
      var container = encoder.singleValueContainer()
      try container.encode(share)
      return
    }
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .share: break
    case .file(let file): try container.encode(file, forKey: .file)
    case .after(let after, let column):
      try container.encode(after, forKey: .after)
      try container.encode(column, forKey: .column)
    case .groups(let column, let share):
      try container.encode(column, forKey: .groups)
      try container.encode(share, forKey: .share)
    }
  }
}
