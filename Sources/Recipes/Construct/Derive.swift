import Foundation
import MartletCore

/// A new column from others by a formula: ratios, differences, anything of `+ - * / ^ ( )`, `log`, `log1p`, `exp`, `sqrt`, `abs`, `min`,
/// `max`. Columns stand by their names; names with other signs than letters, digits and `_` between backquotes. What cannot be computed (a
/// division by zero, a logarithm of nothing) is missing.
public struct Derive: RecipeStep {
  public static let name = "derive"
  public static let accepted: Set<RecipeKind> = [.numeric, .boolean, .timestamp]
  /// Not used: the formula names its columns.
  public var columns: ColumnSelection
  /// The new column's name.
  public var column: String
  public var formula: String

  public init() { self.init("derived", "0") }
  /// `Derive("debt_ratio", "debt / income")`
  public init(_ column: String, _ formula: String) {
    columns = .automatic
    self.column = column
    self.formula = formula
  }

  public func select(among columns: [RecipeColumn]) throws -> [Int] {
    let names = try Formula(formula).columns
    guard !names.isEmpty else { throw RecipeError("the formula '\(formula)' names no column", expected: "a formula as debt / income") }
    return try ColumnSelection(names: names).places(among: columns, accepted: Self.accepted)
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    let parsed = try Formula(formula)
    let order = input.columns.map(\.name)
    let code = parsed.code.map { item -> Formula.Item in
      guard case .column(let place) = item, let own = order.firstIndex(of: parsed.columns[place]) else { return item }
      return .column(own)
    }
    let origins = Array(Set(input.columns.flatMap(\.origins))).sorted()
    return StepFit(
      FittedFormula(code: code), outputs: input.columns.map { _ in [] } + [[RecipeColumn(name: column, origins: origins)]],
      keepsInputs: true)
  }
}

/// A formula in the order of its evaluation.
struct Formula {
  enum Item: Hashable, Sendable, Codable {
    case number(Double)
    case column(Int)
    case call(Function)
  }
  enum Function: String, Hashable, Sendable, Codable, CaseIterable {
    case add = "+", subtract = "-", multiply = "*", divide = "/", power = "^", negate
    case log, log1p, exp, sqrt, abs, min, max
    var takesTwo: Bool { [.add, .subtract, .multiply, .divide, .power, .min, .max].contains(self) }
  }

  private(set) var code: [Item] = []
  private(set) var columns: [String] = []
  private let text: String
  private var rest: Substring

  init(_ text: String) throws {
    self.text = text
    rest = Substring(text)
    try sum(depth: 0)
    skip()
    if let wrong = rest.first { throw failure("has '\(wrong)' where an operator or the end belongs") }
  }

  private func failure(_ problem: String) -> RecipeError {
    RecipeError("the formula '\(text)' \(problem)", expected: "a formula as (a - b) / `other name`", step: Derive.name)
  }

  private mutating func skip() { rest = rest.drop { $0.isWhitespace } }

  private mutating func take(_ candidates: String) -> Character? {
    skip()
    guard let first = rest.first, candidates.contains(first) else { return nil }
    rest.removeFirst()
    return first
  }

  private mutating func sum(depth: Int) throws {
    guard depth < 100 else { throw failure("is nested too deeply") }
    try product(depth: depth)
    while let sign = take("+-") {
      try product(depth: depth)
      code.append(.call(sign == "+" ? .add : .subtract))
    }
  }

  private mutating func product(depth: Int) throws {
    try signed(depth: depth)
    while let sign = take("*/") {
      try signed(depth: depth)
      code.append(.call(sign == "*" ? .multiply : .divide))
    }
  }

  private mutating func signed(depth: Int) throws {
    guard depth < 100 else { throw failure("is nested too deeply") }
    if take("-") != nil {
      try signed(depth: depth + 1)
      code.append(.call(.negate))
      return
    }
    try atom(depth: depth)
    if take("^") != nil {
      try signed(depth: depth + 1)
      code.append(.call(.power))
    }
  }

  private mutating func atom(depth: Int) throws {
    skip()
    guard let first = rest.first else { throw failure("ends where a value belongs") }
    if take("(") != nil {
      try sum(depth: depth + 1)
      guard take(")") != nil else { throw failure("lacks a closing parenthesis") }
    } else if first == "`" {
      rest.removeFirst()
      guard let end = rest.firstIndex(of: "`") else { throw failure("lacks a closing backquote") }
      column(String(rest[..<end]))
      rest = rest[rest.index(after: end)...]
    } else if first.isNumber || first == "." {
      let digits = rest.prefix { $0.isNumber || $0 == "." || $0 == "e" || $0 == "E" }
      guard let number = Double(digits) else { throw failure("has '\(digits)', which is no number") }
      rest = rest.dropFirst(digits.count)
      code.append(.number(number))
    } else if first.isLetter || first == "_" {
      let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
      rest = rest.dropFirst(word.count)
      skip()
      guard rest.first == "(" else { return column(String(word)) }
      guard let function = Function(rawValue: String(word)), function != .negate, word.first?.isLetter == true else {
        throw failure("calls '\(word)', which is no function")
      }
      rest.removeFirst()
      try sum(depth: depth + 1)
      if function.takesTwo {
        guard take(",") != nil else { throw failure("gives \(function.rawValue) one value") }
        try sum(depth: depth + 1)
      }
      guard take(")") != nil else { throw failure("lacks a closing parenthesis") }
      code.append(.call(function))
    } else {
      throw failure("has '\(first)' where a value belongs")
    }
  }

  private mutating func column(_ name: String) {
    if let place = columns.firstIndex(of: name) {
      code.append(.column(place))
    } else {
      code.append(.column(columns.count))
      columns.append(name)
    }
  }
}

struct FittedFormula: FittedStep {
  static let name = "formula"
  let code: [Formula.Item]
  var takesSingleRows: Bool { true }

  private func value(_ column: (Int) -> Double) -> Double {
    var stack: [Double] = []
    for item in code {
      switch item {
      case .number(let number): stack.append(number)
      case .column(let place): stack.append(column(place))
      case .call(let function):
        let last = stack.popLast() ?? .nan
        stack.append(function.takesTwo ? apply(function, stack.popLast() ?? .nan, last) : apply(function, last, last))
      }
    }
    let result = stack.last ?? .nan
    return result.isFinite ? result : .nan
  }

  private func apply(_ function: Formula.Function, _ a: Double, _ b: Double) -> Double {
    switch function {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: a / b
    case .power: Foundation.pow(a, b)
    case .negate: -a
    case .log: Foundation.log(a)
    case .log1p: Foundation.log1p(a)
    case .exp: Foundation.exp(a)
    case .sqrt: a.squareRoot()
    case .abs: Swift.abs(a)
    case .min: a.isNaN || b.isNaN ? .nan : Swift.min(a, b)
    case .max: a.isNaN || b.isNaN ? .nan : Swift.max(a, b)
    }
  }

  func transform(_ inputs: [RecipeValues], rows: Int, threads: Int) throws -> [RecipeValues] {
    let columns = try inputs.map { try $0.doubles() }
    return [.numbers((0..<rows).map { row in value { columns[$0][row] } })]
  }

  func transform(row: inout RowCells, inputs: [Int], outputs: [Int]) throws {
    row.numbers[outputs[0]] = value { row.numbers[inputs[$0]] }
  }
}
