import Databases
import Foundation
import MartletCore

/// A word, a sign or a value of a filter, with its place.
struct SearchToken {
  enum Kind: Equatable {
    case word(String)
    case text(String)
    case number(Double)
    case sign(String)
  }

  let kind: Kind
  /// The character that it begins at, counted from 1.
  let place: Int

  static func read(_ text: String) throws(RegistryError) -> [SearchToken] {
    let characters = Array(text)
    var tokens: [SearchToken] = []
    var index = 0
    func isWordPart(_ character: Character) -> Bool { character.isLetter || character.isNumber || "._-/".contains(character) }
    while index < characters.count {
      let character = characters[index], start = index + 1
      if character.isWhitespace {
        index += 1
      } else if character == "'" || character == "\"" {
        var value = ""
        index += 1
        while true {
          guard index < characters.count else {
            throw RegistryError(
              .invalidQuery, "the text that begins at character \(start) of the filter does not end", expected: "\(character)")
          }
          if characters[index] == character {
            // Doubled, the sign stands for itself.
            guard index + 1 < characters.count, characters[index + 1] == character else { break }
            index += 1
          }
          value.append(characters[index])
          index += 1
        }
        index += 1
        tokens.append(SearchToken(kind: .text(value), place: start))
      } else if character.isLetter || character == "_" || character == "`" {
        var word = ""
        while index < characters.count {
          if characters[index] == "`" {
            guard let end = characters[(index + 1)...].firstIndex(of: "`") else {
              throw RegistryError(.invalidQuery, "the name that begins at character \(index + 1) of the filter does not end", expected: "`")
            }
            word += String(characters[(index + 1)..<end])
            index = end + 1
          } else if isWordPart(characters[index]) {
            word.append(characters[index])
            index += 1
          } else {
            break
          }
        }
        tokens.append(SearchToken(kind: .word(word), place: start))
      } else if character.isNumber || character == "-" || character == "+" || character == "." {
        var number = ""
        while index < characters.count, isWordPart(characters[index]) || "+".contains(characters[index]) {
          number.append(characters[index])
          index += 1
        }
        guard let value = Double(number), value.isFinite else {
          throw RegistryError(.invalidQuery, "'\(number)' at character \(start) of the filter is no number")
        }
        tokens.append(SearchToken(kind: .number(value), place: start))
      } else {
        let two = String(characters[index..<min(index + 2, characters.count)])
        let sign = ["<=", ">=", "!=", "<>", "=="].contains(two) ? two : String(character)
        guard ["<=", ">=", "!=", "<>", "==", "=", "<", ">", "(", ")", ","].contains(sign) else {
          throw RegistryError(.invalidQuery, "'\(character)' at character \(start) of the filter means nothing here")
        }
        index += sign.count
        tokens.append(SearchToken(kind: .sign(["==": "=", "!=": "<>"][sign] ?? sign), place: start))
      }
      guard tokens.count <= 500 else { throw RegistryError(.invalidQuery, "the filter has more than 500 words") }
    }
    return tokens
  }
}

/// Reads a filter from left to right.
struct SearchParser {
  let text: String
  let tokens: [SearchToken]
  private var index = 0
  private var depth = 0

  init(text: String, tokens: [SearchToken]) {
    self.text = text
    self.tokens = tokens
  }

  typealias Condition = SearchFilter.Condition

  var isAtEnd: Bool { index >= tokens.count }

  func unexpected(_ expected: String) -> RegistryError {
    guard index < tokens.count else { return RegistryError(.invalidQuery, "the filter '\(text)' ends too early", expected: expected) }
    return RegistryError(.invalidQuery, "the filter '\(text)' cannot be read from character \(tokens[index].place)", expected: expected)
  }

  mutating func take(word: String) -> Bool {
    guard index < tokens.count, case .word(let found) = tokens[index].kind, found.lowercased() == word else { return false }
    index += 1
    return true
  }

  private mutating func take(sign: String) -> Bool {
    guard index < tokens.count, tokens[index].kind == .sign(sign) else { return false }
    index += 1
    return true
  }

  mutating func alternatives() throws(RegistryError) -> Condition {
    var condition = try conjunction()
    while take(word: "or") {
      let next = try conjunction()
      condition = Condition(sql: "(\(condition.sql) OR \(next.sql))", values: condition.values + next.values)
    }
    return condition
  }

  private mutating func conjunction() throws(RegistryError) -> Condition {
    var condition = try negation()
    while take(word: "and") {
      let next = try negation()
      condition = Condition(sql: "(\(condition.sql) AND \(next.sql))", values: condition.values + next.values)
    }
    return condition
  }

  private mutating func negation() throws(RegistryError) -> Condition {
    depth += 1
    defer { depth -= 1 }
    guard depth <= 50 else { throw RegistryError(.invalidQuery, "the filter is nested more than 50 levels deep") }
    if take(word: "not") {
      let inner = try negation()
      return Condition(sql: "NOT (\(inner.sql))", values: inner.values)
    }
    if take(sign: "(") {
      let inner = try alternatives()
      guard take(sign: ")") else { throw unexpected("')'") }
      return inner
    }
    return try comparison()
  }

