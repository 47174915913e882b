#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension TemplateRenderer {
  typealias Named = [(name: String, value: PythonValue)]

  func evaluate(_ expression: TemplateExpression, in scope: TemplateScope) throws -> PythonValue {
    try step()
    switch expression {
    case .literal(let value): return value
    case .name(let name): return scope[name] ?? TemplateGlobals.value(name) ?? .undefined("'\(name)' is undefined")
    default: return try nested { try evaluateParts(expression, in: scope) }
    }
  }

  private func evaluateParts(_ expression: TemplateExpression, in scope: TemplateScope) throws -> PythonValue {
    switch expression {
    case .literal, .name: return try evaluate(expression, in: scope)
    case .list(let parts): return .list(try parts.map { try evaluate($0, in: scope) })
    case .tuple(let parts): return .tuple(try parts.map { try evaluate($0, in: scope) })
    case .dictionary(let parts): return try dictionary(parts, in: scope)
    case .attribute(let owner, let name): return try attribute(name, of: try evaluate(owner, in: scope))
    case .item(let owner, let index): return try item(try evaluate(index, in: scope), of: try evaluate(owner, in: scope))
    case .slice(let owner, let from, let to, let step):
      let bounds = try [from, to, step].map { try $0.map { try evaluate($0, in: scope) } }
      return try slice(try evaluate(owner, in: scope), bounds)
    case .call(let function, let arguments): return try call(function, arguments, in: scope)
    case .filter(let value, let name, let arguments):
      let value = try evaluate(value, in: scope)
      let (positional, named) = try evaluate(arguments, in: scope)
      return try TemplateFilters(self).apply(name, to: value, positional, named)
    case .test(let value, let name, let arguments, let negated):
      let value = try evaluate(value, in: scope)
      let (positional, _) = try evaluate(arguments, in: scope)
      return .bool(try TemplateTests(self).holds(name, value, positional) != negated)
    case .negative(let value): return try negative(try evaluate(value, in: scope))
    case .positive(let value):
      let value = try evaluate(value, in: scope)
      guard value.number != nil else { throw wrongOperand("+", value) }
      return value
    case .not(let value): return .bool(!(try evaluate(value, in: scope).isTrue))
    case .chain(let first, let rest): return try chain(first, rest, in: scope)
    case .comparison(let first, let rest): return try comparison(first, rest, in: scope)
    case .all(let parts), .any(let parts): return try logic(expression, parts, in: scope)
    case .concatenation(let parts):
      var text = ""
      for part in parts { text += try printed(try evaluate(part, in: scope)) }
      try charge(text.utf8.count)
      return .string(text)
    case .conditional(let condition, let value, let otherwise):
      if try evaluate(condition, in: scope).isTrue { return try evaluate(value, in: scope) }
      return try otherwise.map { try evaluate($0, in: scope) } ?? .undefined("the inline condition has no 'else'")
    }
  }

  private func dictionary(
    _ parts: [(key: TemplateExpression, value: TemplateExpression)], in scope: TemplateScope
  ) throws -> PythonValue {
    var result = PythonDictionary()
    for part in parts { result[try key(try evaluate(part.key, in: scope))] = try evaluate(part.value, in: scope) }
    return .dictionary(result)
  }

  /// A value that may be a dictionary's key.
  func key(_ value: PythonValue) throws -> PythonValue {
    switch value {
    case .list, .dictionary: throw error(.type, "a \(value.typeName) is a key", expected: "a text or a number")
    default: return value
    }
  }

  private func logic(_ expression: TemplateExpression, _ parts: [TemplateExpression], in scope: TemplateScope) throws -> PythonValue {
    var isAll = false
    if case .all = expression { isAll = true }
    var value = PythonValue.none
    for part in parts {
      value = try evaluate(part, in: scope)
      if value.isTrue != isAll { return value }
    }
    return value
  }

  func wrongOperand(_ sign: String, _ value: PythonValue, _ other: PythonValue? = nil) -> TemplateError {
    for case .undefined(let what) in [value, other ?? .none] { return error(.undefined, what) }
    let types = other.map { "\(value.typeName) and \($0.typeName)" } ?? value.typeName
    return error(.type, "'\(sign)' is not defined for \(types)")
  }

  private func negative(_ value: PythonValue) throws -> PythonValue {
    if let number = value.integer {
      let (result, overflow) = (0).subtractingReportingOverflow(number)
      if overflow { throw error(.limit, "a number is too large") }
      return .int(result)
    }
    guard case .double(let number) = value else { throw wrongOperand("-", value) }
    return .double(-number)
  }

  // MARK: Members

  func attribute(_ name: String, of owner: PythonValue) throws -> PythonValue {
    // What Python keeps for itself is not there for a template.
    guard !name.hasPrefix("__") else { return .undefined("'\(name)' must not be reached") }
    switch owner {
    case .undefined(let what): throw error(.undefined, what)
    case .dictionary(let values):
      // As in Jinja a method wins over a member of the same name.
      if TemplateMethods.dictionary.contains(name) { return .object(TemplateMethod(owner, name)) }
      return values[name] ?? .undefined("the dictionary has no '\(name)'")
    case .string where TemplateMethods.text.contains(name), .list where TemplateMethods.list.contains(name),
      .tuple where TemplateMethods.tuple.contains(name):
      return .object(TemplateMethod(owner, name))
    case .object(let object): return member(name, of: object) ?? .undefined("the \(object.typeName) has no '\(name)'")
    default: return .undefined("a \(owner.typeName) has no '\(name)'")
    }
  }

  private func member(_ name: String, of object: any TemplateObject) -> PythonValue? {
    switch object {
    case let space as TemplateNamespace: space.values[name]
    case let loop as TemplateLoop: loop.member(name)
    case let macro as TemplateMacro where name == "name": .string(macro.definition.name)
    default: nil
    }
  }

  func item(_ index: PythonValue, of owner: PythonValue) throws -> PythonValue {
    switch owner {
    case .undefined(let what): throw error(.undefined, what)
    case .dictionary(let values):
      if let value = values[index] { return value }
    case .list(let values), .tuple(let values):
      if let place = index.integer {
        let place = place < 0 ? place &+ values.count : place
        return values.indices.contains(place) ? values[place] : .undefined("the list has no item \(index.text)")
      }
    case .string(let text):
      if let place = index.integer {
        let scalars = text.unicodeScalars
        let count = scalars.count
        try step(count / 16)
        let offset = place < 0 ? place &+ count : place
        guard offset >= 0, offset < count else { return .undefined("the text has no character \(place)") }
        return .string(String(scalars[scalars.index(scalars.startIndex, offsetBy: offset)]))
      }
    default: break
    }
    // What is no item may be a member.
    if case .string(let name) = index { return try attribute(name, of: owner) }
    return .undefined("a \(owner.typeName) has no item \(index.representation.prefix(60))")
  }

  private func slice(_ owner: PythonValue, _ bounds: [PythonValue?]) throws -> PythonValue {
    let numbers = try bounds.map { bound -> Int? in
      guard let bound, case let value = bound, !isNone(value) else { return nil }
      guard let number = value.integer else { throw error(.type, "a slice's bound is a \(value.typeName)", expected: "a whole number") }
      return number
    }
    switch owner {
    case .list(let values): return .list(try part(values, numbers))
    case .tuple(let values): return .tuple(try part(values, numbers))
    case .string(let text): return .string(PythonText.slice(try part(Array(text.unicodeScalars), numbers)))
    case .undefined(let what): throw error(.undefined, what)
    default: throw error(.type, "a \(owner.typeName) is cut", expected: "a list or text")
    }
  }

  private func isNone(_ value: PythonValue) -> Bool { if case .none = value { true } else { false } }

  private func part<Element>(_ values: [Element], _ bounds: [Int?]) throws -> [Element] {
    try step(values.count / 8 + 1)
    let stepWidth = bounds[2] ?? 1
    guard stepWidth != 0 else { throw error(.type, "a slice's step is 0") }
    let count = values.count
    func clamp(_ value: Int, _ low: Int, _ high: Int) -> Int { min(max(value < 0 ? value &+ count : value, low), high) }
    var result: [Element] = []
    if stepWidth > 0 {
      var place = bounds[0].map { clamp($0, 0, count) } ?? 0
      let end = bounds[1].map { clamp($0, 0, count) } ?? count
      while place < end {
        result.append(values[place])
        let (next, overflow) = place.addingReportingOverflow(stepWidth)
        if overflow { break }
        place = next
      }
    } else {
      var place = bounds[0].map { clamp($0, -1, count - 1) } ?? count - 1
      let end = bounds[1].map { clamp($0, -1, count - 1) } ?? -1
      while place > end, place >= 0 {
        result.append(values[place])
        let (next, overflow) = place.addingReportingOverflow(stepWidth)
        if overflow { break }
        place = next
      }
    }
    return result
  }

  // MARK: Calls

  func evaluate(
    _ arguments: TemplateExpression.Arguments, in scope: TemplateScope
  ) throws -> (positional: [PythonValue], named: Named) {
    var positional = try arguments.positional.map { try evaluate($0, in: scope) }
    var named: Named = []
    for argument in arguments.named { named.append((argument.name, try evaluate(argument.value, in: scope))) }
    if let spread = arguments.spread { positional += try items(try evaluate(spread, in: scope)) }
    if let spread = arguments.namedSpread {
      guard case .dictionary(let values) = try evaluate(spread, in: scope) else {
        throw error(.type, "'**' before something else than a dictionary")
      }
      for pair in values.pairs { named.append((pair.key.text, pair.value)) }
    }
    return (positional, named)
  }

  private func call(
    _ function: TemplateExpression, _ arguments: TemplateExpression.Arguments, in scope: TemplateScope
  ) throws -> PythonValue {
    let target = try evaluate(function, in: scope)
    var (positional, named) = try evaluate(arguments, in: scope)
    return try call(target, &positional, named)
  }

  func call(_ function: PythonValue, _ positional: inout [PythonValue], _ named: Named) throws -> PythonValue {
    switch function {
    case .undefined(let what): throw error(.undefined, what)
    case .object(let object):
      switch object {
      case let macro as TemplateMacro: return try call(macro, positional, named)
      case let method as TemplateMethod: return try TemplateMethods(self).call(method, positional, named)
      case let function as TemplateFunction: return try TemplateGlobals(self).call(function.name, positional, named)
      case let loop as TemplateLoop:
        guard let recursion = loop.recursion, let values = positional.first else {
          throw error(.type, "the loop is called, and it is not recursive")
        }
        let all = try items(values)
        return .string(try nested { try captured { _ = try run(recursion.loop, over: all, in: recursion.scope) } })
      default: throw error(.type, "a \(object.typeName) is called", expected: "a function")
      }
    default: throw error(.type, "a \(function.typeName) is called", expected: "a function")
    }
  }

  private func call(_ macro: TemplateMacro, _ positional: [PythonValue], _ named: Named) throws -> PythonValue {
    let definition = macro.definition
    let scope = TemplateScope(parent: macro.scope)
    var rest = named
    for (place, name) in definition.parameters.enumerated() {
      if place < positional.count {
        if rest.contains(where: { $0.name == name }) { throw error(.type, "'\(name)' is given twice to '\(definition.name)'") }
        scope[name] = positional[place]
      } else if let index = rest.firstIndex(where: { $0.name == name }) {
        scope[name] = rest.remove(at: index).value
      } else {
        let offset = place - (definition.parameters.count - definition.defaults.count)
        scope[name] =
          offset >= 0 ? try evaluate(definition.defaults[offset], in: scope) : .undefined("parameter '\(name)' was not provided")
      }
    }
    if let index = rest.firstIndex(where: { $0.name == "caller" }) { scope["caller"] = rest.remove(at: index).value }
    let extra = Array(positional.dropFirst(definition.parameters.count))
    guard extra.isEmpty || definition.takesMore else {
      throw error(.type, "'\(definition.name)' is given \(positional.count) arguments", expected: "at most \(definition.parameters.count)")
    }
    if let first = rest.first, !definition.takesMoreNamed {
      throw error(.type, "'\(definition.name)' has no parameter '\(first.name)'")
    }
    scope["varargs"] = .tuple(extra)
    scope["kwargs"] = .dictionary(PythonDictionary(rest.map { (.string($0.name), $0.value) }))
    return .string(try nested { try captured { _ = try run(definition.body, in: scope) } })
  }
}
