public import MartletCore
public import Tables

/// A fitted step, the columns it reads and those it makes.
struct PlannedStep: Sendable {
  let fitted: any FittedStep
  let inputs: [Int]
  let outputs: [Int]
}

/// A recipe that has learnt from training rows: changes any table the same way, and is not changed by it.
///
/// Saved as JSON; every number reads back as the same bits. Rows that do not look like the training rows are treated as ``RecipeOptions``
/// says; what a step does with unknown categories is the step's own setting.
public struct FittedRecipe: Sendable {
  let schema: InputSchema
  /// What happens with missing, extra and changed columns.
  public var options: RecipeOptions
  let slots: [RecipeColumn]
  let plan: [PlannedStep]
  let outputs: [Int]
  /// How the target is read, if the recipe was fitted with one.
  public let target: TargetReader?
  /// The column of weights, if the recipe was fitted with one.
  public let weights: String?
  private(set) var isSparse = false
  /// Inputs that anything reads.
  let needed: [Bool]

  init(
    schema: InputSchema, options: RecipeOptions, slots: [RecipeColumn], plan: [PlannedStep], outputs: [Int], target: TargetReader?,
    weights: String?
  ) {
    self.schema = schema
    self.options = options
    self.slots = slots
    self.plan = plan
    self.outputs = outputs
    self.target = target
    self.weights = weights
    // A step whose outputs nobody reads needs no inputs, but stays: its refusals are part of the recipe.
    var needed = [Bool](repeating: false, count: schema.inputs.count)
    for slot in outputs + plan.flatMap({ $0.fitted is FittedDrop ? [] : $0.inputs }) where slot < needed.count { needed[slot] = true }
    self.needed = needed
  }

  /// The columns that a table must have.
  public var inputs: [RecipeInput] { zip(schema.inputs, needed).filter(\.1).map(\.0) }

  /// The columns after all steps.
  public var columns: [RecipeColumn] { outputs.map { slots[$0] } }

  private var numeric: [Int] {
    outputs.filter { [.numeric, .boolean, .sparse].contains(slots[$0].kind) }
  }

  /// The names of the matrix's features.
  public var featureNames: [String] { numeric.flatMap { slots[$0].features ?? [slots[$0].name] } }

  /// For each feature, the table's columns that it came from.
  public var featureOrigins: [[String]] {
    numeric.flatMap { slot in [[String]](repeating: slots[slot].origins, count: slots[slot].features?.count ?? 1) }
  }

  // Rows --------------------------------------------------------------------------------------------------------------------------------

  func run(_ table: Table, threads: Int) throws -> [RecipeValues?] {
    var apart = Set<String>()
    if let target { apart.insert(target.column) }
    if let weights { apart.insert(weights) }
    var values = try schema.load(table, needed: needed, options: options, target: apart)
    values += [RecipeValues?](repeating: nil, count: slots.count - values.count)
    for step in plan where !(step.fitted is FittedDrop) {
      do {
        let made = try step.fitted.transform(step.inputs.compactMap { values[$0] }, rows: table.rowCount, threads: threads)
        for (slot, value) in zip(step.outputs, made) { values[slot] = value }
      } catch var error as RecipeError {
        error.step = error.step ?? type(of: step.fitted).name
        throw error
      }
    }
    return values
  }

  /// The prepared rows as a table: features as 64-bit numbers (missing where NaN), columns that no step touched as they were.
  /// - Throws: `RecipeError` naming the column, the row and the value that do not fit.
  public func transform(_ table: Table, threads: Int = Parallel.defaultThreads) throws -> Table {
    let values = try run(table, threads: threads)
    var columns: [Column] = []
    for slot in outputs {
      let info = slots[slot]
      if slot < schema.inputs.count, let column = try? table.column(info.name), column.type == schema.inputs[slot].type {
        columns.append(column)
        continue
      }
      switch values[slot] {
      case .numbers(let numbers):
        let hasMissing = numbers.contains { $0.isNaN }
        columns.append(hasMissing ? Column(info.name, numbers.map { $0.isNaN ? nil : $0 } as [Double?]) : Column(info.name, numbers))
      case .column(let column): columns.append(column.renamed(info.name))
      case .sparse(let sparse):
        let matrix = try FeatureMatrix(names: info.features ?? [], sparse: sparse)
        let dense = try matrix.denseValues()
        for (place, name) in matrix.names.enumerated() {
          columns.append(Column(name, (0..<matrix.rows).map { dense[$0 * matrix.columns + place] }))
        }
      case nil: continue
      }
    }
    return try Table(columns)
  }

