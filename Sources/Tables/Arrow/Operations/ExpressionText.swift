import MartletCore

extension ColumnExpression {
  /// Reads an expression: names (in backquotes where they are no plain words), numbers, `"texts"`, `true`, `false`, `missing`, the signs
  /// `+ - * / % == != < <= > >= && || !` (or `and`, `or`, `not`), `in (1, 2)`, and functions such as `year(date)` or `if(a > 0, "up",
  /// "down")`.
  /// - Throws: `TableError` naming the place where it cannot be understood.
  public init(_ text: String) throws(TableError) {
    var parser = ExpressionText(text)
    node = try parser.whole()
  }
}

/// A parser by descent, one function a level of precedence.
struct ExpressionText {
  private let text: String
  private let characters: [Character]
  private var place = 0
  private var depth = 0

  static let signs: [ColumnFunction: String] = [
    .add: "+", .subtract: "-", .multiply: "*", .divide: "/", .remainder: "%", .equal: "==", .notEqual: "!=", .less: "<", .lessOrEqual: "<=",
    .greater: ">", .greaterOrEqual: ">=", .and: "&&", .or: "||", .not: "!", .negate: "-",
  ]
  private static let words: Set<String> = ["and", "or", "not", "in", "true", "false", "missing"]

  static func isPlain(_ name: String) -> Bool {
    guard let first = name.first, first.isLetter || first == "_", !words.contains(name) else { return false }
    return name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }
  }

  init(_ text: String) {
    self.text = text
    characters = Array(text)
  }

  mutating func whole() throws(TableError) -> ColumnExpression.Node {
    let node = try either()
    skip()
    guard place == characters.count else { throw failure("'\(String(characters[place...].prefix(12)))' is not understood") }
    return node
  }

  private func failure(_ problem: String) -> TableError {
    TableError(
      "the expression '\(text)': \(problem) at character \(place + 1)",
      expected: "as \"distance / air_time > 5 && carrier in ('AA', 'UA')\"")
  }

  private mutating func skip() { while place < characters.count, characters[place].isWhitespace { place += 1 } }

  private mutating func take(_ sign: String) -> Bool {
    skip()
    guard characters[place...].starts(with: sign) else { return false }
    // A word ends where no letter follows it.
    if sign.first?.isLetter == true, place + sign.count < characters.count {
      let next = characters[place + sign.count]
      if next.isLetter || next.isNumber || next == "_" { return false }
    }
    place += sign.count
    return true
  }

  private mutating func either() throws(TableError) -> ColumnExpression.Node {
    var node = try both()
    while take("||") || take("or") { node = .call(.or, [node, try both()]) }
    return node
  }

  private mutating func both() throws(TableError) -> ColumnExpression.Node {
    var node = try negated()
    while take("&&") || take("and") { node = .call(.and, [node, try negated()]) }
    return node
  }

  private mutating func negated() throws(TableError) -> ColumnExpression.Node {
    skip()
    if characters[place...].starts(with: "!="), !characters.isEmpty { throw failure("a value is missing") }
    if take("!") || take("not") { return .call(.not, [try nested { (parser) throws(TableError) in try parser.negated() }]) }
    return try comparison()
  }

  private mutating func comparison() throws(TableError) -> ColumnExpression.Node {
    let node = try sum()
    if take("not in") { return .call(.not, [.within(node, try list())]) }
    if take("in") { return .within(node, try list()) }
    for (sign, function) in [
      ("==", ColumnFunction.equal), ("!=", .notEqual), ("<=", .lessOrEqual), (">=", .greaterOrEqual), ("<", .less), (">", .greater),
      ("=", .equal),
    ] where take(sign) {
      return .call(function, [node, try sum()])
    }
    return node
  }

  private mutating func sum() throws(TableError) -> ColumnExpression.Node {
    var node = try product()
    while true {
      if take("+") {
        node = .call(.add, [node, try product()])
      } else if take("-") {
        node = .call(.subtract, [node, try product()])
      } else {
        return node
      }
    }
  }

  private mutating func product() throws(TableError) -> ColumnExpression.Node {
    var node = try factor()
    while true {
      if take("*") {
        node = .call(.multiply, [node, try factor()])
      } else if take("/") {
        node = .call(.divide, [node, try factor()])
      } else if take("%") {
        node = .call(.remainder, [node, try factor()])
      } else {
        return node
      }
    }
  }

  private mutating func factor() throws(TableError) -> ColumnExpression.Node {
    if take("-") {
      switch try nested({ (parser) throws(TableError) in try parser.factor() }) {
      case .literal(.integer(let value)): return .literal(.integer(-value))
      case .literal(.number(let value)): return .literal(.number(-value))
      case let node: return .call(.negate, [node])
      }
    }
    if take("!") { return .call(.not, [try nested { (parser) throws(TableError) in try parser.factor() }]) }
    return try single()
  }

  private mutating func nested(
    _ body: (inout ExpressionText) throws(TableError) -> ColumnExpression.Node
  ) throws(TableError) -> ColumnExpression.Node {
    depth += 1
    defer { depth -= 1 }
    guard depth < 200 else { throw failure("it is nested too deeply") }
    return try body(&self)
  }

  private mutating func single() throws(TableError) -> ColumnExpression.Node {
    skip()
    guard place < characters.count else { throw failure("a value is missing") }
    let first = characters[place]
    if take("(") {
      let node = try nested { (parser) throws(TableError) in try parser.either() }
      guard take(")") else { throw failure("a closing bracket is missing") }
      return node
    }
    if first == "\"" || first == "'" { return .literal(.text(try quoted(first))) }
    if first == "`" { return .column(try quoted(first)) }
    if first.isNumber || first == "." { return try number() }
    guard first.isLetter || first == "_" else { throw failure("'\(first)' is not understood") }
    var word = ""
    while place < characters.count, characters[place].isLetter || characters[place].isNumber || "_.".contains(characters[place]) {
      word.append(characters[place])
      place += 1
    }
    switch word {
    case "true": return .literal(.boolean(true))
    case "false": return .literal(.boolean(false))
    case "missing": return .literal(.missing)
    default: break
    }
    guard take("(") else { return .column(word) }
    return try call(word)
  }

  private mutating func call(_ name: String) throws(TableError) -> ColumnExpression.Node {
    guard let function = ColumnFunction(rawValue: name) else {
      let names = ColumnFunction.allCases.map(\.rawValue)
      let near = NearestName.of(name, among: names)
      throw TableError(
        "there is no function '\(name)'", expected: names.joined(separator: ", "), remedy: near.map { "did you mean '\($0)'?" })
    }
    var arguments: [ColumnExpression.Node] = []
    while !take(")") {
      if !arguments.isEmpty, !take(",") { throw failure("a comma or a closing bracket is missing") }
      arguments.append(try nested { (parser) throws(TableError) in try parser.either() })
    }
    guard function.arity.contains(arguments.count) else {
      throw failure("\(name) takes \(function.arity.lowerBound) to \(function.arity.upperBound) arguments, not \(arguments.count)")
    }
    // What `description` writes for a point in time.
    if function == .time, arguments.count == 1, case .literal(.integer(let microseconds)) = arguments[0] {
      return .literal(.timestamp(microseconds))
    }
    return .call(function, arguments)
  }

  private mutating func list() throws(TableError) -> [TableValue] {
    guard take("(") || take("[") else { throw failure("a list in brackets is missing") }
    var values: [TableValue] = []
    while !take(")"), !take("]") {
      if !values.isEmpty, !take(",") { throw failure("a comma or a closing bracket is missing") }
      guard case .literal(let value) = try factor() else { throw failure("a list holds single values only") }
      values.append(value)
    }
    return values
  }

  private mutating func quoted(_ quote: Character) throws(TableError) -> String {
    var result = ""
    place += 1
    while place < characters.count {
      let character = characters[place]
      place += 1
      if character == quote { return result }
      if character == "\\", quote != "`", place < characters.count {
        result.append(characters[place])
        place += 1
      } else {
        result.append(character)
      }
    }
    throw failure("quotes are not closed")
  }

  private mutating func number() throws(TableError) -> ColumnExpression.Node {
    var digits = ""
    while place < characters.count {
      let character = characters[place]
      let isSign = (character == "-" || character == "+") && (digits.last == "e" || digits.last == "E")
      guard character.isNumber || ".eE_".contains(character) || isSign else { break }
      if character != "_" { digits.append(character) }
      place += 1
    }
    if let whole = Int64(digits) { return .literal(.integer(whole)) }
    guard let value = Double(digits) else { throw failure("'\(digits)' is no number") }
    return .literal(.number(value))
  }
}
