/// One way in which data are not what their schema says.
public struct DataViolation: Sendable, Hashable, Codable {
  public enum Severity: String, Sendable, Hashable, Codable, Comparable {
    /// Worth a look.
    case warning
    /// The data are not to be used as they are.
    case error

    public static func < (one: Severity, other: Severity) -> Bool { one == .warning && other == .error }
  }

  public var severity: Severity
  /// `missing`, `type`, `range`, `category`, `unique` … (see ``DataRule``).
  public var rule: DataRule
  /// `nil` where it is about the table, or about several columns.
  public var column: String?
  public var expected: String
  public var found: String
  /// How many rows; `nil` where it is not about single rows.
  public var rows: Int?
  /// The first of them, as people number them (see ``DataCheckReport/firstRow``).
  public var firstRows: [Int]
  /// Their values.
  public var values: [String]

  public init(
    _ severity: Severity, _ rule: DataRule, column: String? = nil, expected: String, found: String, rows: Int? = nil,
    firstRows: [Int] = [], values: [String] = []
  ) {
    self.severity = severity
    self.rule = rule
    self.column = column
    self.expected = expected
    self.found = found
    self.rows = rows
    self.firstRows = firstRows
    self.values = values
  }
}

/// The rules that data can break.
public enum DataRule: String, Sendable, Hashable, Codable, CaseIterable {
  case rowCount = "row_count"
  case missingColumn = "missing_column"
  case extraColumn = "extra_column"
  case type
  case missing
  case range
  case whole
  case category
  case unseen
  case unique
  case constant
  case length
  case pattern
  case order
  case freshness
  case future
  case drift
  case labelBalance = "label_balance"
  case relation
}

/// The answer of a schema to new data.
public struct DataCheckReport: Sendable, Hashable, Codable {
  public var rows: Int
  public var columns: Int
  /// The number of the first row of data: 2 for a file whose first row has the names, so that a spreadsheet shows the same numbers.
  public var firstRow: Int
  /// Errors first, then in the order of the schema.
  public var violations: [DataViolation]
  /// What was not looked at, and why.
  public var notes: [String]

  public init(rows: Int, columns: Int, firstRow: Int, violations: [DataViolation], notes: [String] = []) {
    self.rows = rows
    self.columns = columns
    self.firstRow = firstRow
    self.violations = violations
    self.notes = notes
  }

  public var errors: Int { violations.count { $0.severity == .error } }
  public var warnings: Int { violations.count { $0.severity == .warning } }
  /// Nothing that forbids to use the data; there may be warnings.
  public var passed: Bool { errors == 0 }
}
