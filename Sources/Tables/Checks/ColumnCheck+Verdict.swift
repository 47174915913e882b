import Foundation
import MartletCore

/// The violations of one column.
private struct ViolationList {
  let column: String
  let rows: Int
  var all: [DataViolation] = []

  mutating func add(
    _ severity: DataViolation.Severity, _ rule: DataRule, _ finding: RowFinding, _ expected: String, _ found: String? = nil
  ) {
    guard finding.count > 0 else { return }
    all.append(
      DataViolation(
        severity, rule, column: column, expected: expected, found: found ?? ColumnCheck.rowsText(finding.count, of: rows),
        rows: finding.count, firstRows: finding.rows, values: finding.values.allSatisfy(\.isEmpty) ? [] : finding.values))
  }
}

extension ColumnCheck {
  /// What the rows so far break.
  /// - Parameters:
  ///   - significance: for each of the column's tests of shares.
  ///   - learned: the rows that the schema was inferred from.
  func violations(significance: Double, learned: Int, isTarget: Bool) -> [DataViolation] {
    guard rows > 0 else { return [] }
    let name = rule.name
    var found = ViolationList(column: name, rows: rows)
    if let foundType {
      let unread =
        wrongType.count > 0 ? "\(foundType), and \(Self.rowsText(wrongType.count, of: rows)) cannot be read as \(rule.type)" : nil
      found.all.append(
        DataViolation(
          .error, .type, column: name, expected: "\(rule.type)", found: unread ?? "\(foundType)",
          rows: wrongType.count > 0 ? wrongType.count : nil, firstRows: wrongType.rows, values: wrongType.values))
    }
    if let allowed = rule.maximumMissing, missing.count > 0 {
      let exceeds = allowed == 0 || Probability.binomialUpper(missing.count, of: rows, rate: allowed) < significance
      if exceeds {
        found.add(
          .error, .missing, missing, allowed == 0 ? "a value in every row" : "no value in at most \(Self.percent(allowed))",
          "none in \(Self.rowsText(missing.count, of: rows))")
      }
    }
    appendBounds(&found, significance, learned)
    found.add(.error, .whole, fractions, "whole numbers")
    appendCategories(&found, significance)
    found.add(.error, .unique, duplicates, "every value once")
    found.add(.warning, .constant, others, "only '\(rule.constant ?? "")'")
    if let text = rule.text {
      let limit = text.maximumLength.map { "\(text.minimumLength ?? 0) to \($0)" } ?? "\(text.minimumLength ?? 0) or more"
      found.add(.warning, .length, lengths, "\(limit) characters")
    }
    if let pattern = rule.text?.pattern { found.add(.warning, .pattern, shapes, "texts that are a \(pattern.words)") }
    found.add(.error, .order, disorder, "times in order", "\(Self.rowsText(disorder.count, of: rows)) lie before an earlier row")
    found.add(.error, .future, future, "times up to now")
    if let age = rule.time?.maximumAgeDays, let now = options.now, latest.isFinite {
      let days = (now.timeIntervalSince1970 - latest / 1e6) / 86_400
      if days > age {
        found.all.append(
          DataViolation(
            .error, .freshness, column: name, expected: "a newest row of at most \(Self.plain(age)) days",
            found: "\(TimeText.text(latest)), \(Self.plain(days)) days ago"))
      }
    }
    if let drift = drift(significance: significance, learned: learned, isTarget: isTarget) { found.all.append(drift) }
    return found.all
  }

  private func appendBounds(_ found: inout ViolationList, _ significance: Double, _ learned: Int) {
    guard outside.count > 0 else { return }
    let isTime = rule.type.kind == .timestamp
    func text(_ value: Double?) -> String? { value.map(TableValue.plain) }
    let low = isTime ? rule.time?.earliest : text(rule.number?.minimum)
    let high = isTime ? rule.time?.latest : text(rule.number?.maximum)
    let expected = low.map { low in high.map { "\(low) to \($0)" } ?? "\(low) or more" } ?? "\(high ?? "") or less"
    // Bounds come from a sample. Few rows a little beyond may be chance; many, or one far away, are not.
    let rare = 3 / Double(max(learned, 3))
    let isSure = farOutside > 0 || learned == 0 || Probability.binomialUpper(outside.count, of: rows, rate: rare) < significance
    found.add(isSure ? .error : .warning, .range, outside, expected)
  }

