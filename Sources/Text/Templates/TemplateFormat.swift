/// Python's `%` between a text and values: `%s %r %d %i %f %x %o %%` with flags, width and precision.
struct TemplateFormat {
  private let renderer: TemplateRenderer

  init(_ renderer: TemplateRenderer) { self.renderer = renderer }

  func format(_ format: String, _ value: PythonValue) throws -> String {
    var values = [value]
    if case .tuple(let all) = value { values = all }
    return try self.format(format, values: values, mapping: value)
  }

  func format(_ format: String, values: [PythonValue], mapping: PythonValue) throws -> String {
    let scalars = Array(format.unicodeScalars)
    var result = ""
    var place = 0
    var used = 0
    while place < scalars.count {
      guard scalars[place] == "%" else {
        result.unicodeScalars.append(scalars[place])
        place += 1
        continue
      }
      place += 1
      var named: PythonValue?
      if place < scalars.count, scalars[place] == "(", let end = scalars[place...].firstIndex(of: ")") {
        named = try renderer.item(.string(PythonText.slice(scalars[place + 1..<end])), of: mapping)
        place = end + 1
      }
      var flags = Set<Unicode.Scalar>()
      while place < scalars.count, "-+ 0#".unicodeScalars.contains(scalars[place]) {
        flags.insert(scalars[place])
        place += 1
      }
      let width = try number(scalars, &place) ?? 0
      var precision: Int?
      if place < scalars.count, scalars[place] == "." {
        place += 1
        precision = try number(scalars, &place) ?? 0
      }
      guard place < scalars.count else { throw renderer.error(.type, "a format ends after '%'") }
      let letter = scalars[place]
      place += 1
      if letter == "%" {
        result += "%"
        continue
      }
      guard let value = named ?? (used < values.count ? values[used] : nil) else {
        throw renderer.error(.type, "a format has more places than values")
      }
      if named == nil { used += 1 }
      try renderer.charge(width + (precision ?? 0))
      result += pad(try text(value, letter, flags, precision), width, flags, isNumber: !["s", "r"].contains(letter))
    }
    if used < values.count, case .tuple = mapping { throw renderer.error(.type, "a format has fewer places than values") }
    try renderer.charge(result.utf8.count)
    return result
  }

  private func number(_ scalars: [Unicode.Scalar], _ place: inout Int) throws -> Int? {
    let start = place
    while place < scalars.count, "0"..."9" ~= scalars[place] { place += 1 }
    guard place > start else { return nil }
    guard let value = Int(PythonText.slice(scalars[start..<place])), value <= 10_000 else {
      throw renderer.error(.limit, "a format is wider than 10,000")
    }
    return value
  }

  private func pad(_ text: String, _ width: Int, _ flags: Set<Unicode.Scalar>, isNumber: Bool) -> String {
    let missing = width - text.unicodeScalars.count
    guard missing > 0 else { return text }
    if flags.contains("-") { return text + String(repeating: " ", count: missing) }
    guard flags.contains("0"), isNumber else { return String(repeating: " ", count: missing) + text }
    let sign = text.prefix { "+- ".contains($0) }
    return sign + String(repeating: "0", count: missing) + text.dropFirst(sign.count)
  }

  private func text(_ value: PythonValue, _ letter: Unicode.Scalar, _ flags: Set<Unicode.Scalar>, _ precision: Int?) throws -> String {
    switch letter {
    case "s", "r":
      let text = try letter == "s" ? renderer.printed(value) : value.representation
      return precision.map { PythonText.slice(text.unicodeScalars.prefix($0)) } ?? text
    case "d", "i", "x", "X", "o":
      guard let number = value.number, let whole = Int(exactly: number.rounded(.towardZero)) else {
        throw renderer.error(.type, "'%\(letter)' is given a \(value.typeName)", expected: "a number")
      }
      let digits = String(whole.magnitude, radix: letter == "o" ? 8 : letter == "d" || letter == "i" ? 10 : 16, uppercase: letter == "X")
      let filled = String(repeating: "0", count: max((precision ?? 0) - digits.count, 0)) + digits
      return sign(whole < 0, flags) + filled
    case "f", "F":
      guard let number = value.number else { throw renderer.error(.type, "'%f' is given a \(value.typeName)", expected: "a number") }
      return sign(number < 0, flags) + TemplateNumber.fixed(abs(number), precision ?? 6)
    default: throw renderer.error(.type, "'%\(letter)' is no format that templates know")
    }
  }

  private func sign(_ isNegative: Bool, _ flags: Set<Unicode.Scalar>) -> String {
    isNegative ? "-" : flags.contains("+") ? "+" : flags.contains(" ") ? " " : ""
  }
}
