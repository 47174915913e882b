/// The methods of texts, lists and dictionaries that change nothing.
struct TemplateMethods {
  static let dictionary: Set<String> = ["get", "items", "keys", "values", "copy"]
  static let list: Set<String> = ["index", "count", "copy"]
  static let tuple: Set<String> = ["index", "count"]
  static let text: Set<String> = [
    "capitalize", "center", "count", "endswith", "find", "format", "index", "isalnum", "isalpha", "isdigit", "islower", "isspace",
    "isupper", "join", "ljust", "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace", "rfind", "rjust",
    "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip", "swapcase", "title", "upper", "zfill",
  ]

  let renderer: TemplateRenderer

  init(_ renderer: TemplateRenderer) { self.renderer = renderer }

  func call(_ method: TemplateMethod, _ positional: [PythonValue], _ named: TemplateRenderer.Named) throws -> PythonValue {
    switch method.owner {
    case .dictionary(let values): return try call(method.name, of: values, positional)
    case .list(let values), .tuple(let values): return try call(method.name, of: values, method.owner, positional)
    case .string(let text): return try call(method.name, of: text, positional, named)
    case .object(let object):
      guard let loop = object as? TemplateLoop else { break }
      if method.name == "cycle" {
        guard !positional.isEmpty else { throw renderer.error(.type, "'cycle' is given nothing") }
        return positional[loop.index % positional.count]
      }
      let same = loop.changedBefore.map { PythonValue.list($0).isEqual(.list(positional)) } ?? false
      loop.changedBefore = positional
      return .bool(!same)
    default: break
    }
    throw renderer.error(.type, "a \(method.owner.typeName) has no '\(method.name)'")
  }

  private func call(_ name: String, of values: PythonDictionary, _ arguments: [PythonValue]) throws -> PythonValue {
    try renderer.step(name == "get" ? 1 : values.count)
    switch name {
    case "get":
      guard let wanted = arguments.first else { throw renderer.error(.type, "'get' is given no key") }
      return values[try renderer.key(wanted)] ?? (arguments.count > 1 ? arguments[1] : .none)
    case "items": return .list(values.pairs.map { .tuple([$0.key, $0.value]) })
    case "keys": return .list(values.keys)
    case "values": return .list(values.values)
    default: return .dictionary(values)
    }
  }

  private func call(_ name: String, of values: [PythonValue], _ owner: PythonValue, _ arguments: [PythonValue]) throws -> PythonValue {
    if name == "copy" { return owner }
    guard let wanted = arguments.first else { throw renderer.error(.type, "'\(name)' is given nothing") }
    try renderer.step(values.count)
    if name == "count" { return .int(values.count { $0.isEqual(wanted) }) }
    guard let place = values.firstIndex(where: { $0.isEqual(wanted) }) else {
      throw renderer.error(.type, "the value is not in the list")
    }
    return .int(place)
  }
}
