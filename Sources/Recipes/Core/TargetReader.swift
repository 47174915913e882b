import MartletCore
public import Tables

/// What a target column is.
public enum TargetTask: String, Hashable, Sendable, Codable, CaseIterable {
  case automatic, classification, regression
}

/// Reads a target column as the training rows showed it: the same labels, whatever table it is given.
public struct TargetReader: Hashable, Sendable, Codable {
  public let column: String
  /// The classes, in ascending order; `nil` where numbers are learnt.
  public let labels: [String]?
  let index: CategoryIndex?

  init(_ table: Table, column name: String, task: TargetTask) throws {
    let column = try table.column(name)
    self.column = name
    let kind = column.type.kind
    let isClasses = task == .classification || (task == .automatic && [.categorical, .text, .boolean].contains(kind))
    guard isClasses else {
      guard kind == .numeric || kind == .boolean else {
        throw RecipeError("the target '\(name)' holds \(column.type)", expected: "numbers for a regression", column: name)
      }
      labels = nil
      index = nil
      return
    }
    let learnt = try CategoryCodes.learn(RecipeTarget.values(column), RecipeTarget.column(column))
    labels = learnt.categories
    index = CategoryIndex(learnt.categories, isBoolean: kind == .boolean)
  }

  /// The target of each row.
  /// - Throws: `RecipeError` naming the first row without a target, or with a class that the training rows did not have.
  public func target(of table: Table) throws -> Target {
    let column = try table.column(self.column)
    if let row = (0..<column.count).first(where: { column.isMissing($0) }) {
      throw RecipeError(
        "\(column.missingCount) rows have no target '\(self.column)', the first is row \(row)", remedy: "leave these rows out",
        column: self.column, row: row)
    }
    guard let index else {
      let values = try column.numbers()
      if let row = values.firstIndex(where: { !$0.isFinite }) {
        throw RecipeError(
          "the target '\(self.column)' of row \(row) is \(values[row])", expected: "a finite number", column: self.column, row: row,
          value: "\(values[row])")
      }
      return .values(values)
    }
    let values = try RecipeTarget.values(column)
    let codes = try index.codes(values)
    if let row = codes.firstIndex(where: { $0 < 0 }) {
      let value = index.text(values, row: row)
      throw RecipeError(
        "row \(row) has the class '\(value)', which no training row has", expected: listed(index.categories), column: self.column, row: row,
        value: value)
    }
    return .classes(codes.map(Int.init), labels: index.categories)
  }
}

enum RecipeTarget {
  static func values(_ column: Column) throws -> RecipeValues {
    column.type.kind == .numeric || column.type.kind == .boolean ? .numbers(try column.numbers()) : .column(column)
  }
  static func column(_ column: Column) -> RecipeColumn {
    RecipeColumn(name: column.name, kind: RecipeKind(column.type.kind), origins: [column.name])
  }
}

struct WeightReader {
  let column: String

  func weights(of table: Table) throws -> [Double] {
    let values = try table.column(column).numbers()
    if let row = values.firstIndex(where: { !($0 >= 0) || !$0.isFinite }) {
      throw RecipeError(
        "the weight '\(column)' of row \(row) is \(values[row])", expected: "0 or more", column: column, row: row, value: "\(values[row])")
    }
    return values
  }
}
