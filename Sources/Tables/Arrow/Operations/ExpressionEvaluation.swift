import CArrow

extension Table {
  /// The expression's value in each row.
  /// - Throws: `TableError` naming the column that is unknown, or the part of the expression that cannot be computed.
  public func column(_ name: String, computing expression: ColumnExpression) throws(TableError) -> Column {
    try Column(name, ExpressionEvaluation(table: self).datum(expression, rows: rowCount))
  }

  /// With new columns, each computed from the table's own.
  public func deriving(_ expressions: [String: ColumnExpression]) throws(TableError) -> Table {
    var result = self
    for name in expressions.keys.sorted() {
      if let expression = expressions[name] { result = try result.setting(column(name, computing: expression)) }
    }
    return result
  }

  /// The rows for which the condition holds.
  /// - Throws: `TableError` also if the expression is no condition.
  public func filtered(_ condition: ColumnExpression) throws(TableError) -> Table {
    let mask = try ExpressionEvaluation(table: self).datum(condition, rows: rowCount)
    guard try Column("condition", mask).type == .boolean else {
      throw TableError("the expression '\(condition)' is no condition", expected: "true or false in each row, as from a comparison")
    }
    return try operation("filtering") { () in
      try Table(Arrow.function("filter", [try datum(), mask]))
    }
  }

  /// A body of calls to Arrow whose failures are told as the table's.
  func operation<Result>(_ name: String, _ body: () throws -> Result) throws(TableError) -> Result {
    do {
      return try body()
    } catch let error as TableError {
      throw error
    } catch let failure as ArrowFailure {
      throw TableError("\(name): \(failure.message)")
    } catch {
      throw TableError("\(name): \(error)")
    }
  }
}

/// Computes an expression by Arrow's functions, a whole column at a time.
struct ExpressionEvaluation {
  let table: Table

  func datum(_ expression: ColumnExpression, rows: Int) throws(TableError) -> ArrowDatum {
    do {
      let value = try evaluate(expression.node)
      return try Arrow.datum { ca_broadcast(value.pointer, Int64(rows), $0) }
    } catch let error as TableError {
      throw error
    } catch let failure as ArrowFailure {
      throw TableError("the expression '\(expression)': \(failure.message)")
    } catch {
      throw TableError("the expression '\(expression)': \(error)")
    }
  }

  private func evaluate(_ node: ColumnExpression.Node) throws -> ArrowDatum {
    switch node {
    case .column(let name):
      let column = try table.column(name)
      return try (column.type == .categorical ? column.cast(to: .text) : column).datum()
    case .literal(let value): return try scalar(value)
    case .within(let value, let list): return try within(evaluate(value), list)
    case .call(let function, let nodes):
      do {
        return try apply(function, nodes.map { try evaluate($0) }, nodes)
      } catch let failure as ArrowFailure {
        throw TableError("'\(ColumnExpression(node))' cannot be computed: \(failure.message)")
      }
    }
  }

  private func scalar(_ value: TableValue) throws -> ArrowDatum {
    switch value {
    case .missing: try Arrow.datum { ca_scalar_missing($0) }
    case .integer(let value): try Arrow.datum { ca_scalar_int(value, $0) }
    case .number(let value): try Arrow.datum { ca_scalar_double(value, $0) }
    case .boolean(let value): try Arrow.datum { ca_scalar_bool(value, $0) }
    case .text(let value): try Arrow.datum { ca_scalar_text(value, Int64(value.utf8.count), $0) }
    case .timestamp(let value): try Arrow.datum { ca_scalar_timestamp(value, nil, $0) }
    case .list: throw TableError("a list stands where a single value is needed")
    }
  }

  /// A text beside a time is a time; zones say how a time is shown, not what it is.
  private func alike(_ arguments: [ArrowDatum]) throws -> [ArrowDatum] {
    let types = try arguments.map { try $0.type() }
    guard types.contains(where: { $0.kind == .timestamp }) else { return arguments }
    return try zip(arguments, types).map { argument, type in
      type == .timestamp() ? argument : type.kind == .timestamp || type == .text ? try Arrow.cast(argument, .timestamp()) : argument
    }
  }

