public import Foundation

extension DataSchema {
  /// What a table looks like, with tolerances for what other data of the same kind may look like.
  ///
  /// Bounds lie a tenth of the range beyond what was seen; missing rates allow for the sample's size; a set of values is closed only where
  /// each was seen twice (the chance of a new value is about the share of values seen once: Good 1953).
  /// - Parameters:
  ///   - target: the column that is to be predicted; its shares are held more tightly.
  ///   - now: where it is known, how old the newest row may be is inferred, too.
  /// - Throws: `TableError` if there is no such target.
  public static func infer(_ table: Table, target: String? = nil, now: Date? = nil) throws(TableError) -> DataSchema {
    try infer(TableSummary(table), sample: table, isWhole: true, target: target, now: now)
  }

  /// As for a table, from the summary of a stream and a sample of its rows.
  /// - Parameters:
  ///   - sample: rows to find relations between columns in.
  ///   - isWhole: the sample is all rows: relations that hold in it may not be broken at all.
  public static func infer(
    _ summary: TableSummary, sample: Table, isWhole: Bool = false, target: String? = nil, now: Date? = nil
  ) throws(TableError) -> DataSchema {
    if let target { _ = try sample.column(target) }
    let rules = summary.columns.map { rule(for: $0, isTarget: $0.name == target, now: now) }
    return DataSchema(
      learnedRows: summary.rows, target: target, columns: rules,
      relations: RelationSearch.relations(in: sample, summary: summary, isWhole: isWhole))
  }

  private static func rule(for column: ColumnSummary, isTarget: Bool, now: Date?) -> ColumnRule {
    var rule = ColumnRule(name: column.name, type: column.type)
    rule.maximumMissing = maximumMissing(column)
    guard column.present > 0 else { return rule }
    rule.isUnique = isKey(column)
    if column.isConstant, column.present >= 50, let only = column.values.top(1).first {
      rule.constant = only.value.sortText
      return rule
    }
    switch column.type.kind {
    case .numeric:
      rule.number = number(column, isKey: rule.isUnique)
      if isTarget, column.isDistinctExact, column.distinct <= 50 { rule.categories = categories(column, isTarget: true) }
    case .timestamp: rule.time = time(column, now: now)
    case .boolean: rule.categories = categories(column, isTarget: isTarget)
    case .text, .categorical:
      let mayBeCategories = column.type.kind == .categorical || column.distinct <= min(200, Double(column.present) / 5)
      if column.isDistinctExact, mayBeCategories, column.distinct <= 1000 {
        rule.categories = categories(column, isTarget: isTarget)
      } else if column.text.count > 0 {
        rule.text = text(column)
      }
    case .list: break
    }
    return rule
  }

  private static func maximumMissing(_ column: ColumnSummary) -> Double? {
    let rows = Double(column.rows), rate = column.missingRate
    guard rows > 0, rate < 1 else { return nil }
    // None among n: the rate may still be 3 / n (the rule of three).
    if rate == 0 { return rows >= 1000 ? 0 : rounded(min(1, 3 / rows)) }
    return rounded(min(1, rate + max(0.25 * rate, 3 * (rate * (1 - rate) / rows).squareRoot(), 0.005)))
  }

  /// Values that name the row: all different, and not just because there are few rows or very many possible values.
  public static func looksLikeKey(_ column: ColumnSummary) -> Bool { isKey(column) }

  static func isKey(_ column: ColumnSummary) -> Bool {
    guard column.isUnique, column.present >= 30 else { return false }
    switch column.type.kind {
    case .numeric:
      guard column.isWhole, column.isDistinctExact || column.type.isInteger else { return false }
      let range = column.moments.maximum - column.moments.minimum + 1
      let count = Double(column.present)
      let isRunning = (column.order.isIncreasing || column.order.isDecreasing) && column.order.isStrict
      return isRunning || range <= 2 * count || count * count / (2 * range) >= 5
    case .text, .categorical:
      return column.text.longest <= 64 && Double(column.text.worded) <= 0.05 * Double(column.text.count)
    default: return false
    }
  }

