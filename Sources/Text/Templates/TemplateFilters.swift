#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What may follow `|`.
struct TemplateFilters {
  static let names: Set<String> = [
    "abs", "attr", "batch", "capitalize", "center", "count", "d", "default", "dictsort", "e", "escape", "first", "float", "forceescape",
    "format", "groupby", "indent", "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr",
    "replace", "reverse", "round", "safe", "select", "selectattr", "slice", "sort", "string", "sum", "title", "tojson", "trim", "truncate",
    "unique", "upper", "urlencode", "wordcount",
  ]

  let renderer: TemplateRenderer

  init(_ renderer: TemplateRenderer) { self.renderer = renderer }

  func apply(_ name: String, to value: PythonValue, _ positional: [PythonValue], _ named: TemplateRenderer.Named) throws -> PythonValue {
    try renderer.step()
    let arguments = TemplateMethods.Arguments(renderer, name, positional, named)
    switch name {
    case "default", "d":
      let isWanted = value.isUndefined || (arguments[1, "boolean"]?.isTrue == true && !value.isTrue)
      return isWanted ? arguments[0, "default_value"] ?? .string("") : value
    case "tojson": return .string(try TemplateJSON(renderer, arguments: positional, named: named).text(value))
    case "wordcount": return .int(words(try renderer.printed(value)))
    case "length", "count": return .int(try length(value))
    case "list": return .list(try renderer.items(value))
    case "string", "safe": return .string(try renderer.printed(value))
    case "items":
      if value.isUndefined { return .list([]) }
      guard case .dictionary(let values) = value else {
        throw renderer.error(.type, "'items' is given a \(value.typeName)", expected: "a dictionary")
      }
      return .list(values.pairs.map { .tuple([$0.key, $0.value]) })
    case "attr":
      guard let name = positional.first else { throw renderer.error(.type, "'attr' is given no name") }
      return try renderer.attribute(name.text, of: value)
    case "abs", "int", "float", "round": return try number(name, value, arguments)
    case "first", "last", "reverse", "join", "sum", "min", "max", "batch", "slice", "sort", "unique", "dictsort", "groupby":
      return try list(name, value, arguments)
    case "map": return try map(value, positional, named)
    case "select", "reject": return try select(value, positional, named, attribute: nil, keeps: name == "select")
    case "selectattr", "rejectattr":
      guard let attribute = positional.first else { throw renderer.error(.type, "'\(name)' is given no attribute") }
      return try select(value, Array(positional.dropFirst()), named, attribute: attribute, keeps: name == "selectattr")
    default: return .string(try text(name, value, positional, named, arguments))
    }
  }

  private func length(_ value: PythonValue) throws -> Int {
    switch value {
    case .string(let text):
      try renderer.step(text.utf8.count / 64)
      return text.unicodeScalars.count
    case .list(let values), .tuple(let values): return values.count
    case .dictionary(let values): return values.count
    case .undefined: return 0
    case .object(let object):
      if let loop = object as? TemplateLoop { return loop.values.count }
      throw renderer.error(.type, "a \(value.typeName) has no length")
    default: throw renderer.error(.type, "a \(value.typeName) has no length", expected: "a list or text")
    }
  }

  // MARK: Numbers

  private func number(_ name: String, _ value: PythonValue, _ arguments: TemplateMethods.Arguments) throws -> PythonValue {
    switch name {
    case "abs":
      if let number = value.integer {
        guard number != .min else { throw renderer.error(.limit, "a number is too large") }
        return .int(abs(number))
      }
      guard case .double(let number) = value else { throw renderer.wrongOperand("abs", value) }
      return .double(abs(number))
    case "int":
      if let number = value.integer { return .int(number) }
      let text = TemplateMethods.strip(value.text, nil).filter { $0 != "_" }
      let radix = try arguments.optionalInteger(1, "base") ?? 10
      if case .string = value, 2...36 ~= radix {
        let prefixes = [16: "0x", 8: "0o", 2: "0b"]
        let digits = prefixes[radix].map { text.lowercased().hasPrefix($0) ? String(text.dropFirst(2)) : text } ?? text
        if let number = Int(digits, radix: radix) { return .int(number) }
      }
      let parsed = value.number ?? Double(text)
      if let parsed, let number = Int(exactly: parsed.rounded(.towardZero)) { return .int(number) }
      return arguments[0, "default"] ?? .int(0)
    case "float":
      let parsed = value.number ?? { if case .string(let text) = value { TemplateNumber.parse(text) } else { nil } }()
      return parsed.map { .double($0) } ?? arguments[0, "default"] ?? .double(0)
    default:
      guard let number = value.number else { throw renderer.wrongOperand("round", value) }
      let precision = try arguments.optionalInteger(0, "precision") ?? 0
      let method = try arguments.optionalText(1, "method") ?? "common"
      guard precision.magnitude <= 300 else { throw renderer.error(.limit, "'round' to \(precision) places") }
      let factor = pow(10, Double(precision))
      switch method {
      case "ceil": return .double(ceil(number * factor) / factor)
      case "floor": return .double(floor(number * factor) / factor)
      case "common":
        // Whole numbers stay whole.
        if let whole = value.integer, precision >= 0 { return .int(whole) }
        return .double(TemplateNumber.rounded(number, precision))
      default: throw renderer.error(.type, "'round' by the method '\(method)'", expected: "common, ceil or floor")
      }
    }
  }

  // MARK: Text

