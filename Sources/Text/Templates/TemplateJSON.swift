/// Python's `json.dumps`, character for character.
struct TemplateJSON {
  var indent: String?
  var itemSeparator: String
  var keySeparator = ": "
  var sortsKeys = false
  var isASCII = false
  private let renderer: TemplateRenderer

  init(_ renderer: TemplateRenderer, arguments: [PythonValue], named: TemplateRenderer.Named) throws {
    self.renderer = renderer
    let names = ["ensure_ascii", "indent", "separators", "sort_keys"]
    var values: [String: PythonValue] = [:]
    for (name, value) in zip(names, arguments) { values[name] = value }
    for argument in named {
      guard names.contains(argument.name) else { throw renderer.error(.type, "'tojson' has no parameter '\(argument.name)'") }
      values[argument.name] = argument.value
    }
    isASCII = values["ensure_ascii"]?.isTrue ?? false
    sortsKeys = values["sort_keys"]?.isTrue ?? false
    if let width = values["indent"] {
      if let count = width.integer {
        try renderer.charge(max(count, 0))
        indent = String(repeating: " ", count: max(count, 0))
      } else if case .string(let text) = width {
        indent = text
      }
    }
    itemSeparator = indent == nil ? ", " : ","
    switch values["separators"] {
    case .tuple(let parts)?, .list(let parts)?:
      guard parts.count == 2 else { throw renderer.error(.type, "'separators' holds \(parts.count) texts", expected: "two") }
      itemSeparator = parts[0].text
      keySeparator = parts[1].text
    default: break
    }
  }

  func text(_ value: PythonValue) throws -> String {
    var result = ""
    try write(value, to: &result, level: 0)
    return result
  }

  private func add(_ text: String, to result: inout String) throws {
    try renderer.charge(text.utf8.count)
    result += text
  }

  private func breakLine(_ level: Int, to result: inout String) throws {
    guard let indent else { return }
    try renderer.charge(indent.utf8.count, times: level)
    result += "\n" + String(repeating: indent, count: level)
  }

  private func write(_ value: PythonValue, to result: inout String, level: Int) throws {
    try renderer.step()
    switch value {
    case .none: result += "null"
    case .bool(let value): result += value ? "true" : "false"
    case .int(let value): result += String(value)
    case .double(let value): result += number(value)
    case .string(let text): try add(quoted(text), to: &result)
    case .list(let values), .tuple(let values):
      result += "["
      for (index, value) in values.enumerated() {
        if index > 0 { result += itemSeparator }
        try breakLine(level + 1, to: &result)
        try write(value, to: &result, level: level + 1)
      }
      if !values.isEmpty { try breakLine(level, to: &result) }
      result += "]"
    case .dictionary(let values):
      var pairs = values.pairs
      if sortsKeys { pairs.sort { ($0.key.order($1.key) ?? 0) < 0 } }
      result += "{"
      for (index, pair) in pairs.enumerated() {
        if index > 0 { result += itemSeparator }
        try breakLine(level + 1, to: &result)
        try add(quoted(try name(pair.key)) + keySeparator, to: &result)
        try write(pair.value, to: &result, level: level + 1)
      }
      if !pairs.isEmpty { try breakLine(level, to: &result) }
      result += "}"
    case .undefined(let what): throw renderer.error(.undefined, what, expected: "a value that JSON can say")
    case .object(let object): throw renderer.error(.type, "JSON has no \(object.typeName)")
    }
  }

  private func name(_ key: PythonValue) throws -> String {
    switch key {
    case .string(let text): return text
    case .none: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .int, .double: return key.text
    default: throw renderer.error(.type, "a \(key.typeName) is a key", expected: "a text")
    }
  }

  private func number(_ value: Double) -> String {
    value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Infinity" : "Infinity") : PythonText.number(value)
  }

  private func quoted(_ text: String) -> String { JSONText.quoted(text, isASCII: isASCII) }
}
