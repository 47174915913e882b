import Foundation
public import Tables

/// A column that a fitted recipe reads.
public struct RecipeInput: Hashable, Sendable, Codable {
  public let name: String
  /// The type at fit. Whole and broken numbers, texts and categories may stand for each other.
  public let type: ColumnType
}

/// What a recipe does with rows that do not look like the training rows.
public struct RecipeOptions: Hashable, Sendable, Codable {
  public enum MissingColumns: String, Hashable, Sendable, Codable {
    /// An error naming the column.
    case refuse
    /// The column is taken as missing in every row.
    case fill
  }
  public enum ExtraColumns: String, Hashable, Sendable, Codable { case ignore, refuse }
  public enum ChangedTypes: String, Hashable, Sendable, Codable {
    /// An error naming the column and both types.
    case refuse
    /// Texts are read as numbers and numbers as categories; a text that is no number is an error naming the row and the value.
    case convert
  }
  /// Columns that no step has made numbers of.
  public enum Remainder: String, Hashable, Sendable, Codable {
    /// An error when a matrix is asked for.
    case refuse
    /// Left out of the matrix.
    case drop
  }

  public var missingColumns: MissingColumns
  public var extraColumns: ExtraColumns
  public var changedTypes: ChangedTypes
  public var remainder: Remainder

  public init(
    missingColumns: MissingColumns = .refuse, extraColumns: ExtraColumns = .ignore, changedTypes: ChangedTypes = .refuse,
    remainder: Remainder = .refuse
  ) {
    self.missingColumns = missingColumns
    self.extraColumns = extraColumns
    self.changedTypes = changedTypes
    self.remainder = remainder
  }
}

/// The columns that a fitted recipe needs, and how it reads them.
struct InputSchema: Hashable, Sendable, Codable {
  let inputs: [RecipeInput]

  init(_ inputs: [RecipeInput]) { self.inputs = inputs }

  func load(_ column: Column, options: RecipeOptions) throws -> RecipeValues {
    switch column.type.kind {
    case .numeric, .boolean, .timestamp: .numbers(try column.numbers())
    case .text, .categorical, .list: .column(column)
    }
  }

  /// The inputs of a table in the schema's order. `needed` says which of them any step or output reads.
  func load(_ table: Table, needed: [Bool], options: RecipeOptions, target: Set<String>) throws -> [RecipeValues?] {
    if options.extraColumns == .refuse {
      let known = Set(inputs.map(\.name)).union(target)
      if let extra = table.columnNames.first(where: { !known.contains($0) }) {
        throw RecipeError(
          "the column '\(extra)' was not there when the recipe was fitted", expected: listed(inputs.map(\.name)), column: extra)
      }
    }
    return try inputs.enumerated().map { place, input in
      guard needed[place] else { return nil }
      guard table.contains(input.name) else {
        guard options.missingColumns == .fill else {
          throw RecipeError(
            "the column '\(input.name)' is missing", expected: "\(input.type), as in training",
            remedy: "add it, or fit with options: RecipeOptions(missingColumns: .fill)", column: input.name)
        }
        return Self.filled(input, rows: table.rowCount)
      }
      return try read(try table.column(input.name), as: input, options: options)
    }
  }

  static func isNumbers(_ kind: ColumnType.Kind) -> Bool { kind == .numeric || kind == .boolean || kind == .timestamp }

  private static func filled(_ input: RecipeInput, rows: Int) -> RecipeValues {
    isNumbers(input.type.kind)
      ? .numbers([Double](repeating: .nan, count: rows)) : .column(Column(input.name, [String?](repeating: nil, count: rows)))
  }

  private func read(_ column: Column, as input: RecipeInput, options: RecipeOptions) throws -> RecipeValues {
    let (now, then) = (column.type.kind, input.type.kind)
    let isTextual = [ColumnType.Kind.text, .categorical].contains(then) && [.text, .categorical].contains(now)
    if now == then || isTextual { return try load(column, options: options) }
    if column.count > 0, column.missingCount == column.count { return Self.filled(input, rows: column.count) }
    if then == .numeric, now == .boolean { return .numbers(try column.numbers()) }
    guard options.changedTypes == .convert else {
      throw RecipeError(
        "the column '\(input.name)' holds \(column.type) now", expected: "\(input.type), as in training",
        remedy: "read it with that type, or fit with options: RecipeOptions(changedTypes: .convert)", column: input.name)
    }
    if Self.isNumbers(then), now == .text || now == .categorical {
      return .numbers(
        try column.texts().enumerated().map { row, text in
          guard let text else { return .nan }
          return try Self.number(text, then, column: input.name, row: row)
        })
    }
    if then == .text || then == .categorical, now != .list {
      let own = try column.codes()
      return .column(try Column(input.name, codes: own.codes, categories: own.categories))
    }
    if Self.isNumbers(then), Self.isNumbers(now) { return .numbers(try column.numbers()) }
    throw RecipeError(
      "the column '\(input.name)' holds \(column.type) now", expected: "\(input.type), as in training", column: input.name)
  }

  static func number(_ text: String, _ kind: ColumnType.Kind, column: String, row: Int) throws -> Double {
    let trimmed = text.trimmingCharacters(in: .whitespaces)
    if let number = Double(trimmed) { return number }
    if trimmed.isEmpty { return .nan }
    if kind == .boolean, let value = ["true": 1.0, "yes": 1, "false": 0, "no": 0][trimmed.lowercased()] { return value }
    throw RecipeError(
      "'\(text)' in row \(row) of column '\(column)' is no number", expected: "a \(kind.rawValue) value, as in training", column: column,
      row: row, value: text)
  }

  /// One cell of a row that is given by values.
  func cell(_ value: TableValue, _ input: RecipeInput, options: RecipeOptions) throws -> (number: Double, text: String?) {
    let kind = input.type.kind
    if Self.isNumbers(kind) {
      switch value {
      case .missing: return (.nan, nil)
      case .number(let number): if kind != .timestamp || options.changedTypes == .convert { return (number, nil) }
      case .integer(let number): return (Double(number), nil)
      case .boolean(let flag): if kind != .timestamp { return (flag ? 1 : 0, nil) }
      case .timestamp(let time): if kind == .timestamp || options.changedTypes == .convert { return (Double(time), nil) }
      case .text(let text):
        if options.changedTypes == .convert { return (try Self.number(text, kind, column: input.name, row: 0), nil) }
      case .list: break
      }
    } else {
      switch value {
      case .missing: return (.nan, nil)
      case .text(let text): return (.nan, text)
      case .integer(let number): if options.changedTypes == .convert { return (.nan, String(number)) }
      case .number(let number): if options.changedTypes == .convert { return (.nan, CategoryIndex([]).spelled(number)) }
      case .boolean(let flag): if options.changedTypes == .convert { return (.nan, flag ? "true" : "false") }
      case .timestamp(let time): if options.changedTypes == .convert { return (.nan, String(time)) }
      case .list: break
      }
    }
    throw RecipeError(
      "the value of '\(input.name)' is \(value)", expected: "\(input.type), as in training", column: input.name, row: 0, value: "\(value)")
  }
}
