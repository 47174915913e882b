import MartletCore

extension PlannedStep: Codable {
  private enum Keys: String, CodingKey { case step, state, inputs, outputs }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Keys.self)
    let name = try container.decode(String.self, forKey: .step)
    guard let type = StepRegistry.fitted[name] else {
      throw RecipeError(
        "the saved recipe has a step '\(name)' that this version does not know", expected: listed(StepRegistry.fitted.keys.sorted()))
    }
    func decode<Fitted: FittedStep>(_ type: Fitted.Type) throws -> any FittedStep { try container.decode(Fitted.self, forKey: .state) }
    fitted = try decode(type)
    inputs = try container.decode([Int].self, forKey: .inputs)
    outputs = try container.decode([Int].self, forKey: .outputs)
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(type(of: fitted).name, forKey: .step)
    func encode<Fitted: FittedStep>(_ fitted: Fitted) throws { try container.encode(fitted, forKey: .state) }
    try encode(fitted)
    try container.encode(inputs, forKey: .inputs)
    try container.encode(outputs, forKey: .outputs)
  }
}

extension PlannedStep: Equatable {
  static func == (first: PlannedStep, second: PlannedStep) -> Bool {
    AnyHashable(anything: first.fitted) == AnyHashable(anything: second.fitted) && first.inputs == second.inputs
      && first.outputs == second.outputs
  }
}

extension FittedRecipe: Codable, Equatable {
  private enum Keys: String, CodingKey { case version, inputs, options, columns, steps, outputs, target, weights, sparse }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Keys.self)
    let version = try container.decode(Int.self, forKey: .version)
    guard version == 1 else { throw RecipeError("the saved recipe has version \(version)", expected: "1") }
    let schema = InputSchema(try container.decode([RecipeInput].self, forKey: .inputs))
    let slots = try container.decode([RecipeColumn].self, forKey: .columns)
    let plan = try container.decode([PlannedStep].self, forKey: .steps)
    let outputs = try container.decode([Int].self, forKey: .outputs)
    // A saved recipe may have been changed by hand: no place may lie outside, and every column is made before it is read.
    guard slots.count >= schema.inputs.count, slots.prefix(schema.inputs.count).allSatisfy({ $0.features == nil }),
      slots.allSatisfy({ ($0.levels ?? 1) >= 0 && ($0.kind == .sparse) == ($0.features != nil) })
    else { throw RecipeError("the saved recipe has columns that cannot be") }
    var made = Set(schema.inputs.indices)
    for step in plan {
      guard step.inputs.allSatisfy(made.contains), step.outputs.allSatisfy({ slots.indices.contains($0) }) else {
        throw RecipeError("the saved recipe reads a column before it is made")
      }
      let place = SavedPlace(
        step: type(of: step.fitted).name, inputs: step.inputs.map { slots[$0] }, outputs: step.outputs.map { slots[$0] })
      try step.fitted.check(place)
      made.formUnion(step.outputs)
    }
    guard outputs.allSatisfy(made.contains) else {
      throw RecipeError("the saved recipe gives a column that no step makes")
    }
    self.init(
      schema: schema, options: try container.decode(RecipeOptions.self, forKey: .options), slots: slots, plan: plan, outputs: outputs,
      target: try container.decodeIfPresent(TargetReader.self, forKey: .target),
      weights: try container.decodeIfPresent(String.self, forKey: .weights))
    if try container.decode(Bool.self, forKey: .sparse) { makeSparse() }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(1, forKey: .version)
    try container.encode(schema.inputs, forKey: .inputs)
    try container.encode(options, forKey: .options)
    try container.encode(slots, forKey: .columns)
    try container.encode(plan, forKey: .steps)
    try container.encode(outputs, forKey: .outputs)
    try container.encodeIfPresent(target, forKey: .target)
    try container.encodeIfPresent(weights, forKey: .weights)
    try container.encode(isSparse, forKey: .sparse)
  }

  public static func == (first: FittedRecipe, second: FittedRecipe) -> Bool {
    first.schema == second.schema && first.options == second.options && first.slots == second.slots && first.plan == second.plan
      && first.outputs == second.outputs && first.target == second.target && first.weights == second.weights
      && first.isSparse == second.isSparse
  }
}
