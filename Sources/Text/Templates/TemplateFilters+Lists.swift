extension TemplateFilters {
  typealias Arguments = TemplateMethods.Arguments

  /// An item's member by a path such as `function.name` or `0`.
  private func member(_ path: PythonValue?, of value: PythonValue, or otherwise: PythonValue? = nil) throws -> PythonValue {
    guard let path else { return value }
    if path.integer != nil { return try renderer.item(path, of: value) }
    var result = value
    for part in path.text.split(separator: ".", omittingEmptySubsequences: false) {
      let key: PythonValue =
        part.allSatisfy { $0.isASCII && $0.isNumber } ? Int(part).map { .int($0) } ?? .string(String(part)) : .string(String(part))
      result = try renderer.item(key, of: result)
      if result.isUndefined, let otherwise { result = otherwise }
    }
    return result
  }

  private func folded(_ value: PythonValue, _ isSensitive: Bool) -> PythonValue {
    if case .string(let text) = value, !isSensitive { .string(text.lowercased()) } else { value }
  }

  func list(_ name: String, _ value: PythonValue, _ arguments: Arguments) throws -> PythonValue {
    if name == "reverse", case .string(let text) = value {
      try renderer.charge(text.utf8.count)
      return .string(PythonText.slice(text.unicodeScalars.reversed()))
    }
    if name == "dictsort" { return try sortedPairs(value, arguments) }
    let values = try renderer.items(value)
    switch name {
    case "first": return values.first ?? .undefined("the list is empty: there is no first item")
    case "last": return values.last ?? .undefined("the list is empty: there is no last item")
    case "reverse": return .list(values.reversed())
    case "join":
      let attribute = arguments[1, "attribute"]
      let parts = try values.map { try renderer.printed(try member(attribute, of: $0)) }
      return .string(try TemplateMethods(renderer).joined(parts, by: try arguments[0, "d"].map { try renderer.printed($0) } ?? ""))
    case "sum":
      let attribute = arguments[0, "attribute"]
      return try values.reduce(arguments[1, "start"] ?? .int(0)) { try renderer.apply(.add, $0, try member(attribute, of: $1)) }
    case "min", "max":
      let isSensitive = arguments[0, "case_sensitive"]?.isTrue ?? false
      let attribute = arguments[1, "attribute"]
      guard var best = values.first else { return .undefined("the list is empty") }
      for value in values.dropFirst() {
        let order = try renderer.order(
          folded(try member(attribute, of: value), isSensitive), folded(try member(attribute, of: best), isSensitive), "<")
        if name == "min" ? order < 0 : order > 0 { best = value }
      }
      return best
    case "sort":
      let isSensitive = arguments[1, "case_sensitive"]?.isTrue ?? false
      return .list(
        try sorted(values, arguments[2, "attribute"], isSensitive, reversed: arguments[0, "reverse"]?.isTrue ?? false))
    case "unique":
      let isSensitive = arguments[0, "case_sensitive"]?.isTrue ?? false
      var seen = PythonDictionary()
      var result: [PythonValue] = []
      for value in values {
        let key = try renderer.key(folded(try member(arguments[1, "attribute"], of: value), isSensitive))
        try renderer.step(seen.count / 8)
        if seen[key] == nil {
          seen[key] = .bool(true)
          result.append(value)
        }
      }
      return .list(result)
    case "groupby": return try grouped(values, arguments)
    default: return try divided(name, values, arguments)
    }
  }

  private func sorted(
    _ values: [PythonValue], _ attribute: PythonValue?, _ isSensitive: Bool, reversed: Bool
  ) throws -> [PythonValue] {
    let paths: [PythonValue?] =
      if case .string(let text)? = attribute { text.split(separator: ",").map { .string(String($0)) } } else { [attribute] }
    let keyed = try values.map { value in (keys: try paths.map { folded(try member($0, of: value), isSensitive) }, value: value) }
    try renderer.step(values.count * (Int.bitWidth - values.count.leadingZeroBitCount))
    // A stable order, in both directions.
    let places = try values.indices.sorted { first, second in
      for (a, b) in zip(keyed[first].keys, keyed[second].keys) {
        let order = try renderer.order(a, b, "<")
        if order != 0 { return reversed ? order > 0 : order < 0 }
      }
      return first < second
    }
    return places.map { keyed[$0].value }
  }

  private func sortedPairs(_ value: PythonValue, _ arguments: Arguments) throws -> PythonValue {
    guard case .dictionary(let values) = value else {
      throw renderer.error(.type, "'dictsort' is given a \(value.typeName)", expected: "a dictionary")
    }
    let by = try arguments.optionalText(1, "by") ?? "key"
    guard by == "key" || by == "value" else { throw renderer.error(.type, "'dictsort' by '\(by)'", expected: "key or value") }
    return .list(
      try sorted(
        values.pairs.map { .tuple([$0.key, $0.value]) }, .int(by == "key" ? 0 : 1), arguments[0, "case_sensitive"]?.isTrue ?? false,
        reversed: arguments[2, "reverse"]?.isTrue ?? false))
  }

  private func grouped(_ values: [PythonValue], _ arguments: Arguments) throws -> PythonValue {
    guard let attribute = arguments[0, "attribute"] else { throw renderer.error(.type, "'groupby' is given no attribute") }
    let isSensitive = arguments[2, "case_sensitive"]?.isTrue ?? false
    func key(_ value: PythonValue) throws -> PythonValue {
      let key = try member(attribute, of: value)
      return key.isUndefined ? arguments[1, "default"] ?? key : key
    }
    var groups: [(key: PythonValue, folded: PythonValue, values: [PythonValue])] = []
    for value in try sorted(values, attribute, isSensitive, reversed: false) {
      let key = try key(value)
      if let last = groups.last, try renderer.equal(last.folded, folded(key, isSensitive)) {
        groups[groups.count - 1].values.append(value)
      } else {
        groups.append((key, folded(key, isSensitive), [value]))
      }
    }
    return .list(groups.map { .tuple([$0.key, .list($0.values)]) })
  }

  private func divided(_ name: String, _ values: [PythonValue], _ arguments: Arguments) throws -> PythonValue {
    let count = try arguments.integer(0, name == "batch" ? "linecount" : "slices")
    guard count > 0 else { throw renderer.error(.type, "'\(name)' into \(count)", expected: "1 or more") }
    let filler = arguments[1, "fill_with"]
    var parts: [[PythonValue]] = []
    if name == "batch" {
      for start in stride(from: 0, to: values.count, by: count) {
        parts.append(Array(values[start..<(count < values.count - start ? start + count : values.count)]))
      }
      if let filler, let last = parts.last, last.count < count {
        try renderer.charge(count - last.count, times: 16)
        parts[parts.count - 1] += [PythonValue](repeating: filler, count: count - last.count)
      }
    } else {
      try renderer.charge(count, times: 16)
      let size = values.count / count, more = values.count % count
      var start = 0
      for index in 0..<count {
        let end = start + size + (index < more ? 1 : 0)
        parts.append(Array(values[start..<end]) + (index >= more && more > 0 ? filler.map { [$0] } ?? [] : []))
        start = end
      }
    }
    return .list(parts.map { .list($0) })
  }

  func map(_ value: PythonValue, _ positional: [PythonValue], _ named: TemplateRenderer.Named) throws -> PythonValue {
    let values = try renderer.items(value)
    if positional.isEmpty, let attribute = named.first(where: { $0.name == "attribute" })?.value {
      let otherwise = named.first { $0.name == "default" }?.value
      return .list(
        try values.map { value in
          let result = try member(attribute, of: value, or: otherwise)
          return result.isUndefined ? otherwise ?? result : result
        })
    }
    guard case .string(let name)? = positional.first, Self.names.contains(name) else {
      throw renderer.error(.type, "'map' is given no filter that there is", expected: "a filter's name or attribute=")
    }
    return .list(try renderer.nested { try values.map { try apply(name, to: $0, Array(positional.dropFirst()), named) } })
  }

  func select(
    _ value: PythonValue, _ positional: [PythonValue], _ named: TemplateRenderer.Named, attribute: PythonValue?, keeps: Bool
  ) throws -> PythonValue {
    let tests = TemplateTests(renderer)
    var name: String?
    if let first = positional.first {
      // Signs may name tests here.
      let signs = ["==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"]
      let text = signs[first.text] ?? first.text
      guard TemplateTests.names.contains(text) else { throw renderer.error(.type, "there is no test '\(text)'") }
      name = text
    }
    return .list(
      try renderer.items(value).filter { value in
        let value = try member(attribute, of: value)
        let holds = try name.map { try tests.holds($0, value, Array(positional.dropFirst())) } ?? value.isTrue
        return holds == keeps
      })
  }
}
