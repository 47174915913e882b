import MartletCore
public import Tables

/// How rows are prepared: steps in their order. A value; fitting gives a ``FittedRecipe`` and leaves it alone.
///
/// In `martlet.yml` a list: `[{impute: {strategy: median}}, standard-scale, one-hot: {columns: [city]}]`.
public struct Recipe: Sendable {
  public var steps: [any RecipeStep]

  public init(_ steps: [any RecipeStep]) { self.steps = steps }

  /// What a table without anything said gets: medians with indicators, scaled; rare categories together, one-hot; dates in parts; texts
  /// by TF-IDF.
  public static var standard: Recipe {
    Recipe([
      DateParts(), SimpleImputer(columns: .kinds(.numeric, .boolean), strategy: .median, indicator: true), StandardScale(),
      OneHot(columns: .categorical, maxCategories: 50), TFIDF(),
    ])
  }

  /// The names of all steps, in alphabetical order.
  public static var stepNames: [String] { StepRegistry.steps.keys.sorted() }

  /// Learns from training rows.
  ///
  /// Encodings that look at the target give the training rows other values (out of fold) than new rows: those are in the returned matrix,
  /// and only there.
  /// - Parameters:
  ///   - part: the rows to learn from. Nothing else is accepted: the compiler refuses held-out rows and plain tables.
  ///   - target: the column to learn, left out of the features.
  ///   - task: what the target is; `automatic` takes texts, categories and booleans as classes and numbers as values.
  ///   - weights: a column of weights, left out of the features.
  ///   - features: the columns to use; `nil` for all others.
  /// - Throws: `RecipeError` naming the step, the column, the row and the value that do not fit.
  public func fit(
    _ part: TrainingPart, target: String? = nil, task: TargetTask = .automatic, weights: String? = nil, features: [String]? = nil,
    options: RecipeOptions = RecipeOptions(), context: RecipeContext = RecipeContext()
  ) throws -> (recipe: FittedRecipe, training: TrainingMatrix) {
    let table = part.table
    let reader = try target.map { try TargetReader(table, column: $0, task: task) }
    let y = try reader?.target(of: table)
    let w = try weights.map { try WeightReader(column: $0).weights(of: table) }
    let apart = Set([target, weights].compactMap { $0 })
    let chosen = try features.map { try table.selecting($0) } ?? table
    let inputs = chosen.columns.filter { !apart.contains($0.name) }
    guard !inputs.isEmpty else { throw RecipeError("there are no columns to prepare", expected: "1 or more beside the target") }
    guard table.rowCount > 0 else { throw RecipeError("there are no rows to learn from", expected: "1 or more") }

    let schema = InputSchema(inputs.map { RecipeInput(name: $0.name, type: $0.type) })
    var slots: [RecipeColumn] = inputs.map {
      RecipeColumn(
        name: $0.name, kind: RecipeKind($0.type.kind), origins: [$0.name], timeZone: $0.type.timeZone)
    }
    var values: [RecipeValues?] = try inputs.map { try schema.load($0, options: options) }
    var live = Array(slots.indices)
    var planned: [PlannedStep] = []
    for (place, step) in steps.enumerated() {
      try Task.checkCancellation()
      do {
        let columns = live.map { slots[$0] }
        let chosen = try step.select(among: columns).map { live[$0] }
        if chosen.isEmpty { continue }
        var stepContext = context
        stepContext.seed = context.seed &+ UInt64(place) &* 0x9E37_79B9_7F4A_7C15
        let input = StepInput(
          columns: chosen.map { slots[$0] }, values: chosen.compactMap { values[$0] }, rows: table.rowCount, target: y, weights: w,
          context: stepContext)
        let fit = try step.fit(input)
        let made = try fit.training ?? fit.fitted.transform(input.values, rows: table.rowCount, threads: context.threads)
        let groups = fit.outputs
        let first = slots.count
        slots += groups.flatMap { $0 }
        values += made.map(Optional.some)
        planned.append(PlannedStep(fitted: fit.fitted, inputs: chosen, outputs: Array(first..<slots.count)))
        live = Self.placing(groups, of: chosen, from: first, in: live, keeping: fit.keepsInputs)
        let alive = Set(live)
        for slot in chosen where !alive.contains(slot) { values[slot] = nil }
      } catch var error as RecipeError {
        error.step = error.step ?? step.name
        throw error
      }
    }
    let names = live.map { slots[$0].name }
    if let twice = Dictionary(grouping: names, by: { $0 }).first(where: { $0.value.count > 1 })?.key {
      throw RecipeError("two columns are called '\(twice)' after the recipe", remedy: "rename the column of the table", column: twice)
    }
    var recipe = FittedRecipe(
      schema: schema, options: options, slots: slots, plan: planned, outputs: live, target: reader, weights: weights)
    recipe.decideSparsity(values, rows: table.rowCount)
    let matrix = try recipe.assemble(values, rows: table.rowCount)
    return (recipe, TrainingMatrix(features: matrix, target: y, weights: w, sources: part.rows.map { $0 }))
  }

  /// New columns stand where the columns that they came from stood.
  static func placing(_ groups: [[RecipeColumn]], of chosen: [Int], from first: Int, in live: [Int], keeping: Bool) -> [Int] {
    let gone = Set(chosen)
    var next = first
    var placed: [Int: [Int]] = [:], rest: [Int] = []
    for (place, group) in groups.enumerated() {
      let made = Array(next..<next + group.count)
      if place < chosen.count { placed[chosen[place]] = (keeping ? [chosen[place]] : []) + made } else { rest += made }
      next += group.count
    }
    return live.flatMap { placed[$0] ?? (!keeping && gone.contains($0) ? [] : [$0]) } + rest
  }
}

extension Recipe: Codable {
  public init(from decoder: any Decoder) throws {
    guard case .array(let items) = try JSONValue(from: decoder) else {
      throw RecipeError("the recipe is not a list of steps", expected: "[impute, standard-scale, one-hot: {columns: [city]}]")
    }
    steps = try items.map { item in
      switch item {
      case .string(let name): return try StepRegistry.decode(StepRegistry.step(name), [:])
      case .object(let members) where members.count == 1:
        guard let (name, value) = members.first else { return NormalizeRows() }
        let type = try StepRegistry.step(name)
        if case .object(let settings) = value { return try StepRegistry.decode(type, settings) }
        if value == .null { return try StepRegistry.decode(type, [:]) }
        return try StepRegistry.decode(type, ["columns": value])
      default:
        throw RecipeError(
          "a step of the recipe is neither a name nor a name with settings", expected: "one-hot or one-hot: {columns: [city]}")
      }
    }
  }

  public func encode(to encoder: any Encoder) throws {
    try JSONValue.array(
      steps.map { step in
        let settings = try StepRegistry.settings(step)
        return settings.isEmpty ? .string(step.name) : .object([step.name: .object(settings)])
      }
    ).encode(to: encoder)
  }
}

extension Recipe: Equatable {
  public static func == (first: Recipe, second: Recipe) -> Bool {
    first.steps.map { AnyHashable.init(anything: $0) } == second.steps.map { AnyHashable.init(anything: $0) }
  }
}

extension AnyHashable {
  init(anything value: any Hashable) {
    func open<Value: Hashable>(_ value: Value) -> AnyHashable { AnyHashable(value) }
    self = open(value)
  }
}
