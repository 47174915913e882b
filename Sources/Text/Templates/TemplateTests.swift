/// What may follow `is`.
struct TemplateTests {
  static let names: Set<String> = [
    "boolean", "callable", "defined", "divisibleby", "eq", "equalto", "escaped", "even", "false", "filter", "float", "ge", "gt",
    "greaterthan", "in", "integer", "iterable", "le", "lower", "lt", "lessthan", "mapping", "ne", "none", "number", "odd", "sameas",
    "sequence", "string", "test", "true", "undefined", "upper",
  ]

  private let renderer: TemplateRenderer

  init(_ renderer: TemplateRenderer) { self.renderer = renderer }

  func holds(_ name: String, _ value: PythonValue, _ arguments: [PythonValue]) throws -> Bool {
    func argument() throws -> PythonValue {
      guard let first = arguments.first else { throw renderer.error(.type, "the test '\(name)' needs an argument") }
      return first
    }
    switch name {
    case "defined": return !value.isUndefined
    case "undefined": return value.isUndefined
    case "none": if case .none = value { return true } else { return false }
    case "boolean": if case .bool = value { return true } else { return false }
    case "true": if case .bool(true) = value { return true } else { return false }
    case "false": if case .bool(false) = value { return true } else { return false }
    case "integer": if case .int = value { return true } else { return false }
    case "float": if case .double = value { return true } else { return false }
    case "number": return value.number != nil
    case "string": if case .string = value { return true } else { return false }
    case "mapping": if case .dictionary = value { return true } else { return false }
    case "sequence", "iterable":
      switch value {
      case .string, .list, .tuple, .dictionary, .undefined: return true
      default: return false
      }
    case "callable": if case .object(let object) = value { return !(object is TemplateNamespace) } else { return false }
    case "escaped": return false
    case "filter": return TemplateFilters.names.contains(value.text)
    case "test": return Self.names.contains(value.text)
    case "lower", "upper":
      let text = value.text
      let isCased = text.unicodeScalars.contains { $0.properties.isLowercase || $0.properties.isUppercase }
      let stays = name == "lower" ? text.lowercased() : text.uppercased()
      return isCased && stays.utf8.elementsEqual(text.utf8)
    case "even", "odd", "divisibleby":
      guard let number = value.integer else { throw renderer.wrongOperand("%", value) }
      guard let divisor = name == "divisibleby" ? try argument().integer : 2, divisor != 0 else {
        throw renderer.error(.type, "'divisibleby' is given no number but 0")
      }
      return number.isMultiple(of: divisor) == (name != "odd")
    case "eq", "equalto": return try renderer.equal(value, argument())
    case "ne": return try !renderer.equal(value, argument())
    case "lt", "lessthan": return try renderer.order(value, argument(), "<") < 0
    case "le": return try renderer.order(value, argument(), "<=") <= 0
    case "gt", "greaterthan": return try renderer.order(value, argument(), ">") > 0
    case "ge": return try renderer.order(value, argument(), ">=") >= 0
    case "in": return try renderer.contains(argument(), value)
    default: return try isSame(value, argument())
    }
  }

  /// Python's `is`, for the values that are one of a kind.
  private func isSame(_ value: PythonValue, _ other: PythonValue) -> Bool {
    switch (value, other) {
    case (.none, .none): true
    case (.bool(let a), .bool(let b)): a == b
    case (.object(let a), .object(let b)): a === b
    case (.int(let a), .int(let b)): a == b
    case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
    default: false
    }
  }
}