  /// The prepared rows as a matrix, sparse where sparse features dominated the training rows.
  /// - Throws: `RecipeError` naming the column, the row and the value that do not fit.
  public func matrix(of table: Table, threads: Int = Parallel.defaultThreads) throws -> FeatureMatrix {
    try assemble(try run(table, threads: threads), rows: table.rowCount)
  }

  /// The target of other rows, read as the training rows' was.
  /// - Throws: `RecipeError` if the recipe was fitted without one, or a row has none or an unknown class.
  public func target(of table: Table) throws -> Target {
    guard let target else { throw RecipeError("the recipe was fitted without a target", remedy: "fit it with target:") }
    return try target.target(of: table)
  }

  // The matrix --------------------------------------------------------------------------------------------------------------------------

  mutating func makeSparse() { isSparse = true }

  mutating func decideSparsity(_ values: [RecipeValues?], rows: Int) {
    var cells = 0, filled = 0
    for slot in numeric {
      if case .sparse(let sparse) = values[slot] {
        cells += rows * sparse.columns
        filled += sparse.values.count
      } else {
        cells += rows
        filled += rows
      }
    }
    let blocks = numeric.contains { slots[$0].kind == .sparse }
    isSparse = blocks && filled * 3 < cells
  }

  func assemble(_ values: [RecipeValues?], rows: Int) throws -> FeatureMatrix {
    if options.remainder == .refuse, let slot = outputs.first(where: { ![.numeric, .boolean, .sparse].contains(slots[$0].kind) }) {
      throw RecipeError(
        "column '\(slots[slot].name)' is still \(slots[slot].kind.rawValue) after the recipe", expected: "numbers",
        remedy: "add a step that encodes it, drop it, or fit with options: RecipeOptions(remainder: .drop)", column: slots[slot].name)
    }
    let chosen = numeric
    let names = featureNames
    var levels: [Int: Int] = [:], starts: [Int] = []
    var width = 0
    for slot in chosen {
      starts.append(width)
      if let count = slots[slot].levels { levels[width] = count }
      width += slots[slot].features?.count ?? 1
    }
    // Each is written where its columns are planned, without looking again.
    for slot in chosen {
      let isFitting: Bool =
        switch values[slot] {
        case .numbers(let numbers): slots[slot].features == nil && numbers.count == rows
        case .sparse(let sparse): slots[slot].features?.count == sparse.columns && sparse.rows == rows
        case .column, nil: false
        }
      guard isFitting else { throw RecipeError("column '\(slots[slot].name)' holds no numbers", column: slots[slot].name) }
    }
    if isSparse { return try assembleSparse(values, chosen, starts, names, levels, rows: rows) }
    let filled = try [Double](unsafeUninitializedCapacity: rows * width) { target, written in
      for (slot, start) in zip(chosen, starts) {
        switch values[slot] {
        case .numbers(let numbers):
          numbers.withUnsafeBufferPointer { for row in 0..<rows { target[row * width + start] = $0[row] } }
        case .sparse(let sparse):
          for row in 0..<rows {
            for column in 0..<sparse.columns { target[row * width + start + column] = 0 }
            for place in sparse.starts[row]..<sparse.starts[row + 1] {
              target[row * width + start + Int(sparse.indices[place])] = sparse.values[place]
            }
          }
        case .column, nil: throw RecipeError("column '\(slots[slot].name)' holds no numbers", column: slots[slot].name)
        }
      }
      written = rows * width
    }
    return try FeatureMatrix(rows: rows, names: names, values: filled, levels: levels)
  }

  private func assembleSparse(
    _ values: [RecipeValues?], _ chosen: [Int], _ offsets: [Int], _ names: [String], _ levels: [Int: Int], rows: Int
  ) throws -> FeatureMatrix {
    var starts = [0], indices: [Int32] = [], numbers: [Double] = []
    starts.reserveCapacity(rows + 1)
    for row in 0..<rows {
      for (slot, offset) in zip(chosen, offsets) {
        switch values[slot] {
        case .numbers(let column) where column[row] != 0:
          indices.append(Int32(offset))
          numbers.append(column[row])
        case .sparse(let sparse):
          for place in sparse.starts[row]..<sparse.starts[row + 1] {
            indices.append(Int32(offset) + sparse.indices[place])
            numbers.append(sparse.values[place])
          }
        default: break
        }
      }
      starts.append(indices.count)
    }
    return try FeatureMatrix(
      names: names, sparse: try SparseRows(columns: names.count, starts: starts, indices: indices, values: numbers), levels: levels)
  }
}
