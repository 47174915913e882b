/// The YAML 1.2 core schema: what a scalar without quotes means. (`yes`, `no`, `on` and `off` are text, as in JSON.)
enum PlainScalar {
  static func content(of text: String) -> DocumentNode.Content {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .flag(true)
    case "false", "False", "FALSE": return .flag(false)
    case ".nan", ".NaN", ".NAN": return .number(.nan)
    case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .number(.infinity)
    case "-.inf", "-.Inf", "-.INF": return .number(-.infinity)
    default: break
    }
    guard let first = text.utf8.first, first == 0x2B || first == 0x2D || first == 0x2E || isDigit(first) else { return .text(text) }
    if let value = whole(text) { return .whole(value) }
    if isDecimal(text), let value = Double(text) { return .number(value) }
    return .text(text)
  }

  private static func whole(_ text: String) -> Int? {
    if text.hasPrefix("0x") { return Int(text.dropFirst(2), radix: 16) }
    if text.hasPrefix("0o") { return Int(text.dropFirst(2), radix: 8) }
    return Int(text, radix: 10)
  }

  /// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
  private static func isDecimal(_ text: String) -> Bool {
    var rest = Substring(text).utf8[...]
    func digits() -> Int {
      let count = rest.prefix(while: isDigit).count
      rest = rest.dropFirst(count)
      return count
    }
    if rest.first == 0x2B || rest.first == 0x2D { rest = rest.dropFirst() }
    let leading = digits()
    if rest.first == 0x2E {
      rest = rest.dropFirst()
      if digits() == 0, leading == 0 { return false }
    } else if leading == 0 {
      return false
    }
    if rest.first == 0x65 || rest.first == 0x45 {
      rest = rest.dropFirst()
      if rest.first == 0x2B || rest.first == 0x2D { rest = rest.dropFirst() }
      if digits() == 0 { return false }
    }
    return rest.isEmpty
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
}