  private func appendCategories(_ found: inout ViolationList, _ significance: Double) {
    guard let categories = rule.categories, unknown.count > 0 else { return }
    let names = unknownNames.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let shown = names.prefix(3).map { "'\(TableValue.text($0.key).text(limit: 30))'" }.joined(separator: ", ")
    let list = shown + (names.count > 3 ? " and \(names.count - 3)\(unknownNames.count >= 1000 ? " or more" : "") others" : "")
    let text = "\(list) in \(Self.rowsText(unknown.count, of: rows))"
    if categories.closed {
      let known = categoryNames.prefix(6).map { "'\($0)'" }.joined(separator: ", ")
      let more = categoryNames.count > 6 ? " and \(categoryNames.count - 6) others" : ""
      found.add(.error, .category, unknown, known + more, text)
    } else if let allowed = categories.maximumUnseen,
      Probability.binomialUpper(unknown.count, of: rows - missing.count, rate: allowed) < significance
    {
      found.add(.error, .unseen, unknown, "values that are not listed in at most \(Self.percent(allowed))", text)
    }
  }

  /// How far the shares moved: half the sum of their differences, the share of rows that would have to change place.
  private func drift(significance: Double, learned: Int, isTarget: Bool) -> DataViolation? {
    let expected: [Double], tolerance: Double
    if let categories = rule.categories, let drift = categories.drift {
      expected = categoryNames.map { categories.shares[$0] ?? 0 } + [0]
      tolerance = drift
    } else if rule.categories == nil, let shares = rule.number?.shares, let drift = rule.number?.drift {
      expected = shares
      tolerance = drift
    } else {
      return nil
    }
    let total = tally.reduce(0, +), sum = expected.reduce(0, +)
    guard total > 0, sum > 0, tally.count == expected.count else { return nil }
    let moved = zip(tally, expected).reduce(0.0) { $0 + abs(Double($1.0) / Double(total) - $1.1 / sum) } / 2
    guard moved > tolerance else { return nil }
    let before = Double(max(learned, 1))
    let chance = Homogeneity.pValue(expected.map { $0 / sum * before }, tally.map(Double.init))
    guard chance < significance else { return nil }
    let place =
      zip(tally, expected).enumerated()
      .max {
        abs(Double($0.element.0) / Double(total) - $0.element.1 / sum) < abs(Double($1.element.0) / Double(total) - $1.element.1 / sum)
      }?
      .offset ?? 0
    let now = Self.percent(Double(tally[place]) / Double(total)), then = Self.percent(expected[place] / sum)
    return DataViolation(
      isTarget ? .error : .warning, isTarget ? .labelBalance : .drift, column: rule.name,
      expected: "at most \(Self.percent(tolerance)) of the rows elsewhere than before",
      found: "\(Self.percent(moved)); \(placeText(place)) was \(then) and is \(now)")
  }

  private func placeText(_ place: Int) -> String {
    if rule.categories != nil {
      return place < categoryNames.count ? "'\(TableValue.text(categoryNames[place]).text(limit: 30))'" : "the rest"
    }
    guard let edges = rule.number?.edges else { return "" }
    if place == 0 { return "up to \(TableValue.plain(edges[0]))" }
    return place == edges.count
      ? "above \(TableValue.plain(edges[place - 1]))"
      : "\(TableValue.plain(edges[place - 1])) to \(TableValue.plain(edges[place]))"
  }

  static func percent(_ share: Double) -> String {
    let value = share * 100
    let places = value == 0 || value >= 10 ? 1 : value >= 1 ? 2 : value >= 0.01 ? 3 : 5
    var text = String(format: "%.\(places)f", value)
    while text.contains("."), text.hasSuffix("0") || text.hasSuffix(".") { text.removeLast() }
    return text + " %"
  }

  static func plain(_ value: Double) -> String {
    value == value.rounded() ? TableValue.plain(value) : String(format: "%.1f", value)
  }

  static func rowsText(_ count: Int, of rows: Int) -> String { "\(count) of \(rows) row\(rows == 1 ? "" : "s")" }
}

extension TextPattern {
  var words: String {
    switch self {
    case .integer: "whole number"
    case .number: "number"
    case .date: "date"
    case .dateTime: "date with a time"
    case .email: "e-mail address"
    case .url: "web address"
    case .uuid: "UUID"
    case .boolean: "yes or no"
    }
  }
}
