public import MartletCore

/// The document of `martlet data check --json`.
public struct DataCheckSummary: Codable, Sendable, Hashable {
  /// One way in which the data do not fit.
  public struct Violation: Codable, Sendable, Hashable {
    /// `error` or `warning`.
    public var severity: String
    /// The rule's name.
    public var rule: String
    /// `nil` where it is about the table.
    public var column: String?
    public var expected: String
    public var found: String
    /// How many rows, where it is about rows.
    public var rows: Int?
    /// The first of them, as a spreadsheet numbers them.
    public var firstRows: [Int]
    /// Their values.
    public var values: [String]

    /// A violation by its parts.
    public init(
      severity: String, rule: String, column: String?, expected: String, found: String, rows: Int?, firstRows: [Int], values: [String]
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

  /// The files as they were given.
  public var inputs: [String]
  /// The schema's file.
  public var schema: String
  /// The schema was written, not checked.
  public var updated: Bool
  public var rows: Int
  public var columns: Int
  /// No errors; there may be warnings.
  public var passed: Bool
  public var violations: [Violation]
  /// What was not looked at, and what reading found out.
  public var notes: [String]
  /// The HTML report.
  public var report: String?
  public var seconds: Double

  /// A check that has ended.
  public init(
    inputs: [String], schema: String, updated: Bool, rows: Int, columns: Int, violations: [Violation], notes: [String], report: String?,
    seconds: Double
  ) {
    self.inputs = inputs
    self.schema = schema
    self.updated = updated
    self.rows = rows
    self.columns = columns
    self.passed = !violations.contains { $0.severity == "error" }
    self.violations = violations
    self.notes = notes
    self.report = report
    self.seconds = seconds
  }
}

/// The document of `martlet data profile --json`.
public struct DataProfileSummary: Codable, Sendable, Hashable {
  /// One column in a line.
  public struct Line: Codable, Sendable, Hashable {
    public var name: String
    public var type: String
    public var missingRate: Double
    public var distinct: Double
    /// Counts of a histogram, or of the most frequent values.
    public var shape: [Double]
    /// The values in words.
    public var values: String

    /// A line by its parts.
    public init(name: String, type: String, missingRate: Double, distinct: Double, shape: [Double], values: String) {
      self.name = name
      self.type = type
      self.missingRate = missingRate
      self.distinct = distinct
      self.shape = shape
      self.values = values
    }
  }

  /// Something to know or to do.
  public struct Finding: Codable, Sendable, Hashable {
    /// `important`, `warning` or `note`.
    public var severity: String
    public var text: String
    public var advice: String

    /// A finding by its parts.
    public init(severity: String, text: String, advice: String) {
      self.severity = severity
      self.text = text
      self.advice = advice
    }
  }

  /// The files as they were given.
  public var inputs: [String]
  public var rows: Int
  public var columns: [Line]
  /// Most important first.
  public var findings: [Finding]
  /// What was not looked at, and what reading found out.
  public var notes: [String]
  /// The HTML report.
  public var report: String
  /// Everything that was found.
  public var profile: JSONValue
  public var seconds: Double

  /// A profile that was made.
  public init(
    inputs: [String], rows: Int, columns: [Line], findings: [Finding], notes: [String], report: String, profile: JSONValue, seconds: Double
  ) {
    self.inputs = inputs
    self.rows = rows
    self.columns = columns
    self.findings = findings
    self.notes = notes
    self.report = report
    self.profile = profile
    self.seconds = seconds
  }
}
