/// What a table is expected to look like: inferred from data that are good, kept in the project as `data-schema.json`, read and edited by
/// people, held against new data.
public struct DataSchema: Sendable, Hashable {
  /// The file that a project keeps it in.
  public static let fileName = "data-schema.json"

  /// Of the format; 1.
  public var version = 1
  /// Rows that it was learned from.
  public var learnedRows: Int
  /// The column that is to be predicted; new data to predict may come without it.
  public var target: String?
  /// How sure a test of shares must be before it speaks: the chance of a false alarm per table, divided among its rules.
  public var significance = 0.001
  /// What an unknown column is; `nil` is nothing.
  public var extraColumns: DataViolation.Severity? = .warning
  /// Fewest rows.
  public var minimumRows = 1
  public var columns: [ColumnRule]
  public var relations: [DataRelation]

  public init(learnedRows: Int = 0, target: String? = nil, columns: [ColumnRule] = [], relations: [DataRelation] = []) {
    self.learnedRows = learnedRows
    self.target = target
    self.columns = columns
    self.relations = relations
  }

  /// The column's rule, or `nil`.
  public func rule(of column: String) -> ColumnRule? { columns.first { $0.name == column } }
}

/// What one column is expected to be. Rules that are `nil` are not checked.
public struct ColumnRule: Sendable, Hashable {
  public var name: String
  public var type: ColumnType
  /// Data without the column are wrong.
  public var isRequired = true
  /// The largest share of rows without a value; a test decides whether a sample exceeds it. 0 allows none.
  public var maximumMissing: Double?
  public var number: NumberRule?
  public var time: TimeRule?
  public var categories: CategoryRule?
  public var text: TextRule?
  /// No value comes twice.
  public var isUnique = false
  /// The only value.
  public var constant: String?

  public init(name: String, type: ColumnType) {
    self.name = name
    self.type = type
  }
}

/// Bounds and spread of numbers.
public struct NumberRule: Sendable, Hashable, Codable {
  public var minimum: Double?
  public var maximum: Double?
  /// No fractions.
  public var whole: Bool?
  /// Ends of bins, ascending; a bin holds what is above the edge before it, up to its own. Values above the last edge have a bin, too.
  public var edges: [Double]?
  /// The share of values in each bin: one more than there are edges.
  public var shares: [Double]?
  /// The largest share of rows that may have moved to other bins; `nil` is any.
  public var drift: Double?

  public init(
    minimum: Double? = nil, maximum: Double? = nil, whole: Bool? = nil, edges: [Double]? = nil, shares: [Double]? = nil,
    drift: Double? = nil
  ) {
    self.minimum = minimum
    self.maximum = maximum
    self.whole = whole
    self.edges = edges
    self.shares = shares
    self.drift = drift
  }
}

/// Bounds of points in time, and how fresh they must be.
public struct TimeRule: Sendable, Hashable, Codable {
  /// ISO 8601, UTC.
  public var earliest: String?
  public var latest: String?
  /// The newest row may be so many days old at most.
  public var maximumAgeDays: Double?
  /// Rows come in order of time.
  public var increasing: Bool?
  /// Times after now are right; unless `true`, they are named where now is known.
  public var future: Bool?

  public init(
    earliest: String? = nil, latest: String? = nil, maximumAgeDays: Double? = nil, increasing: Bool? = nil, future: Bool? = nil
  ) {
    self.earliest = earliest
    self.latest = latest
    self.maximumAgeDays = maximumAgeDays
    self.increasing = increasing
    self.future = future
  }

  enum CodingKeys: String, CodingKey {
    case earliest, latest, increasing, future
    case maximumAgeDays = "maximum_age_days"
  }
}

/// The values that a column takes.
public struct CategoryRule: Sendable, Hashable, Codable {
  /// Every value, and its share of the rows that have one.
  public var shares: [String: Double]
  /// Other values are wrong. An open set only limits how many rows have others.
  public var closed: Bool
  /// In an open set: the largest share of rows with a value that is not listed.
  public var maximumUnseen: Double?
  /// The largest share of rows that may have moved to other values; `nil` is any.
  public var drift: Double?

  public init(shares: [String: Double], closed: Bool = true, maximumUnseen: Double? = nil, drift: Double? = nil) {
    self.shares = shares
    self.closed = closed
    self.maximumUnseen = maximumUnseen
    self.drift = drift
  }

  enum CodingKeys: String, CodingKey {
    case shares, closed, drift
    case maximumUnseen = "maximum_unseen"
  }
}

/// Lengths (characters) and pattern of texts.
public struct TextRule: Sendable, Hashable, Codable {
  public var minimumLength: Int?
  public var maximumLength: Int?
  /// What every text looks like.
  public var pattern: TextPattern?

  public init(minimumLength: Int? = nil, maximumLength: Int? = nil, pattern: TextPattern? = nil) {
    self.minimumLength = minimumLength
    self.maximumLength = maximumLength
    self.pattern = pattern
  }

  enum CodingKeys: String, CodingKey {
    case pattern
    case minimumLength = "minimum_length"
    case maximumLength = "maximum_length"
  }
}

/// Something that holds between columns of every row. Rows in which one of them is missing are left alone.
public struct DataRelation: Sendable, Hashable, Codable {
  public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    /// The first column is at most the second.
    case atMost = "at_most"
    /// Both are the same.
    case equal
    /// Rows that agree in the first column agree in the second: zip and city.
    case determines
    /// The first column is the sum of the others.
    case sum
  }

  public var kind: Kind
  public var columns: [String]
  /// The largest share of rows that may break it.
  public var allowed: Double

  public init(_ kind: Kind, _ columns: [String], allowed: Double = 0) {
    self.kind = kind
    self.columns = columns
    self.allowed = allowed
  }

  /// `sched_dep <= sched_arr`, `zip determines city`, `total = net + tax`.
  public var text: String {
    switch kind {
    case .atMost: columns.joined(separator: " <= ")
    case .equal: columns.joined(separator: " = ")
    case .determines: columns.joined(separator: " determines ")
    case .sum: (columns.first ?? "") + " = " + columns.dropFirst().joined(separator: " + ")
    }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    kind = try container.decode(Kind.self, forKey: .kind)
    columns = try container.decode([String].self, forKey: .columns)
    allowed = try container.decodeIfPresent(Double.self, forKey: .allowed) ?? 0
    guard columns.count == 2 || (kind == .sum && columns.count > 2) else {
      throw DecodingError.dataCorruptedError(
        forKey: .columns, in: container, debugDescription: "\(kind.rawValue) relates two columns, or a sum and its parts")
    }
  }
}