  private func within(_ value: ArrowDatum, _ list: [TableValue]) throws -> ArrowDatum {
    let type = try value.type()
    let values = list.filter { $0 != .missing }
    let set: Column
    switch type.kind {
    case .text, .categorical: set = Column("", values.map { if case .text(let text) = $0 { text } else { nil } })
    case .boolean: set = Column("", values.map { if case .boolean(let truth) = $0 { truth } else { nil } })
    case .timestamp:
      let texts = values.map { value -> String? in if case .text(let text) = value { text } else { nil } }
      let times = values.map { value -> Int64? in if case .timestamp(let time) = value { time } else { nil } }
      set = texts.contains(nil) ? Column("", microseconds: times) : try Column("", texts).cast(to: .timestamp())
    case .numeric, .list:
      set = Column(
        "",
        values.map { value -> Double? in
          switch value {
          case .integer(let whole): Double(whole)
          case .number(let number): number
          default: nil
          }
        })
    }
    guard set.missingCount == 0 else {
      throw TableError("a list of values of another kind than the column's \(type)", expected: "\(type)")
    }
    var looked = value
    if type.isInteger { looked = try Arrow.cast(value, .float64) }
    if type.kind == .timestamp { looked = try Arrow.cast(value, .timestamp()) }
    let members = try (set.type == .text ? Column("", set.texts()) : set).datum()
    if type == .text { looked = try Arrow.cast(looked, .text) }
    var options = CAOptions()
    options.kind = CA_OPTIONS_SET
    options.datum = members.pointer
    return try withExtendedLifetime(members) { try Arrow.function("is_in", [looked], options) }
  }

  private func literalText(_ nodes: [ColumnExpression.Node], _ place: Int, _ function: ColumnFunction) throws -> String {
    guard case .literal(.text(let text)) = nodes[place] else {
      throw TableError("argument \(place + 1) of \(function.rawValue) is no text in quotes", expected: "a text")
    }
    return text
  }

  private func literalInteger(_ nodes: [ColumnExpression.Node], _ place: Int, _ function: ColumnFunction) throws -> Int64 {
    guard case .literal(.integer(let value)) = nodes[place] else {
      throw TableError("argument \(place + 1) of \(function.rawValue) is no whole number", expected: "a whole number")
    }
    return value
  }

  private func withTexts(
    _ name: String, _ argument: ArrowDatum, _ kind: CAOptionsKind, _ text: String, _ other: String = "", first: Int64 = 0
  ) throws -> ArrowDatum {
    try text.withCString { text in
      try other.withCString { other in
        var options = CAOptions()
        options.kind = kind
        options.text = text
        options.other = other
        options.first = first
        return try Arrow.function(name, [argument], options)
      }
    }
  }

