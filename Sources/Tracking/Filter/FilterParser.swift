/// Makes conditions of a filter's tokens.
struct FilterParser {
  /// The most comparisons of one filter, and the most values of one list.
  static let mostConditions = 64, mostValues = 1000

  let grammar: FilterGrammar
  let tokens: [FilterToken]
  private var position = 0

  init(grammar: FilterGrammar, tokens: [FilterToken]) {
    self.grammar = grammar
    self.tokens = tokens
  }

  mutating func conditions() throws(TrackingError) -> [Condition] {
    guard !tokens.isEmpty else { return [] }
    var found = [try condition()]
    while position < tokens.count {
      guard tokens[position].keyword == "AND" else { throw unexpected("AND") }
      position += 1
      found.append(try condition())
      guard found.count <= Self.mostConditions else {
        throw TrackingError(.invalid, "the filter has too many comparisons", expected: "at most \(Self.mostConditions)")
      }
    }
    return found
  }

  private func unexpected(_ expected: String) -> TrackingError {
    let found = position < tokens.count ? "'\(tokens[position].shown)'" : "its end"
    return TrackingError(.invalid, "the filter has \(found) where something else belongs", expected: expected)
  }

  private mutating func take() -> FilterToken? {
    guard position < tokens.count else { return nil }
    defer { position += 1 }
    return tokens[position]
  }

  private mutating func take(keyword: String) -> Bool {
    guard position < tokens.count, tokens[position].keyword == keyword else { return false }
    position += 1
    return true
  }

  private mutating func condition() throws(TrackingError) -> Condition {
    guard position < tokens.count, case .name(let name, _) = tokens[position] else {
      throw unexpected("a name: metrics.loss, params.depth, tags.team, an attribute")
    }
    let subject = try grammar.subject(name)
    try grammar.checkAskable(subject)
    position += 1
    let comparator = try comparator()
    try check(comparator, subject)
    return Condition(subject: subject, comparator: comparator, value: try value(comparator, subject))
  }

  private mutating func comparator() throws(TrackingError) -> Comparator {
    if position < tokens.count, case .symbol(let symbol) = tokens[position], let found = Comparator(rawValue: symbol) {
      position += 1
      return found
    }
    if take(keyword: "LIKE") { return .like }
    if take(keyword: "ILIKE") { return .caselessLike }
    if take(keyword: "IN") { return .among }
    if take(keyword: "NOT") {
      guard take(keyword: "IN") else { throw unexpected("IN after NOT") }
      return .notAmong
    }
    if take(keyword: "IS") {
      let isNegated = take(keyword: "NOT")
      guard take(keyword: "NULL") else { throw unexpected("NULL or NOT NULL after IS") }
      return isNegated ? .isNotNull : .isNull
    }
    throw unexpected("a comparison: = != < <= > >= LIKE ILIKE IN IS NULL")
  }

  private func check(_ comparator: Comparator, _ subject: FilterSubject) throws(TrackingError) {
    let allowed: Set<Comparator>
    if grammar.isNumeric(subject) {
      allowed = Comparator.numeric
    } else {
      var texts: Set<Comparator> = [.equal, .notEqual, .like, .caselessLike]
      if grammar.allowsList(subject) { texts.formUnion([.among, .notAmong]) }
      if grammar.nullable.contains(subject.kind) { texts.formUnion([.isNull, .isNotNull]) }
      allowed = texts
    }
    guard allowed.contains(comparator) else {
      throw TrackingError(
        .invalid, "the \(subject.kind) '\(excerpt(subject.key))' cannot be compared by \(comparator.rawValue)",
        expected: allowed.map(\.rawValue).sorted().joined(separator: ", "))
    }
  }

  private mutating func value(_ comparator: Comparator, _ subject: FilterSubject) throws(TrackingError) -> Condition.Value {
    switch comparator {
    case .isNull, .isNotNull: return .none
    case .among, .notAmong: return .texts(try list())
    default: break
    }
    let start = position
    if grammar.isNumeric(subject) {
      guard case .number(let value, let text)? = take() else {
        position = start
        throw unexpected("a number for the \(subject.kind) '\(excerpt(subject.key))'")
      }
      if subject.kind == .attribute, value.rounded() != value || text.contains(where: { ".eE".contains($0) }), subject.key != "start_time",
        subject.key != "end_time"
      {
        throw TrackingError(.invalid, "'\(excerpt(subject.key))' cannot be \(text)", expected: "a whole number")
      }
      return .number(value)
    }
    switch take() {
    case .text(let text)?: return .text(text)
    // SQL would take it for a name; everybody who writes it means a text.
    case .name(let text, isQuoted: true)?: return .text(text)
    default:
      position = start
      throw unexpected("a text in quotes for the \(subject.kind) '\(excerpt(subject.key))'")
    }
  }

  private mutating func list() throws(TrackingError) -> [String] {
    var start = position
    guard case .symbol("(")? = take() else {
      position = start
      throw unexpected("a list of texts in brackets")
    }
    var values: [String] = []
    while true {
      start = position
      switch take() {
      case .text(let text)?: values.append(text)
      case .name(let text, isQuoted: true)?: values.append(text)
      default:
        position = start
        throw unexpected("a text in quotes")
      }
      guard values.count <= Self.mostValues else {
        throw TrackingError(.invalid, "a list of the filter is too long", expected: "at most \(Self.mostValues) values")
      }
      start = position
      switch take() {
      case .symbol(",")?: continue
      case .symbol(")")?: return values
      default:
        position = start
        throw unexpected("',' or ')'")
      }
    }
  }
}
