public import Recipes
public import Tables

/// The column that is learnt, read the same way from every table: the classes of all rows to learn from, even where a fold lacks one.
public struct TargetColumn: Sendable {
  public let name: String
  /// The classes, the positive one of two last; `nil` where numbers are learnt.
  public let labels: [String]?
  private let reader: FittedRecipe

  /// - Parameters:
  ///   - task: what the target is.
  ///   - positive: the class that counts as positive; the last in ascending order if `nil`.
  ///   - weights: a column that is no feature.
  /// - Throws: `RecipeError` if a row has no target, or there are fewer than two classes; `TableError` for unknown columns.
  public init(_ part: TrainingPart, column: String, task: TargetTask, positive: String? = nil, weights: String? = nil) throws {
    _ = try part.table.column(column)
    guard let other = part.table.columnNames.first(where: { $0 != column && $0 != weights }) else {
      throw RecipeError("there is no column beside the target '\(column)'", expected: "1 or more to learn from", column: column)
    }
    reader = try Recipe([]).fit(
      part, target: column, task: task, features: [other], options: RecipeOptions(missingColumns: .fill, remainder: .drop)
    ).recipe
    name = column
    guard var found = reader.target?.labels else {
      labels = nil
      return
    }
    guard found.count >= 2 else {
      throw RecipeError(
        "the target '\(column)' is '\(found.first ?? "")' in every row", expected: "two classes or more",
        remedy: "learn another column, or use rows that differ in this one", column: column)
    }
    if let positive {
      guard let place = found.firstIndex(of: positive) else {
        throw RecipeError(
          "the target '\(column)' is never '\(positive)'", expected: found.prefix(12).joined(separator: ", "), column: column,
          value: positive)
      }
      if found.count == 2, place == 0 { found.swapAt(0, 1) }
    }
    labels = found
  }

  /// The target of each row, classes as places in ``labels``.
  /// - Throws: `RecipeError` naming the first row without a target or with a class that no training row has.
  public func target(of table: Table) throws -> Target {
    switch try reader.target(of: table) {
    case .values(let values): return .values(values)
    case .classes(let classes, let own):
      guard let labels else { return .classes(classes, labels: own) }
      let places = own.map { labels.firstIndex(of: $0) ?? 0 }
      return .classes(classes.map { places[$0] }, labels: labels)
    }
  }
}
