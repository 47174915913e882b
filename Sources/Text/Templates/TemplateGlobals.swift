/// The functions that every chat template may call.
struct TemplateGlobals {
  private static let values: [String: PythonValue] = Dictionary(
    uniqueKeysWithValues: ["range", "namespace", "dict", "raise_exception", "strftime_now"].map { ($0, .object(TemplateFunction($0))) })

  private let renderer: TemplateRenderer

  init(_ renderer: TemplateRenderer) { self.renderer = renderer }

  static func value(_ name: String) -> PythonValue? { values[name] }

  func call(_ name: String, _ positional: [PythonValue], _ named: TemplateRenderer.Named) throws -> PythonValue {
    switch name {
    case "range": return try range(positional)
    case "namespace":
      let values = try dictionary(positional, named)
      if let bad = values.keys.first(where: { $0.text.hasPrefix("_") }) {
        throw renderer.error(.forbidden, "a namespace's member begins with '_': '\(bad.text)'")
      }
      return .object(renderer.space(values))
    case "dict": return .dictionary(try dictionary(positional, named))
    case "raise_exception":
      let message = positional.first ?? named.first { $0.name == "message" }?.value ?? .string("")
      throw TemplateError(.raised, try renderer.printed(message), line: renderer.line)
    default:
      guard case .string(let format)? = positional.first ?? named.first(where: { $0.name == "format" })?.value else {
        throw renderer.error(.type, "'strftime_now' is called without a format")
      }
      return .string(renderer.clock(format))
    }
  }

  private func range(_ positional: [PythonValue]) throws -> PythonValue {
    let numbers = try positional.map { value in
      guard let number = value.integer else {
        throw renderer.error(.type, "'range' is given a \(value.typeName)", expected: "whole numbers")
      }
      return number
    }
    guard 1...3 ~= numbers.count else {
      throw renderer.error(.type, "'range' is given \(numbers.count) arguments", expected: "one to three")
    }
    let start = numbers.count > 1 ? numbers[0] : 0
    let end = numbers.count > 1 ? numbers[1] : numbers[0]
    let width = numbers.count > 2 ? numbers[2] : 1
    guard width != 0 else { throw renderer.error(.type, "'range' is given a step of 0") }
    var values: [PythonValue] = []
    var value = start
    while width > 0 ? value < end : value > end {
      // As in Jinja's sandbox.
      guard values.count < 100_000 else { throw renderer.error(.limit, "a range of more than 100,000 numbers") }
      values.append(.int(value))
      let (next, overflow) = value.addingReportingOverflow(width)
      if overflow { break }
      value = next
    }
    try renderer.step(values.count)
    return .list(values)
  }

  private func dictionary(_ positional: [PythonValue], _ named: TemplateRenderer.Named) throws -> PythonDictionary {
    var result = PythonDictionary()
    if let first = positional.first {
      if case .dictionary(let values) = first {
        result = values
      } else {
        for pair in try renderer.items(first) {
          let parts = try renderer.items(pair)
          guard parts.count == 2 else { throw renderer.error(.type, "a dictionary is made of items that are no pairs") }
          result[try renderer.key(parts[0])] = parts[1]
        }
      }
    }
    for argument in named { result[.string(argument.name)] = argument.value }
    return result
  }
}
