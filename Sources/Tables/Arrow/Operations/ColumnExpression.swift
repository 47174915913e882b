/// What is computed from a table's columns row by row: a condition to filter by, or a new column.
///
/// Written in Swift or as text, as `martlet.yml` does:
/// ```swift
/// try table.filtered(.column("distance") > 1000 && .column("carrier").isIn(["AA", "UA"]))
/// try table.deriving(["speed": ColumnExpression("distance / air_time * 60")])
/// ```
/// A missing value makes missing what is computed from it; a filter leaves rows out where the condition is missing. `&&` and `||` follow
/// SQL: false and missing is false, true or missing is true. Texts compare by their bytes, categories as their texts.
public struct ColumnExpression: Sendable, Hashable {
  indirect enum Node: Sendable, Hashable {
    case column(String)
    case literal(TableValue)
    case call(ColumnFunction, [Node])
    /// One of the values.
    case within(Node, [TableValue])
  }

  let node: Node

  init(_ node: Node) { self.node = node }

  /// The value of a column.
  public static func column(_ name: String) -> ColumnExpression { ColumnExpression(.column(name)) }

  /// One value for all rows.
  public static func value(_ value: TableValue) -> ColumnExpression { ColumnExpression(.literal(value)) }

  /// One text for all rows.
  public static func text(_ text: String) -> ColumnExpression { value(.text(text)) }

  /// A function of other expressions.
  public static func call(_ function: ColumnFunction, _ arguments: [ColumnExpression]) -> ColumnExpression {
    ColumnExpression(.call(function, arguments.map(\.node)))
  }

  /// Whether the value is one of these; false where it is missing.
  public func isIn(_ values: [TableValue]) -> ColumnExpression { ColumnExpression(.within(node, values)) }

  /// Whether there is no value; never missing itself.
  public var isMissing: ColumnExpression { .call(.isMissing, [self]) }

  /// The names of the columns that it reads.
  public var columnNames: Set<String> {
    func names(_ node: Node) -> Set<String> {
      switch node {
      case .column(let name): [name]
      case .literal: []
      case .call(_, let arguments): arguments.reduce(into: []) { $0.formUnion(names($1)) }
      case .within(let value, _): names(value)
      }
    }
    return names(node)
  }
}

/// The functions of expressions, under the names that texts call them by.
public enum ColumnFunction: String, Sendable, Hashable, CaseIterable {
  case add, subtract, multiply, divide, remainder, power, negate
  case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
  case and, or, not
  case isMissing, fill, choose = "if"
  case abs, sqrt, exp, log, log10, log1p, floor, ceil, round, sign, min, max, sin, cos
  case lower, upper, trim, length, contains, startsWith, endsWith, matches, replace, slice, concat
  case year, month, day, dayOfWeek, dayOfYear, week, quarter, hour, minute, second, seconds, time
  case number, integer, text, boolean

  /// How many arguments it takes.
  var arity: ClosedRange<Int> {
    switch self {
    case .add, .subtract, .multiply, .divide, .remainder, .power, .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .and,
      .or,
      .contains, .startsWith, .endsWith, .matches:
      2...2
    case .fill, .min, .max, .concat: 2...100
    case .choose, .replace, .slice: 3...3
    case .round, .time: 1...2
    default: 1...1
    }
  }
}

// No literal of texts: `ColumnExpression("a > 1")` would be that text, not what it says.
extension ColumnExpression: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral {
  public init(integerLiteral value: Int64) { self.init(.literal(.integer(value))) }
  public init(floatLiteral value: Double) { self.init(.literal(.number(value))) }
  public init(booleanLiteral value: Bool) { self.init(.literal(.boolean(value))) }

  public static func + (a: Self, b: Self) -> Self { .call(.add, [a, b]) }
  public static func - (a: Self, b: Self) -> Self { .call(.subtract, [a, b]) }
  public static func * (a: Self, b: Self) -> Self { .call(.multiply, [a, b]) }
  /// Of numbers, always with its fraction.
  public static func / (a: Self, b: Self) -> Self { .call(.divide, [a, b]) }
  public static func % (a: Self, b: Self) -> Self { .call(.remainder, [a, b]) }
  public static prefix func - (a: Self) -> Self { .call(.negate, [a]) }
  /// Whether the values are equal, row by row (`==` compares two expressions themselves).
  public static func .== (a: Self, b: Self) -> Self { .call(.equal, [a, b]) }
  public static func .!= (a: Self, b: Self) -> Self { .call(.notEqual, [a, b]) }
  public static func .== (a: Self, b: String) -> Self { a .== .text(b) }
  public static func .!= (a: Self, b: String) -> Self { a .!= .text(b) }
  public static func < (a: Self, b: Self) -> Self { .call(.less, [a, b]) }
  public static func <= (a: Self, b: Self) -> Self { .call(.lessOrEqual, [a, b]) }
  public static func > (a: Self, b: Self) -> Self { .call(.greater, [a, b]) }
  public static func >= (a: Self, b: Self) -> Self { .call(.greaterOrEqual, [a, b]) }
  public static func && (a: Self, b: Self) -> Self { .call(.and, [a, b]) }
  public static func || (a: Self, b: Self) -> Self { .call(.or, [a, b]) }
  public static prefix func ! (a: Self) -> Self { .call(.not, [a]) }
}

infix operator .== : ComparisonPrecedence
infix operator .!= : ComparisonPrecedence

/// As text.
extension ColumnExpression: Codable {
  public init(from decoder: any Decoder) throws { try self.init(decoder.singleValueContainer().decode(String.self)) }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension ColumnExpression: CustomStringConvertible {
  /// Text that reads back as the same expression.
  public var description: String { Self.text(node) }

  private static func text(_ node: Node) -> String {
    switch node {
    case .column(let name): ExpressionText.isPlain(name) ? name : "`\(name)`"
    case .literal(let value): text(value)
    case .within(let value, let list): "\(text(value)) in (\(list.map(text).joined(separator: ", ")))"
    case .call(let function, let arguments):
      if let sign = ExpressionText.signs[function] {
        arguments.count == 1 ? "\(sign)(\(text(arguments[0])))" : "(\(arguments.map(text).joined(separator: " \(sign) ")))"
      } else {
        "\(function.rawValue)(\(arguments.map(text).joined(separator: ", ")))"
      }
    }
  }

  private static func text(_ value: TableValue) -> String {
    switch value {
    case .missing: "missing"
    case .integer(let value): String(value)
    case .number(let value): String(value)
    case .boolean(let value): String(value)
    case .timestamp(let value): "time(\(value))"
    case .text(let value): "\"" + value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    case .list(let values): "(" + values.map(text).joined(separator: ", ") + ")"
    }
  }
}