  private func text(
    _ name: String, _ value: PythonValue, _ positional: [PythonValue], _ named: TemplateRenderer.Named,
    _ arguments: TemplateMethods.Arguments
  ) throws -> String {
    let text = try renderer.printed(value)
    let methods = TemplateMethods(renderer)
    switch name {
    case "upper": return text.uppercased()
    case "lower": return text.lowercased()
    case "capitalize": return TextCase.capitalized(text)
    case "title": return titled(text)
    case "trim": return TemplateMethods.strip(text, try arguments.optionalText(0, "chars"))
    case "escape", "e", "forceescape":
      var result = ""
      for scalar in text.unicodeScalars {
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "'": result += "&#39;"
        case "\"": result += "&#34;"
        default: result.unicodeScalars.append(scalar)
        }
      }
      try renderer.charge(result.utf8.count)
      return result
    case "replace":
      guard let old = arguments[0, "old"], let new = arguments[1, "new"] else {
        throw renderer.error(.type, "'replace' is given too few arguments", expected: "the old and the new text")
      }
      return try methods.replaced(
        text, try renderer.printed(old), try renderer.printed(new), try arguments.optionalInteger(2, "count") ?? -1)
    case "indent": return try indented(text, arguments)
    case "center":
      let padding = TemplateMethod(.string(text), "center")
      return try methods.call(padding, [.int(try arguments.optionalInteger(0, "width") ?? 80)], []).text
    case "format":
      if let first = named.first, !positional.isEmpty {
        throw renderer.error(.type, "'format' is given values by place and by name ('\(first.name)')")
      }
      let mapping = PythonValue.dictionary(PythonDictionary(named.map { (.string($0.name), $0.value) }))
      return try TemplateFormat(renderer).format(text, values: positional, mapping: named.isEmpty ? .tuple(positional) : mapping)
    case "truncate": return try truncated(text, arguments)
    case "urlencode":
      let safe = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-~/".utf8)
      let digits = Array("0123456789ABCDEF")
      return text.utf8.map { byte in
        safe.contains(byte) ? String(Unicode.Scalar(byte)) : "%" + String(digits[Int(byte >> 4)]) + String(digits[Int(byte & 15)])
      }.joined()
    default: return text
    }
  }

  /// Runs of letters, digits and underscores.
  private func words(_ text: String) -> Int {
    var count = 0
    var inside = false
    for scalar in text.unicodeScalars {
      let isWord = PythonText.isWord(scalar)
      if isWord, !inside { count += 1 }
      inside = isWord
    }
    return count
  }

  /// Jinja's own: words begin after white space, a hyphen and opening brackets.
  private func titled(_ text: String) -> String {
    var result = ""
    var begins = true
    for scalar in text.unicodeScalars {
      let parts = PythonText.isSpace(scalar) || "-({[<".unicodeScalars.contains(scalar)
      if parts {
        result.unicodeScalars.append(scalar)
      } else {
        result += begins ? scalar.properties.uppercaseMapping : scalar.properties.lowercaseMapping
      }
      begins = parts
    }
    return result
  }

  private func indented(_ text: String, _ arguments: TemplateMethods.Arguments) throws -> String {
    var space = "    "
    if let width = arguments[0, "width"] {
      if case .string(let text) = width {
        space = text
      } else {
        let count = max(width.integer ?? 4, 0)
        try renderer.charge(count)
        space = String(repeating: " ", count: count)
      }
    }
    let lines = TemplateMethods.lines(text + "\n")
    try renderer.charge(text.utf8.count + lines.count * space.utf8.count)
    let blank = arguments[2, "blank"]?.isTrue ?? false
    var result = lines.first ?? ""
    for line in lines.dropFirst() { result += "\n" + (line.isEmpty && !blank ? "" : space) + line }
    return (arguments[1, "first"]?.isTrue ?? false) ? space + result : result
  }

  private func truncated(_ text: String, _ arguments: TemplateMethods.Arguments) throws -> String {
    let length = try arguments.optionalInteger(0, "length") ?? 255
    let end = try arguments.optionalText(2, "end") ?? "..."
    let leeway = try arguments.optionalInteger(3, "leeway") ?? 5
    let endLength = end.unicodeScalars.count
    guard length >= endLength, leeway >= 0, length < Int.max / 2, leeway < Int.max / 2 else {
      throw renderer.error(.type, "'truncate' to \(length) characters", expected: "at least \(endLength)")
    }
    let scalars = Array(text.unicodeScalars)
    if scalars.count <= length + leeway { return text }
    var kept = scalars.prefix(length - endLength)
    if !(arguments[1, "killwords"]?.isTrue ?? false), let space = kept.lastIndex(of: " ") { kept = kept[..<space] }
    return PythonText.slice(kept) + end
  }
}

/// Numbers as text.
enum TemplateNumber {
  /// The number with so many digits after the point, correctly rounded.
  static func fixed(_ value: Double, _ precision: Int) -> String {
    var buffer = [CChar](repeating: 0, count: 330 + precision)
    let count = withVaList([Int32(truncatingIfNeeded: precision), value]) { vsnprintf(&buffer, buffer.count, "%.*f", $0) }
    return String(decoding: buffer.prefix(Int(max(count, 0))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Python's `round`.
  static func rounded(_ value: Double, _ precision: Int) -> Double {
    guard value.isFinite else { return value }
    if precision >= 0 { return Double(fixed(value, precision)) ?? value }
    let factor = pow(10, Double(-precision))
    return (value / factor).rounded(.toNearestOrEven) * factor
  }

  /// Python's `float` of a text.
  static func parse(_ text: String) -> Double? {
    let plain = TemplateMethods.strip(text, nil).filter { $0 != "_" }
    switch plain.lowercased() {
    case "inf", "+inf", "infinity", "+infinity": return .infinity
    case "-inf", "-infinity": return -.infinity
    case "nan", "+nan", "-nan": return .nan
    default: return plain.contains { "xXpP".contains($0) } ? nil : Double(plain)
    }
  }
}