  private static func number(_ column: ColumnSummary, isKey: Bool) -> NumberRule {
    let low = column.moments.minimum, high = column.moments.maximum
    var rule = NumberRule(whole: column.isWhole)
    guard low <= high else { return rule }
    // A range that overflows has no bounds worth having.
    let slack = (high / 2 - low / 2) / 5
    if slack.isFinite, !isKey {
      rule.minimum = rounded(low >= 0 ? max(0, low - slack) : low - slack, down: true, whole: column.isWhole)
      rule.maximum = rounded(high <= 0 ? min(0, high + slack) : high + slack, down: false, whole: column.isWhole)
    } else if low >= 0 {
      rule.minimum = 0
    }
    let isOrdered = (column.order.isIncreasing || column.order.isDecreasing) && column.distinct > 10
    guard !isKey, !isOrdered, column.present >= 100 else { return rule }
    var edges: [Double] = []
    for edge in column.quantileSketch.quantiles((1...9).map { Double($0) / 10 }) where edge < high && edge > edges.last ?? -.infinity {
      edges.append(edge)
    }
    guard !edges.isEmpty else { return rule }
    let below = column.quantileSketch.shares(atMost: edges)
    rule.edges = edges
    rule.shares = zip(below + [1], [0] + below).map { rounded($0 - $1) }
    rule.drift = 0.15
    return rule
  }

  private static func time(_ column: ColumnSummary, now: Date?) -> TimeRule {
    var rule = TimeRule()
    let low = column.moments.minimum, high = column.moments.maximum
    rule.earliest = TimeText.text((low - (high - low) / 10).rounded(.down))
    if column.order.isIncreasing, column.distinct > 1, column.present >= 30 { rule.increasing = true }
    guard let now = now.map({ $0.timeIntervalSince1970 * 1e6 }) else { return rule }
    if high > now { rule.future = true }
    // A file is as fresh as the ones to come should be, give or take as much again; never less than the usual gap between rows.
    let gap = column.distinct > 1 ? (high - low) / (column.distinct - 1) : 0
    rule.maximumAgeDays = rounded(max(2 * (now - high), 3 * gap, 86_400e6) / 86_400e6)
    return rule
  }

  private static func categories(_ column: ColumnSummary, isTarget: Bool) -> CategoryRule {
    let entries = column.values.top(1000)
    let total = Double(column.present)
    let shares = Dictionary(entries.map { ($0.value.sortText, rounded(Double($0.count) / total)) }, uniquingKeysWith: +)
    let unseen = Double(column.values.singletons) / total
    let isClosed = isTarget || column.type == .boolean || (unseen == 0 && column.present >= 20)
    return CategoryRule(
      shares: shares, closed: isClosed,
      maximumUnseen: isClosed ? nil : rounded(min(1, 2 * unseen + 3 / total)), drift: isTarget ? 0.1 : 0.15)
  }

  private static func text(_ column: ColumnSummary) -> TextRule {
    let text = column.text
    let isExact = text.shortest == text.longest && text.count >= 100
    return TextRule(
      minimumLength: isExact ? text.shortest : text.shortest > 0 ? 1 : 0,
      maximumLength: isExact ? text.longest : max(10, text.longest * 2), pattern: text.pattern(atLeast: 1))
  }

  /// Four significant digits are enough for a bound that people read.
  private static func rounded(_ value: Double) -> Double {
    guard value.isFinite, value != 0 else { return value }
    let scale = pow(10, 3 - floor(log10(abs(value))))
    return scale.isFinite ? (value * scale).rounded() / scale : value
  }

  private static func rounded(_ value: Double, down: Bool, whole: Bool) -> Double {
    guard value.isFinite, value != 0 else { return value }
    let rule: FloatingPointRoundingRule = down ? .down : .up
    if whole { return value.rounded(rule) }
    let scale = pow(10, 3 - floor(log10(abs(value))))
    let result = (value * scale).rounded(rule) / scale
    return result.isFinite ? result : value
  }
}
