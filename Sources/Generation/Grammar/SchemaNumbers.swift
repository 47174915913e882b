import Text

/// Numbers within bounds, digit by digit.
enum SchemaNumbers {
  typealias Expression = Grammar.Builder.Expression

  static let digit = Expression.bytes(Grammar.ByteSet("0123456789".utf8))
  private static let nonzero = Expression.bytes(Grammar.ByteSet("123456789".utf8))
  /// Digits of a number without a bound: more would be lost in most programs, and a model must come to an end.
  private static let digits = 16

  static func whole() -> Expression {
    .choice([.text("0"), .sequence([nonzero, .times(digit, from: 0, to: digits - 1)])])
  }

  static var fraction: Expression { .sequence([.text("."), .times(digit, from: 1, to: digits)]) }

  /// Any JSON number.
  static func any() -> Expression {
    let sign = Expression.times(.bytes(Grammar.ByteSet("+-".utf8)), from: 0, to: 1)
    // Beyond 10^289 sixteen digits may be more than a double holds.
    let power = Expression.choice([.times(digit, from: 1, to: 2), range(100, 289)])
    let exponent = Expression.sequence([.bytes(Grammar.ByteSet("eE".utf8)), sign, power])
    return .sequence([
      .times(.text("-"), from: 0, to: 1), whole(), .times(fraction, from: 0, to: 1), .times(exponent, from: 0, to: 1),
    ])
  }

  /// The whole numbers from `low` to `high`, both at least 0.
  static func range(_ low: Int, _ high: Int) -> Expression {
    var choices: [Expression] = []
    let longest = String(high).utf8.count
    var length = String(low).utf8.count
    while length <= longest {
      var least = 1
      for _ in 1..<length { least *= 10 }
      let first = max(low, length == 1 ? 0 : least)
      let last = length < longest ? least * 10 - 1 : high
      if first <= last { choices.append(span(Array(String(first).utf8), Array(String(last).utf8))) }
      length += 1
    }
    return choices.count == 1 ? choices[0] : .choice(choices)
  }

  /// Numbers of equally many digits between two of them.
  private static func span(_ low: [UInt8], _ high: [UInt8]) -> Expression {
    if low.isEmpty { return .nothing }
    func byte(_ from: UInt8, _ to: UInt8) -> Expression { .bytes(Grammar.ByteSet(from...to)) }
    let rest = low.count - 1
    let lowRest = Array(low.dropFirst()), highRest = Array(high.dropFirst())
    if low[0] == high[0] { return .sequence([byte(low[0], low[0]), span(lowRest, highRest)]) }
    let nines = [UInt8](repeating: UInt8(ascii: "9"), count: rest), zeros = [UInt8](repeating: UInt8(ascii: "0"), count: rest)
    var choices = [
      Expression.sequence([byte(low[0], low[0]), span(lowRest, nines)]), .sequence([byte(high[0], high[0]), span(zeros, highRest)]),
    ]
    if low[0] + 1 < high[0] { choices.append(.sequence([byte(low[0] + 1, high[0] - 1), .times(digit, from: rest, to: rest)])) }
    return .choice(choices)
  }
}

extension SchemaCompiler {
  /// A number; bounds must be whole.
  mutating func number(_ schema: TemplateValue, isInteger: Bool, at place: String) throws(GrammarError) -> Expression {
    var low = try bound(schema, "minimum", isInteger: isInteger, rounding: .up, at: place)
    var high = try bound(schema, "maximum", isInteger: isInteger, rounding: .down, at: place)
    for name in ["exclusiveMinimum", "exclusiveMaximum"] where schema[name] != nil {
      guard isInteger else { throw error("'\(name)' of a number cannot be held to", at: place, expected: "an integer") }
      let isLow = name == "exclusiveMinimum"
      guard let value = try bound(schema, name, isInteger: true, rounding: isLow ? .down : .up, at: place) else { continue }
      if isLow { low = max(low ?? .min, value + 1) } else { high = min(high ?? .max, value - 1) }
    }
    let sign = Expression.times(.text("-"), from: 0, to: 1)
    guard low != nil || high != nil else {
      return isInteger ? .sequence([sign, SchemaNumbers.whole()]) : SchemaNumbers.any()
    }
    // Without a bound on one side numbers have at most 15 digits there.
    let limit = 999_999_999_999_999
    let least = low ?? min(-limit, high ?? 0), most = high ?? max(limit, low ?? 0)
    guard least <= most else { throw error("no number is at least \(least) and at most \(most)", at: place) }
    var choices: [Expression] = []
    func part(_ from: Int, _ to: Int, negative: Bool) -> Expression {
      var whole: Expression = SchemaNumbers.range(from, to)
      if !isInteger {
        // A fraction may follow all but the last whole number, which only zeros may follow.
        let zeros = Expression.times(.sequence([.text("."), .times(.text("0"), from: 1, to: 16)]), from: 0, to: 1)
        let end = Expression.sequence([SchemaNumbers.range(to, to), zeros])
        whole =
          from < to ? .choice([.sequence([SchemaNumbers.range(from, to - 1), .times(SchemaNumbers.fraction, from: 0, to: 1)]), end]) : end
      }
      return negative ? .sequence([.text("-"), whole]) : whole
    }
    if most >= 0 { choices.append(part(max(least, 0), most, negative: false)) }
    if least < 0 {
      let from = most >= 0 ? 0 : -most
      if from == 0, isInteger {
        choices.append(part(1, -least, negative: true))
      } else {
        choices.append(part(from, -least, negative: true))
      }
    }
    return choices.count == 1 ? choices[0] : .choice(choices)
  }

  private func bound(
    _ schema: TemplateValue, _ name: String, isInteger: Bool, rounding: FloatingPointRoundingRule, at place: String
  ) throws(GrammarError) -> Int? {
    let limit = 1e15
    switch schema[name] {
    case nil: return nil
    case .int(let value)? where abs(Double(value)) <= limit: return value
    case .double(let value)? where abs(value) <= limit && (isInteger || value == value.rounded()): return Int(value.rounded(rounding))
    default:
      throw error("'\(name)' cannot be held to", at: place, expected: isInteger ? "a number up to 10^15" : "a whole number up to 10^15")
    }
  }
}
