import Databases

/// Conditions of a filter as SQL. Names of tables and columns come from this program, everything that a client sent stands behind a `?`.
struct SQLFilter {
  private(set) var parts: [String] = []
  private(set) var values: [(any SQLBindable)?] = []

  var text: String { parts.isEmpty ? "1 = 1" : parts.joined(separator: " AND ") }

  mutating func add(_ part: String, _ values: [(any SQLBindable)?] = []) {
    parts.append(part)
    self.values += values
  }

  /// A column's own condition.
  mutating func add(_ condition: Condition, column: String, isNumber: Bool) {
    let found = Self.comparison(condition, column)
    add(found.text, found.values)
  }

  /// Numbers that the filter writes as texts: `experiment_id IN ('1', '2')`.
  mutating func addNumber(_ condition: Condition, _ column: String) throws(TrackingError) {
    let texts: [String] =
      switch condition.value {
      case .text(let text): [text]
      case .texts(let texts): texts
      default: []
      }
    guard [.equal, .notEqual, .among, .notAmong].contains(condition.comparator) else {
      throw TrackingError(.invalid, "an id cannot be compared by \(condition.comparator.rawValue)", expected: "=, !=, IN or NOT IN")
    }
    var numbers: [Int] = []
    for text in texts { numbers.append(try TrackingNames.experiment(text)) }
    let isNegated = condition.comparator == .notEqual || condition.comparator == .notAmong
    add("\(column) \(isNegated ? "NOT IN" : "IN") (\(TrackingStore.marks(numbers.count)))", numbers)
  }

  /// A condition on a key of a table of keys and values.
  mutating func exists(_ table: String, owner: String, of outer: String, _ condition: Condition) {
    let isAbsence = condition.comparator == .isNull
    var inner = "t.\(owner) = \(outer) AND t.key = ?"
    var values: [(any SQLBindable)?] = [condition.subject.key]
    if condition.comparator != .isNull, condition.comparator != .isNotNull {
      let found = Self.comparison(condition, "t.value")
      if condition.subject.kind == .metric {
        // NaN equals nothing and differs from everything.
        inner += condition.comparator == .notEqual ? " AND (\(found.text) OR t.isNaN = 1)" : " AND \(found.text) AND t.isNaN = 0"
      } else {
        inner += " AND \(found.text)"
      }
      values += found.values
    }
    add("\(isAbsence ? "NOT " : "")EXISTS (SELECT 1 FROM \(table) t WHERE \(inner))", values)
  }

  static func comparison(_ condition: Condition, _ column: String) -> (text: String, values: [(any SQLBindable)?]) {
    switch (condition.comparator, condition.value) {
    case (.like, .text(let pattern)): ("\(column) LIKE ? ESCAPE '\\'", [plain(pattern)])
    case (.caselessLike, .text(let pattern)): ("lower(\(column)) LIKE lower(?) ESCAPE '\\'", [plain(pattern)])
    case (.among, .texts(let texts)): ("\(column) IN (\(TrackingStore.marks(texts.count)))", texts)
    case (.notAmong, .texts(let texts)): ("\(column) NOT IN (\(TrackingStore.marks(texts.count)))", texts)
    case (let comparator, .text(let text)): ("\(column) \(comparator.rawValue) ?", [text])
    case (let comparator, .number(let number)):
      // Columns of times are integers.
      ("\(column) \(comparator.rawValue) ?", [Int64(exactly: number).map { $0 as any SQLBindable } ?? number])
    default: ("1 = 0", [])
    }
  }

  /// MLflow's patterns have no escapes.
  private static func plain(_ pattern: String) -> String { pattern.replacing("\\", with: "\\\\") }
}

extension TrackingStore {
  /// Sets a row of a table of keys and values.
  func set(_ tag: TrackingTag, in table: String, _ owner: String, _ id: any SQLBindable, _ connection: SQLConnection) throws {
    try connection.execute(
      """
      INSERT INTO \(table) (\(owner), key, value) VALUES (?, ?, ?) ON CONFLICT (\(owner), key) DO UPDATE SET value = excluded.value
      """, [id, tag.key, tag.value])
  }

  /// Keys and values of many owners, by owner and sorted by key.
  func texts(
    _ table: String, owner: String, of ids: [any SQLBindable], _ connection: SQLConnection
  ) throws -> [String: [TrackingTag]] {
    var found: [String: [TrackingTag]] = [:]
    for portion in Self.portions(ids) {
      try connection.forEach(
        "SELECT \(owner), key, value FROM \(table) WHERE \(owner) IN (\(Self.marks(portion.count))) ORDER BY \(owner), key", portion
      ) { row in found[Self.name(row[0]), default: []].append(TrackingTag(try row.get(1), try row.get(2))) }
    }
    return found
  }

  /// The owner's id as text.
  static func name(_ value: SQLValue) -> String {
    switch value {
    case .int(let number): String(number)
    case .text(let text): text
    default: ""
    }
  }

  /// Databases bound the number of values in a statement.
  static func portions(_ ids: [any SQLBindable]) -> [[any SQLBindable]] {
    stride(from: 0, to: ids.count, by: 500).map { Array(ids[$0..<min($0 + 500, ids.count)]) }
  }
}