  private func apply(_ function: ColumnFunction, _ values: [ArrowDatum], _ nodes: [ColumnExpression.Node]) throws -> ArrowDatum {
    func call(_ name: String) throws -> ArrowDatum { try Arrow.function(name, values) }
    func floating(_ name: String) throws -> ArrowDatum { try Arrow.function(name, values.map { try Arrow.cast($0, .float64) }) }
    switch function {
    case .add: return try call("add_checked")
    case .subtract:
      let same = try alike(values)
      let isTime = try same.allSatisfy { try $0.type().kind == .timestamp }
      // Two times differ by seconds.
      guard isTime else { return try call("subtract_checked") }
      let ticks = try same.map { try Arrow.cast(Arrow.cast($0, .int64), .float64) }
      return try Arrow.function("divide", [Arrow.function("subtract", ticks), Arrow.datum { ca_scalar_double(1e6, $0) }])
    case .multiply: return try call("multiply_checked")
    case .divide: return try floating("divide")
    case .remainder:
      // As in Swift and C: the sign of the dividend.
      let (a, b) = (values[0], values[1])
      let numbers = try [a, b].map { try Arrow.cast($0, .float64) }
      let quotient = try Arrow.function("trunc", [Arrow.function("divide", numbers)])
      let rest = try Arrow.function("subtract", [numbers[0], Arrow.function("multiply", [quotient, numbers[1]])])
      return try a.type().isInteger && b.type().isInteger ? Arrow.cast(rest, .int64) : rest
    case .power: return try floating("power")
    case .negate: return try call("negate_checked")
    case .equal: return try Arrow.function("equal", alike(values))
    case .notEqual: return try Arrow.function("not_equal", alike(values))
    case .less: return try Arrow.function("less", alike(values))
    case .lessOrEqual: return try Arrow.function("less_equal", alike(values))
    case .greater: return try Arrow.function("greater", alike(values))
    case .greaterOrEqual: return try Arrow.function("greater_equal", alike(values))
    case .and: return try call("and_kleene")
    case .or: return try call("or_kleene")
    case .not: return try call("invert")
    case .isMissing: return try call("is_null")
    case .fill: return try Arrow.function("coalesce", alike(values))
    case .choose:
      let condition = try Arrow.function("coalesce", [values[0], Arrow.datum { ca_scalar_bool(false, $0) }])
      return try Arrow.function("if_else", [condition] + alike(Array(values[1...])))
    case .abs: return try call("abs_checked")
    case .sqrt: return try floating("sqrt")
    case .exp: return try floating("exp")
    case .log: return try floating("ln")
    case .log10: return try floating("log10")
    case .log1p: return try floating("log1p")
    case .sin: return try floating("sin")
    case .cos: return try floating("cos")
    case .floor: return try call("floor")
    case .ceil: return try call("ceil")
    case .sign: return try call("sign")
    case .round:
      return try withTexts("round", values[0], CA_OPTIONS_ROUND, "", first: nodes.count > 1 ? literalInteger(nodes, 1, function) : 0)
    case .min: return try Arrow.function("min_element_wise", alike(values))
    case .max: return try Arrow.function("max_element_wise", alike(values))
    case .lower: return try call("utf8_lower")
    case .upper: return try call("utf8_upper")
    case .trim: return try call("utf8_trim_whitespace")
    case .length: return try Arrow.cast(call("utf8_length"), .int64)
    case .contains: return try withTexts("match_substring", values[0], CA_OPTIONS_MATCH, literalText(nodes, 1, function))
    case .startsWith: return try withTexts("starts_with", values[0], CA_OPTIONS_MATCH, literalText(nodes, 1, function))
    case .endsWith: return try withTexts("ends_with", values[0], CA_OPTIONS_MATCH, literalText(nodes, 1, function))
    case .matches: return try withTexts("match_substring_regex", values[0], CA_OPTIONS_MATCH, literalText(nodes, 1, function))
    case .replace:
      return try withTexts(
        "replace_substring", values[0], CA_OPTIONS_REPLACE, literalText(nodes, 1, function), literalText(nodes, 2, function))
    case .slice:
      var options = CAOptions()
      options.kind = CA_OPTIONS_SLICE
      options.first = try literalInteger(nodes, 1, function)
      options.second = try literalInteger(nodes, 2, function)
      return try Arrow.function("utf8_slice_codeunits", [values[0]], options)
    case .concat:
      var options = CAOptions()
      options.kind = CA_OPTIONS_CONCATENATE
      let texts = try values.map { try Arrow.cast($0, .text) }
      return try Arrow.function("binary_join_element_wise", texts + [Arrow.datum { ca_scalar_text("", 0, $0) }], options)
    case .year, .month, .day, .quarter, .hour, .minute, .second: return try call(function.rawValue)
    case .dayOfYear: return try call("day_of_year")
    case .week: return try call("iso_week")
    case .dayOfWeek:
      var options = CAOptions()
      options.kind = CA_OPTIONS_WEEK
      return try Arrow.function("day_of_week", values, options)
    case .seconds:
      return try Arrow.function("divide", [Arrow.cast(Arrow.cast(values[0], .int64), .float64), Arrow.datum { ca_scalar_double(1e6, $0) }])
    case .time:
      guard nodes.count > 1 else { return try Arrow.cast(values[0], .timestamp()) }
      return try withTexts("strptime", values[0], CA_OPTIONS_STRPTIME, literalText(nodes, 1, function))
    case .number: return try Arrow.cast(values[0], .float64)
    case .integer:
      let isFraction = try [.float32, .float64].contains(values[0].type())
      return try Arrow.cast(isFraction ? Arrow.function("trunc", values) : values[0], .int64)
    case .text: return try Arrow.cast(values[0], .text)
    case .boolean: return try Arrow.cast(values[0], .boolean)
    }
  }
}
