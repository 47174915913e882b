extension TemplateMethods {
  /// A text's method. Places count characters as Python does (Unicode scalars).
  func call(_ name: String, of text: String, _ positional: [PythonValue], _ named: TemplateRenderer.Named) throws -> PythonValue {
    try renderer.charge(text.utf8.count)
    let arguments = Arguments(renderer, name, positional, named)
    switch name {
    case "upper": return .string(text.uppercased())
    case "lower": return .string(text.lowercased())
    case "capitalize": return .string(TextCase.capitalized(text))
    case "title": return .string(TextCase.titled(text))
    case "swapcase":
      return .string(
        text.unicodeScalars.map { $0.properties.isUppercase ? $0.properties.lowercaseMapping : $0.properties.uppercaseMapping }.joined())
    case "strip", "lstrip", "rstrip":
      let unwanted = try arguments.optionalText(0, "chars")
      return .string(Self.strip(text, unwanted, left: name != "rstrip", right: name != "lstrip"))
    case "startswith", "endswith":
      guard let first = arguments[0, "prefix"] else { throw renderer.error(.type, "'\(name)' is given nothing") }
      var wanted = [first]
      if case .tuple(let all) = first { wanted = all }
      return .bool(
        try wanted.contains { value in
          let part = try arguments.text(value)
          return name == "startswith"
            ? text.utf8.starts(with: part.utf8)
            : text.utf8.count >= part.utf8.count && text.utf8.suffix(part.utf8.count).elementsEqual(part.utf8)
        })
    case "removeprefix":
      let part = try arguments.text(0)
      return .string(text.utf8.starts(with: part.utf8) ? String(text.unicodeScalars.dropFirst(part.unicodeScalars.count)) : text)
    case "removesuffix":
      let part = try arguments.text(0)
      let ends = !part.isEmpty && text.utf8.suffix(part.utf8.count).elementsEqual(part.utf8)
      return .string(ends ? String(text.unicodeScalars.dropLast(part.unicodeScalars.count)) : text)
    case "replace":
      let count = try arguments.optionalInteger(2, "count") ?? -1
      return .string(try replaced(text, try arguments.text(0), try arguments.text(1), count))
    case "split", "rsplit": return try split(text, arguments, fromEnd: name == "rsplit")
    case "splitlines": return .list(Self.lines(text, keepsEnds: arguments[0, "keepends"]?.isTrue ?? false).map { .string($0) })
    case "partition", "rpartition": return try partition(text, arguments, last: name == "rpartition")
    case "find", "rfind", "index":
      let places = TextSearch.all(try arguments.text(0), in: text, limit: name == "rfind" ? .max : 1)
      guard let place = name == "rfind" ? places.last : places.first else {
        if name == "index" { throw renderer.error(.type, "the text is not found") }
        return .int(-1)
      }
      return .int(text.utf8.prefix(place).count { $0 & 0xC0 != 0x80 })
    case "count":
      let wanted = try arguments.text(0)
      return .int(wanted.isEmpty ? text.unicodeScalars.count + 1 : TextSearch.all(wanted, in: text).count)
    case "join":
      guard let values = arguments[0, "iterable"] else { throw renderer.error(.type, "'join' is given nothing") }
      return .string(try joined(try renderer.items(values).map { try arguments.text($0) }, by: text))
    case "ljust", "rjust", "center", "zfill": return .string(try padded(text, name, arguments))
    case "format": return .string(try formatted(text, positional, named))
    default: return .bool(Self.isKind(name, text))
    }
  }

  func joined(_ parts: [String], by separator: String) throws -> String {
    let size = parts.reduce(0) { $0 + $1.utf8.count } + max(parts.count - 1, 0) * separator.utf8.count
    try renderer.charge(size)
    return parts.joined(separator: separator)
  }

  static func strip(_ text: String, _ unwanted: String?, left: Bool = true, right: Bool = true) -> String {
    let set = unwanted.map { Set($0.unicodeScalars) }
    func goes(_ scalar: Unicode.Scalar) -> Bool { set?.contains(scalar) ?? PythonText.isSpace(scalar) }
    var part = text.unicodeScalars[...]
    if left { part = part.drop(while: goes) }
    if right { while let last = part.last, goes(last) { part.removeLast() } }
    return String(part)
  }

  func replaced(_ text: String, _ old: String, _ new: String, _ count: Int) throws -> String {
    if count == 0 { return text }
    if old.isEmpty {
      let scalars = Array(text.unicodeScalars)
      let limit = count < 0 ? scalars.count + 1 : min(count, scalars.count + 1)
      try renderer.charge(text.utf8.count + new.utf8.count * limit)
      var result = ""
      for (index, scalar) in scalars.enumerated() {
        if index < limit { result += new }
        result.unicodeScalars.append(scalar)
      }
      return scalars.count < limit ? result + new : result
    }
    let places = TextSearch.all(old, in: text, limit: count < 0 ? .max : count)
    try renderer.charge(places.count, times: new.utf8.count)
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    var start = 0
    for place in places {
      result += bytes[start..<place]
      result += new.utf8
      start = place + old.utf8.count
    }
    result += bytes[start...]
    return String(decoding: result, as: UTF8.self)
  }

  private func split(_ text: String, _ arguments: Arguments, fromEnd: Bool) throws -> PythonValue {
    let limit = try arguments.optionalInteger(1, "maxsplit") ?? -1
    guard let separator = try arguments.optionalText(0, "sep") else {
      return .list(Self.words(text, limit: limit, fromEnd: fromEnd).map { .string($0) })
    }
    guard !separator.isEmpty else { throw renderer.error(.type, "'split' is given an empty text") }
    var places = TextSearch.all(separator, in: text)
    if limit >= 0, places.count > limit { places = fromEnd ? Array(places.suffix(limit)) : Array(places.prefix(limit)) }
    try renderer.step(places.count)
    let bytes = Array(text.utf8)
    var parts: [PythonValue] = []
    var start = 0
    for place in places {
      parts.append(.string(String(decoding: bytes[start..<place], as: UTF8.self)))
      start = place + separator.utf8.count
    }
    parts.append(.string(String(decoding: bytes[start...], as: UTF8.self)))
    return .list(parts)
  }

  /// Parts between runs of white space.
  static func words(_ text: String, limit: Int = -1, fromEnd: Bool = false) -> [String] {
    let all = text.unicodeScalars.split { PythonText.isSpace($0) }
    guard limit >= 0, all.count > limit else { return all.map { String($0) } }
    let scalars = text.unicodeScalars
    if fromEnd {
      let head = scalars[..<all[all.count - limit - 1].endIndex].drop { PythonText.isSpace($0) }
      return [String(head)] + all.suffix(limit).map { String($0) }
    }
    let tail = strip(String(scalars[all[limit].startIndex...]), nil, left: false)
    return all.prefix(limit).map { String($0) } + [tail]
  }

  static func lines(_ text: String, keepsEnds: Bool = false) -> [String] {
    let ends: Set<Unicode.Scalar> = [
      "\n", "\r", "\u{B}", "\u{C}", "\u{1C}", "\u{1D}", "\u{1E}", "\u{85}", "\u{2028}", "\u{2029}",
    ]
    let scalars = Array(text.unicodeScalars)
    var lines: [String] = []
    var start = 0, place = 0
    while place < scalars.count {
      guard ends.contains(scalars[place]) else {
        place += 1
        continue
      }
      let next = scalars[place] == "\r" && place + 1 < scalars.count && scalars[place + 1] == "\n" ? place + 2 : place + 1
      lines.append(PythonText.slice(scalars[start..<(keepsEnds ? next : place)]))
      start = next
      place = next
    }
    if start < scalars.count { lines.append(PythonText.slice(scalars[start...])) }
    return lines
  }

  private func partition(_ text: String, _ arguments: Arguments, last: Bool) throws -> PythonValue {
    let separator = try arguments.text(0)
    guard !separator.isEmpty else { throw renderer.error(.type, "'partition' is given an empty text") }
    let places = TextSearch.all(separator, in: text, limit: last ? .max : 1)
    let bytes = Array(text.utf8)
    guard let place = last ? places.last : places.first else {
      let parts: [PythonValue] = last ? [.string(""), .string(""), .string(text)] : [.string(text), .string(""), .string("")]
      return .tuple(parts)
    }
    let head = String(decoding: bytes[..<place], as: UTF8.self)
    let tail = String(decoding: bytes[(place + separator.utf8.count)...], as: UTF8.self)
    return .tuple([.string(head), .string(separator), .string(tail)])
  }

  private func padded(_ text: String, _ name: String, _ arguments: Arguments) throws -> String {
    let width = try arguments.integer(0, "width")
    let missing = max(width, 0) - text.unicodeScalars.count
    guard missing > 0 else { return text }
    let filler = try name == "zfill" ? "0" : arguments.optionalText(1, "fillchar") ?? " "
    guard filler.unicodeScalars.count == 1 else {
      throw renderer.error(.type, "'\(name)' fills with '\(filler)'", expected: "one character")
    }
    try renderer.charge(missing, times: filler.utf8.count)
    func fill(_ count: Int) -> String { String(repeating: filler, count: count) }
    switch name {
    case "ljust": return text + fill(missing)
    case "rjust": return fill(missing) + text
    case "zfill":
      let isSigned = text.hasPrefix("-") || text.hasPrefix("+")
      return text.prefix(isSigned ? 1 : 0) + fill(missing) + text.dropFirst(isSigned ? 1 : 0)
    default:
      let left = missing / 2 + (missing & width & 1)
      return fill(left) + text + fill(missing - left)
    }
  }

  /// `"{} {0} {name}".format(...)` without attributes and format specifications.
  private func formatted(_ text: String, _ positional: [PythonValue], _ named: TemplateRenderer.Named) throws -> String {
    let scalars = Array(text.unicodeScalars)
    var result = ""
    var place = 0, next = 0
    var isCounted = false, isNumbered = false
    while place < scalars.count {
      let scalar = scalars[place]
      place += 1
      guard scalar == "{" || scalar == "}" else {
        result.unicodeScalars.append(scalar)
        continue
      }
      if place < scalars.count, scalars[place] == scalar {
        result.unicodeScalars.append(scalar)
        place += 1
        continue
      }
      guard scalar == "{", let end = scalars[place...].firstIndex(of: "}") else {
        throw renderer.error(.type, "a single brace in a format")
      }
      let field = PythonText.slice(scalars[place..<end])
      place = end + 1
      var value: PythonValue?
      isCounted = field.isEmpty || isCounted
      isNumbered = Int(field) != nil || isNumbered
      if isCounted, isNumbered { throw renderer.error(.type, "a format counts its fields and numbers them, too") }
      if field.isEmpty {
        value = next < positional.count ? positional[next] : nil
        next += 1
      } else if let index = Int(field) {
        value = positional.indices.contains(index) ? positional[index] : nil
      } else {
        value = named.first { $0.name == field }?.value
      }
      guard let value else { throw renderer.error(.type, "a format's field '\(field)' has no value") }
      result += try renderer.printed(value)
    }
    try renderer.charge(result.utf8.count)
    return result
  }

  private static func isKind(_ name: String, _ text: String) -> Bool {
    let scalars = text.unicodeScalars
    guard !scalars.isEmpty else { return false }
    func isDigit(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.numericType == .decimal || scalar.properties.numericType == .digit }
    switch name {
    case "isspace": return scalars.allSatisfy { PythonText.isSpace($0) }
    case "isdigit": return scalars.allSatisfy { isDigit($0) }
    case "isalpha": return scalars.allSatisfy { TextCase.isLetter($0) }
    case "isalnum": return scalars.allSatisfy { TextCase.isLetter($0) || $0.properties.numericType != nil }
    case "isupper": return scalars.contains { $0.properties.isUppercase } && !scalars.contains { $0.properties.isLowercase }
    default: return scalars.contains { $0.properties.isLowercase } && !scalars.contains { $0.properties.isUppercase }
    }
  }

  /// A method's arguments by place or name.
  struct Arguments {
    let renderer: TemplateRenderer
    let name: String
    let positional: [PythonValue]
    let named: TemplateRenderer.Named

    init(_ renderer: TemplateRenderer, _ name: String, _ positional: [PythonValue], _ named: TemplateRenderer.Named) {
      self.renderer = renderer
      self.name = name
      self.positional = positional
      self.named = named
    }

    subscript(place: Int, name: String) -> PythonValue? {
      place < positional.count ? positional[place] : named.first { $0.name == name }?.value
    }

    func text(_ value: PythonValue) throws -> String {
      guard case .string(let text) = value else {
        throw renderer.error(.type, "'\(name)' is given a \(value.typeName)", expected: "a text")
      }
      return text
    }

    func text(_ place: Int) throws -> String {
      guard place < positional.count else { throw renderer.error(.type, "'\(name)' is given too few arguments") }
      return try text(positional[place])
    }

    func optionalText(_ place: Int, _ name: String) throws -> String? {
      guard let value = self[place, name] else { return nil }
      if case .none = value { return nil }
      return try text(value)
    }

    func integer(_ place: Int, _ name: String) throws -> Int {
      guard let number = try optionalInteger(place, name) else { throw renderer.error(.type, "'\(self.name)' is given no number") }
      return number
    }

    func optionalInteger(_ place: Int, _ name: String) throws -> Int? {
      guard let value = self[place, name] else { return nil }
      guard let number = value.integer else {
        throw renderer.error(.type, "'\(self.name)' is given a \(value.typeName)", expected: "a whole number")
      }
      return number
    }
  }
}

/// Upper and lower case as Python sees them.
enum TextCase {
  static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }

  static func capitalized(_ text: String) -> String {
    guard let first = text.unicodeScalars.first else { return text }
    return first.properties.titlecaseMapping + String(text.unicodeScalars.dropFirst()).lowercased()
  }

  /// Every word's first letter large, the others small; what has no case parts words.
  static func titled(_ text: String) -> String {
    var result = ""
    var inWord = false
    for scalar in text.unicodeScalars {
      let properties = scalar.properties
      let isCased = properties.isUppercase || properties.isLowercase || properties.generalCategory == .titlecaseLetter
      result += isCased ? (inWord ? properties.lowercaseMapping : properties.titlecaseMapping) : String(scalar)
      inWord = isCased
    }
    return result
  }
}