  mutating func field() throws(RegistryError) -> SearchFilter.Field {
    guard index < tokens.count, case .word(let word) = tokens[index].kind else {
      throw unexpected("a field: name, metrics.accuracy, tags …")
    }
    if word.hasPrefix("metrics.") || word.hasPrefix("metric.") {
      index += 1
      let name = String(word[word.index(after: word.firstIndex(of: ".") ?? word.startIndex)...])
      for end in ["lower", "upper"] where name.hasSuffix("." + end) {
        return .metric(name: String(name.dropLast(end.count + 1)), column: end)
      }
      return .metric(name: name, column: "value")
    }
    guard let field = SearchFilter.Field.names[word.lowercased()] else {
      throw RegistryError(
        .invalidQuery, "the filter names '\(word)', which versions do not have",
        expected: (SearchFilter.Field.names.keys.sorted() + ["metrics.NAME"]).joined(separator: ", "),
        remedy: NearestName.of(word, among: SearchFilter.Field.names.keys))
    }
    index += 1
    return field
  }

  private mutating func comparison() throws(RegistryError) -> Condition {
    let field = try field()
    if take(word: "is") {
      let isNot = take(word: "not")
      guard take(word: "null") else { throw unexpected("'null'") }
      return wrap(field, "{} IS NOT NULL", [], negated: !isNot)
    }
    let isNot = take(word: "not")
    if take(word: "like") || take(word: "ilike") {
      guard case .word(let word) = tokens[index - 1].kind else { throw unexpected("'like'") }
      guard case .text(let pattern)? = takeValue() else { throw unexpected("a text with % and _") }
      guard isText(field) else { throw RegistryError(.invalidQuery, "the filter '\(text)' compares a number with a pattern") }
      // A backslash stands for itself here; both databases take it for their sign of escape.
      let escaped = pattern.replacing("\\", with: "\\\\")
      let sql = word.lowercased() == "like" ? "{} LIKE ? ESCAPE '\\'" : "lower({}) LIKE lower(?) ESCAPE '\\'"
      return wrap(field, sql, [escaped], negated: isNot)
    }
    if take(word: "in") {
      guard take(sign: "(") else { throw unexpected("'('") }
      var values: [(any SQLBindable)?] = []
      repeat { values.append(try value(for: field)) } while take(sign: ",")
      guard take(sign: ")") else { throw unexpected("')'") }
      return wrap(field, "{} IN (\(values.map { _ in "?" }.joined(separator: ", ")))", values, negated: isNot)
    }
    guard !isNot, index < tokens.count, case .sign(let sign) = tokens[index].kind, ["=", "<>", "<", ">", "<=", ">="].contains(sign) else {
      throw unexpected("=, !=, <, >, <=, >=, like, in or is null")
    }
    index += 1
    let value = try value(for: field)
    // `tags != 'x'` means that no tag is x.
    if case .list = field, sign == "<>" { return wrap(field, "{} = ?", [value], negated: true) }
    return wrap(field, "{} \(sign) ?", [value], negated: false)
  }

  private func isText(_ field: SearchFilter.Field) -> Bool {
    switch field {
    case .text, .list: true
    case .number, .date, .metric: false
    }
  }

  private mutating func takeValue() -> SearchToken.Kind? {
    guard index < tokens.count else { return nil }
    switch tokens[index].kind {
    case .text, .number:
      index += 1
      return tokens[index - 1].kind
    default: return nil
    }
  }

  private mutating func value(for field: SearchFilter.Field) throws(RegistryError) -> any SQLBindable {
    let place = index
    switch (field, takeValue()) {
    case (.text, .text(let text)?), (.list, .text(let text)?): return text
    case (.number, .number(let number)?), (.metric, .number(let number)?): return number
    case (.date, .number(let number)?): return number
    case (.date, .text(let text)?):
      guard let date = Self.date(text) else {
        throw RegistryError(.invalidQuery, "'\(text)' is no date", expected: "'2026-01-31' or '2026-01-31T12:00:00Z'")
      }
      return date
    default:
      index = place
      throw unexpected(isText(field) ? "a text in quotes" : "a number")
    }
  }

  private static func date(_ text: String) -> Date? {
    let full = text.count == 10 ? text + "T00:00:00Z" : text
    return try? Date(full, strategy: .iso8601)
  }

  /// Puts the field into a condition; what a version has many of is asked for any of them.
  private func wrap(_ field: SearchFilter.Field, _ sql: String, _ values: [(any SQLBindable)?], negated: Bool) -> Condition {
    func put(_ column: String) -> String { sql.replacing("{}", with: column) }
    let not = negated ? "NOT " : ""
    switch field {
    case .text(let column), .number(let column), .date(let column): return Condition(sql: "\(not)(\(put(column)))", values: values)
    case .list(let table, let column):
      return Condition(sql: "\(not)EXISTS (SELECT 1 FROM \(table) q WHERE q.versionID = v.id AND \(put("q." + column)))", values: values)
    case .metric(let name, let column):
      return Condition(
        sql: "\(not)EXISTS (SELECT 1 FROM metrics q WHERE q.versionID = v.id AND q.name = ? AND \(put("q." + column)))",
        values: [name] + values)
    }
  }
}
