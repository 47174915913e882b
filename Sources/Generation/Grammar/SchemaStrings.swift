import MartletCore
import Text

/// Characters as they stand in JSON strings.
enum SchemaStrings {
  typealias Expression = Grammar.Builder.Expression

  private static let short: [UInt32: String] = [
    0x08: "\\b", 0x09: "\\t", 0x0A: "\\n", 0x0C: "\\f", 0x0D: "\\r", 0x22: "\\\"", 0x5C: "\\\\",
  ]

  /// One character of the ranges, escaped where it must be and not elsewhere.
  static func encoded(_ ranges: [ClosedRange<UInt32>]) -> Expression {
    let plain = ranges.flatMap { range in
      [0x20...0x21, 0x23...0x5B, 0x5D...0x10FFFF].compactMap { $0.overlaps(range) ? range.clamped(to: $0) : nil }
    }
    var choices: [Expression] = plain.isEmpty ? [] : [GrammarCharacters.utf8(plain)]
    for value in [0x22, 0x5C] + Array(0..<0x20 as Range<UInt32>) where ranges.contains(where: { $0.contains(value) }) {
      choices.append(.text(short[value] ?? "\\u00" + (value < 16 ? "0" : "") + String(value, radix: 16)))
    }
    return choices.count == 1 ? choices[0] : .choice(choices)
  }

  /// Any character in any spelling that JSON knows; halves of surrogate pairs only in pairs.
  static func anyCharacter() -> Expression {
    func set(_ text: String) -> Expression { .bytes(Grammar.ByteSet(text.utf8)) }
    let digit = set("0123456789abcdefABCDEF")
    let unit = Expression.choice([
      .sequence([set("0123456789abcefABCEF"), digit, digit, digit]), .sequence([set("dD"), set("01234567"), digit, digit]),
      .sequence([set("dD"), set("89abAB"), digit, digit, .text("\\u"), set("dD"), set("cdefCDEF"), digit, digit]),
    ])
    return .choice([
      GrammarCharacters.utf8([0x20...0x21, 0x23...0x5B, 0x5D...0x10FFFF]),
      .sequence([.text("\\"), .choice([set("\"\\/bfnrt"), .sequence([.text("u"), unit])])]),
    ])
  }
}

extension SchemaCompiler {
  mutating func anyString() throws(GrammarError) -> Expression {
    if let string = shared.string { return string }
    let string = try builder.rule(.sequence([.text("\""), .times(try character(), from: 0, to: nil), .text("\"")]))
    shared.string = string
    return string
  }

  private mutating func character() throws(GrammarError) -> Expression {
    if let character = shared.character { return character }
    let character = try builder.rule(SchemaStrings.anyCharacter())
    shared.character = character
    return character
  }

  /// Days that there are, the 29th of February in leap years only.
  private static let day =
    "([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
    + "|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)"
  private static let clock = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
  private static let formats: [String: String] = [
    "date": "^\(day)$", "time": "^\(clock)$", "date-time": "^\(day)T\(clock)$",
    "uuid": "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
  ]

  mutating func string(_ schema: TemplateValue, at place: String) throws(GrammarError) -> Expression {
    let least = try count(schema, "minLength", at: place) ?? 0
    let most = try count(schema, "maxLength", at: place)
    var pattern: String?
    if case .string(let text)? = schema["pattern"] { pattern = text }
    if pattern == nil, case .string(let format)? = schema["format"] { pattern = Self.formats[format] }
    guard let pattern else {
      if least == 0, most == nil { return try anyString() }
      guard most.map({ $0 >= least }) ?? true else {
        throw error("no text has at least \(least) and at most \(most ?? 0) characters", at: place)
      }
      return .sequence([.text("\""), .times(try character(), from: least, to: most), .text("\"")])
    }
    guard least == 0, most == nil else { throw error("a pattern and a length together", at: place, expected: "the length in the pattern") }
    var reader = PatternReader(pattern)
    do {
      return .sequence([.text("\""), try reader.expression(), .text("\"")])
    } catch {
      throw self.error("pattern: \(error.problem)", at: place, expected: error.expected)
    }
  }

  func text(_ value: TemplateValue) -> String { SchemaValues.text(value) }
}

/// Values that a schema lists, as JSON text.
enum SchemaValues {
  static func text(_ value: TemplateValue) -> String {
    switch value {
    case .null: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .int(let value): return String(value)
    case .double(let value): return "\(value)"
    case .array(let values): return "[" + values.map(text).joined(separator: ",") + "]"
    case .object(let members): return "{" + members.map { text(.string($0.name)) + ":" + text($0.value) }.joined(separator: ",") + "}"
    case .string(let value): return JSONText.quoted(value)
    }
  }

  /// Whether a value has a type by name.
  static func hasType(_ value: TemplateValue) -> (String) -> Bool {
    { name in
      switch value {
      case .null: name == "null"
      case .bool: name == "boolean"
      case .int: name == "integer" || name == "number"
      case .double(let number): name == "number" || (name == "integer" && number == number.rounded())
      case .string: name == "string"
      case .array: name == "array"
      case .object: name == "object"
      }
    }
  }
}
