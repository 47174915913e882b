/// Looks at single rows or small batches as they are asked about: quick, without tests of shares, and never an obstacle.
public struct RowCheck: Sendable {
  private struct Entry: Sendable {
    let rule: ColumnRule
    let low: Double
    let high: Double
  }

  private let entries: [Entry]
  private let names: Set<String>

  /// - Parameter schema: its target is not asked for.
  public init(_ schema: DataSchema) {
    entries = schema.columns.filter { $0.name != schema.target }.map { rule in
      func time(_ text: String?) -> Double? { text.flatMap(TimeText.microseconds).map(Double.init) }
      return Entry(
        rule: rule, low: rule.number?.minimum ?? time(rule.time?.earliest) ?? -.infinity,
        high: rule.number?.maximum ?? time(rule.time?.latest) ?? .infinity)
    }
    names = Set(schema.columns.map(\.name))
  }

  /// What a model should be told with some doubt about a row: missing where no value was ever missing, outside the range, unknown category,
  /// another type, unknown columns.
  /// - Returns: empty where nothing is unusual.
  public func warnings(_ row: [String: TableValue]) -> [DataViolation] {
    var found: [DataViolation] = []
    for entry in entries {
      let value = row[entry.rule.name]
      if value == nil, entry.rule.isRequired {
        found.append(
          DataViolation(.warning, .missingColumn, column: entry.rule.name, expected: "\(entry.rule.type)", found: "no such column"))
      } else if let value, let warning = warning(value, entry) {
        found.append(warning)
      }
    }
    for name in row.keys.sorted() where !names.contains(name) {
      found.append(DataViolation(.warning, .extraColumn, column: name, expected: "no such column", found: row[name]?.text() ?? ""))
    }
    return found
  }

  /// As for one row, for each row of a batch.
  /// - Returns: a list a row.
  public func warnings(_ table: Table) -> [[DataViolation]] {
    (0..<table.rowCount).map { row in
      warnings(Dictionary(uniqueKeysWithValues: table.columns.map { ($0.name, $0.value(row)) }))
    }
  }

  /// How many rows of a batch have a warning: as ``warnings(_:)`` counted, column by column and without the words.
  public func unusualRows(_ table: Table) -> Int {
    guard table.columnNames.allSatisfy(names.contains) else { return table.rowCount }
    var isUnusual = [Bool](repeating: false, count: table.rowCount)
    for entry in entries {
      guard let column = try? table.column(entry.rule.name) else {
        if entry.rule.isRequired { return table.rowCount }
        continue
      }
      if entry.rule.type.isNumeric, entry.rule.categories == nil, column.type.isNumeric, let numbers = try? column.numbers() {
        let complains = entry.rule.maximumMissing == 0
        for (row, number) in numbers.enumerated() {
          if number.isNaN ? complains : number < entry.low || number > entry.high { isUnusual[row] = true }
        }
      } else {
        for row in isUnusual.indices where !isUnusual[row] { isUnusual[row] = warning(column.value(row), entry) != nil }
      }
    }
    return isUnusual.count { $0 }
  }

  private func warning(_ value: TableValue, _ entry: Entry) -> DataViolation? {
    let rule = entry.rule
    func make(_ kind: DataRule, _ expected: String) -> DataViolation {
      DataViolation(.warning, kind, column: rule.name, expected: expected, found: value.text())
    }
    let number: Double?
    switch value {
    case .missing: return rule.maximumMissing == 0 ? make(.missing, "a value") : nil
    case .integer(let value): number = Double(value)
    case .number(let value): number = value
    case .boolean(let value): number = value ? 1 : 0
    case .timestamp(let value): number = Double(value)
    case .text, .list: number = nil
    }
    if let number, number.isNaN { return rule.maximumMissing == 0 ? make(.missing, "a value") : nil }
    if let categories = rule.categories {
      return categories.shares[value.sortText] == nil
        ? make(
          .category,
          categories.shares.count > 8
            ? "one of \(categories.shares.count) known values"
            : categories.shares.keys.sorted().joined(separator: ", ")) : nil
    }
    if rule.type.isNumeric || rule.type.kind == .timestamp {
      guard let number else { return make(.type, "\(rule.type)") }
      if number < entry.low || number > entry.high {
        let isTime = rule.type.kind == .timestamp
        func text(_ value: Double) -> String { isTime ? TimeText.text(value) : TableValue.plain(value) }
        let expected =
          entry.low == -.infinity
          ? "\(text(entry.high)) or less"
          : entry.high == .infinity ? "\(text(entry.low)) or more" : "\(text(entry.low)) to \(text(entry.high))"
        return make(.range, expected)
      }
    }
    return nil
  }
}
