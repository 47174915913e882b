extension TemplateParser {
  private static let maximumChain = 400

  /// One expression, or several with commas as a tuple.
  mutating func tuple(withConditional: Bool = true, until words: Set<String> = []) throws -> TemplateExpression {
    var values: [TemplateExpression] = []
    var isTuple = false
    repeat {
      if !values.isEmpty, endsTuple(words) { break }
      values.append(try withConditional ? expression() : disjunction())
      if current == .sign(",") { isTuple = true }
      try checkChain(values.count)
    } while skip(sign: ",")
    return isTuple ? .tuple(values) : values[0]
  }

  private func endsTuple(_ words: Set<String>) -> Bool {
    switch current {
    case .closeOutput, .closeStatement, .sign(")"): true
    case .name(let name): words.contains(name)
    default: false
    }
  }

  private func checkChain(_ count: Int) throws {
    if count > Self.maximumChain { throw TemplateError(.limit, "an expression of more than \(Self.maximumChain) parts", line: line) }
  }

  mutating func expression() throws -> TemplateExpression {
    try nested { parser in
      var value = try parser.disjunction()
      var count = 0
      while parser.skip(name: "if") {
        let condition = try parser.disjunction()
        let otherwise = parser.skip(name: "else") ? try parser.expression() : nil
        value = .conditional(condition, then: value, otherwise: otherwise)
        count += 1
        if count > TemplateParser.maximumDepth { throw TemplateError(.limit, "too many conditions in a row", line: parser.line) }
      }
      return value
    }
  }

  private mutating func disjunction() throws -> TemplateExpression {
    var values = [try conjunction()]
    while skip(name: "or") {
      values.append(try conjunction())
      try checkChain(values.count)
    }
    return values.count == 1 ? values[0] : .any(values)
  }

  private mutating func conjunction() throws -> TemplateExpression {
    var values = [try negation()]
    while skip(name: "and") {
      values.append(try negation())
      try checkChain(values.count)
    }
    return values.count == 1 ? values[0] : .all(values)
  }

  private mutating func negation() throws -> TemplateExpression {
    if skip(name: "not") { return .not(try nested { try $0.negation() }) }
    return try comparison()
  }

  private mutating func comparison() throws -> TemplateExpression {
    let first = try arithmetic(rank: 0)
    var rest: [(TemplateExpression.Comparison, TemplateExpression)] = []
    while let relation = relation() {
      rest.append((relation, try arithmetic(rank: 0)))
      try checkChain(rest.count)
    }
    return rest.isEmpty ? first : .comparison(first, rest)
  }

  private mutating func relation() -> TemplateExpression.Comparison? {
    let signs: [String: TemplateExpression.Comparison] = [
      "==": .equal, "!=": .notEqual, "<": .less, "<=": .lessOrEqual, ">": .greater, ">=": .greaterOrEqual,
    ]
    if case .sign(let sign) = current, let relation = signs[sign] {
      advance()
      return relation
    }
    if skip(name: "in") { return .contained }
    if current == .name("not"), peek() == .name("in") {
      advance()
      advance()
      return .notContained
    }
    return nil
  }

  /// Ranks: 0 `+ -`, 1 `~`, 2 `* / // %`, 3 `**`.
  private mutating func arithmetic(rank: Int) throws -> TemplateExpression {
    if rank == 4 { return try unary(withFilters: true) }
    let first = try arithmetic(rank: rank + 1)
    if rank == 1 {
      var values = [first]
      while skip(sign: "~") {
        values.append(try arithmetic(rank: 2))
        try checkChain(values.count)
      }
      return values.count == 1 ? first : .concatenation(values)
    }
    let signs: [[String: TemplateExpression.Arithmetic]] = [
      ["+": .add, "-": .subtract], [:], ["*": .multiply, "/": .divide, "//": .floorDivide, "%": .remainder], ["**": .power],
    ]
    var rest: [(TemplateExpression.Arithmetic, TemplateExpression)] = []
    while case .sign(let sign) = current, let operation = signs[rank][sign] {
      advance()
      rest.append((operation, try arithmetic(rank: rank + 1)))
      try checkChain(rest.count)
    }
    return rest.isEmpty ? first : .chain(first, rest)
  }

  private mutating func unary(withFilters: Bool) throws -> TemplateExpression {
    var value: TemplateExpression
    if skip(sign: "-") {
      value = .negative(try nested { try $0.unary(withFilters: false) })
    } else if skip(sign: "+") {
      value = .positive(try nested { try $0.unary(withFilters: false) })
    } else {
      value = try primary()
    }
    value = try postfix(value)
    return withFilters ? try filters(value) : value
  }

  private mutating func primary() throws -> TemplateExpression {
    switch current {
    case .name(let name):
      advance()
      switch name {
      case "true", "True": return .literal(.bool(true))
      case "false", "False": return .literal(.bool(false))
      case "none", "None": return .literal(.none)
      default: return .name(name)
      }
    case .string(var text):
      advance()
      // Strings side by side are one.
      while case .string(let more) = current {
        text += more
        advance()
      }
      return .literal(.string(text))
    case .integer(let value):
      advance()
      return .literal(.int(value))
    case .float(let value):
      advance()
      return .literal(.double(value))
    case .sign("("):
      advance()
      if skip(sign: ")") { return .tuple([]) }
      let value = try nested { try $0.tuple() }
      try expect(sign: ")")
      return value
    case .sign("["): return try list()
    case .sign("{"): return try dictionary()
    default: throw error("\(described(current)) stands there", expected: "a value")
    }
  }

  private mutating func list() throws -> TemplateExpression {
    advance()
    var values: [TemplateExpression] = []
    while !skip(sign: "]") {
      if !values.isEmpty {
        try expect(sign: ",")
        if skip(sign: "]") { break }
      }
      values.append(try expression())
    }
    return .list(values)
  }

  private mutating func dictionary() throws -> TemplateExpression {
    advance()
    var values: [(TemplateExpression, TemplateExpression)] = []
    while !skip(sign: "}") {
      if !values.isEmpty {
        try expect(sign: ",")
        if skip(sign: "}") { break }
      }
      let key = try expression()
      try expect(sign: ":")
      values.append((key, try expression()))
    }
    return .dictionary(values)
  }

  private mutating func postfix(_ start: TemplateExpression) throws -> TemplateExpression {
    var value = start
    var count = 0
    while true {
      count += 1
      if count > Self.maximumDepth { throw TemplateError(.limit, "too many members in a row", line: line) }
      switch current {
      case .sign("."):
        advance()
        if case .integer(let index) = current {
          advance()
          value = .item(value, .literal(.int(index)))
        } else {
          value = .attribute(value, try identifier())
        }
      case .sign("["): value = try item(value)
      case .sign("("): value = .call(value, try arguments())
      default: return value
      }
    }
  }

  private mutating func item(_ value: TemplateExpression) throws -> TemplateExpression {
    advance()
    var parts: [TemplateExpression?] = []
    var isSlice = false
    if current != .sign(":") { parts.append(try expression()) } else { parts.append(nil) }
    while parts.count < 3, skip(sign: ":") {
      isSlice = true
      parts.append(current == .sign(":") || current == .sign("]") ? nil : try expression())
    }
    if !isSlice, current == .sign(","), let first = parts[0] {
      var values = [first]
      while skip(sign: ",") { values.append(try expression()) }
      parts[0] = .tuple(values)
    }
    try expect(sign: "]")
    if isSlice { return .slice(value, from: parts[0], to: parts[1], step: parts.count > 2 ? parts[2] : nil) }
    guard let index = parts[0] else { throw error("an empty index") }
    return .item(value, index)
  }

  mutating func arguments() throws -> TemplateExpression.Arguments {
    try expect(sign: "(")
    var arguments = TemplateExpression.Arguments()
    var isFirst = true
    while !skip(sign: ")") {
      if !isFirst {
        try expect(sign: ",")
        if skip(sign: ")") { break }
      }
      isFirst = false
      if skip(sign: "*") {
        guard arguments.spread == nil else { throw error("two spread lists in a call") }
        arguments.spread = try expression()
      } else if skip(sign: "**") {
        guard arguments.namedSpread == nil else { throw error("two spread dictionaries in a call") }
        arguments.namedSpread = try expression()
      } else if case .name(let name) = current, peek() == .sign("=") {
        advance()
        advance()
        arguments.named.append((name, try expression()))
      } else {
        guard arguments.named.isEmpty else { throw error("an argument without a name follows one with a name") }
        arguments.positional.append(try expression())
      }
    }
    return arguments
  }

  /// Filters, tests and calls of what they return.
  private mutating func filters(_ start: TemplateExpression) throws -> TemplateExpression {
    var value = start
    var count = 0
    while true {
      count += 1
      if count > Self.maximumDepth { throw TemplateError(.limit, "too many filters in a row", line: line) }
      if skip(sign: "|") {
        let filter = try filterCall()
        value = .filter(value, filter.name, filter.arguments)
      } else if skip(name: "is") {
        value = try test(value)
      } else if current == .sign("(") {
        value = .call(value, try arguments())
      } else {
        return value
      }
    }
  }

  mutating func filterCall() throws -> (name: String, arguments: TemplateExpression.Arguments) {
    var name = try identifier()
    while skip(sign: ".") { name += "." + (try identifier()) }
    guard TemplateFilters.names.contains(name) else { throw error("there is no filter '\(name)'") }
    return (name, current == .sign("(") ? try arguments() : TemplateExpression.Arguments())
  }

  private mutating func test(_ value: TemplateExpression) throws -> TemplateExpression {
    let negated = skip(name: "not")
    var name = try identifier()
    while skip(sign: ".") { name += "." + (try identifier()) }
    guard TemplateTests.names.contains(name) else { throw error("there is no test '\(name)'") }
    var arguments = TemplateExpression.Arguments()
    if current == .sign("(") {
      arguments = try self.arguments()
    } else if startsValue {
      arguments.positional = [try postfix(nested { try $0.primary() })]
    }
    return .test(value, name, arguments, negated: negated)
  }

  /// Whether a test's argument may follow without brackets.
  private var startsValue: Bool {
    switch current {
    case .name(let name): !["else", "or", "and", "is", "if", "in", "not"].contains(name)
    case .string, .integer, .float, .sign("["), .sign("{"): true
    default: false
    }
  }
}
