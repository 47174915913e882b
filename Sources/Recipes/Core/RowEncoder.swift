public import Tables

/// A fitted recipe made ready for one row at a time: a few microseconds a row, where a table of one row costs many times more.
///
/// Not for use by several threads at once: each takes its own copy (it is a value; copying is cheap).
public struct RowEncoder: Sendable {
  private let recipe: FittedRecipe
  private let steps: [PlannedStep]
  private let places: [Int]
  private var numbers: [Double]
  private var texts: [String?]
  /// The inputs, in the order of ``encode(_:)-([TableValue])``.
  public let inputs: [RecipeInput]
  private let inputSlots: [Int]
  public let featureNames: [String]

  /// `nil` where a step can only work on whole tables.
  init?(_ recipe: FittedRecipe) {
    let steps = recipe.plan.filter { !($0.fitted is FittedDrop) }
    guard steps.allSatisfy({ $0.fitted.takesSingleRows }) else { return nil }
    let kinds: Set<RecipeKind> = [.numeric, .boolean]
    guard recipe.outputs.allSatisfy({ kinds.contains(recipe.slots[$0].kind) }) else { return nil }
    self.recipe = recipe
    self.steps = steps
    places = recipe.outputs
    inputSlots = recipe.needed.indices.filter { recipe.needed[$0] }
    inputs = recipe.inputs
    featureNames = recipe.featureNames
    numbers = [Double](repeating: .nan, count: recipe.slots.count)
    texts = [String?](repeating: nil, count: recipe.slots.count)
  }

  /// A row by column name. Columns that the recipe does not read are treated as ``RecipeOptions/extraColumns`` says.
  /// - Returns: a number a feature.
  /// - Throws: `RecipeError` naming the column and the value that do not fit.
  public mutating func encode(_ row: [String: TableValue]) throws -> [Double] {
    if recipe.options.extraColumns == .refuse {
      let known = Set(recipe.schema.inputs.map(\.name) + [recipe.target?.column, recipe.weights].compactMap { $0 })
      if let extra = row.keys.sorted().first(where: { !known.contains($0) }) {
        throw RecipeError("the column '\(extra)' was not there when the recipe was fitted", column: extra)
      }
    }
    for (slot, input) in zip(inputSlots, inputs) {
      guard let value = row[input.name] else {
        guard recipe.options.missingColumns == .fill else {
          throw RecipeError("the column '\(input.name)' is missing", expected: "\(input.type), as in training", column: input.name)
        }
        numbers[slot] = .nan
        texts[slot] = nil
        continue
      }
      (numbers[slot], texts[slot]) = try recipe.schema.cell(value, input, options: recipe.options)
    }
    return try finish()
  }

  /// A row's values in the order of ``inputs``.
  /// - Throws: `RecipeError` if the count differs, or naming the column and the value that do not fit.
  public mutating func encode(_ row: [TableValue]) throws -> [Double] {
    guard row.count == inputs.count else {
      throw RecipeError("the row has \(row.count) values", expected: "\(inputs.count): \(listed(inputs.map(\.name)))")
    }
    for place in row.indices {
      (numbers[inputSlots[place]], texts[inputSlots[place]]) = try recipe.schema.cell(row[place], inputs[place], options: recipe.options)
    }
    return try finish()
  }

  private mutating func finish() throws -> [Double] {
    var cells = RowCells(numbers: [], texts: [])
    swap(&cells.numbers, &numbers)
    swap(&cells.texts, &texts)
    defer {
      swap(&cells.numbers, &numbers)
      swap(&cells.texts, &texts)
    }
    for step in steps { try step.fitted.transform(row: &cells, inputs: step.inputs, outputs: step.outputs) }
    return [Double](unsafeUninitializedCapacity: places.count) { target, written in
      for (place, slot) in places.enumerated() { target[place] = cells.numbers[slot] }
      written = places.count
    }
  }
}

extension FittedRecipe {
  /// The recipe for one row at a time, or `nil` where a step can only work on whole tables (then use a table of one row).
  public func rowEncoder() -> RowEncoder? { RowEncoder(self) }
}
