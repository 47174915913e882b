public import Learners
public import MartletCore
public import Recipes
public import Tables

/// What is done about classes of unlike sizes. It only ever touches rows that are learnt from.
public enum Balance: Sendable, Hashable {
  case none
  case classWeights(ClassWeights)
  case resample(Resampling)

  /// As `martlet.yml` says it: `none`, `class-weights`, or a resampling with or without settings.
  /// - Throws: `RecipeError` with the nearest name.
  public init(_ name: String, settings: JSONValue = .null) throws {
    switch name {
    case "none": self = .none
    case "class-weights":
      self = .classWeights(settings == .null ? .balanced : try Self.decode(ClassWeights.self, settings))
    default: self = .resample(try Self.decode(Resampling.self, settings == .null ? .string(name) : .object([name: settings])))
    }
  }

  private static func decode<Value: Decodable>(_ type: Value.Type, _ value: JSONValue) throws -> Value {
    // In a list, as a bare word is no document of its own for every reader of JSON.
    let values = try JSON.decode([Value].self, from: JSON.encode([value], pretty: false), source: "balance")
    guard let first = values.first else { throw ArgumentError("balance is empty") }
    return first
  }

  /// A word for tables: `none`, `class-weights`, `smote`.
  public var name: String {
    switch self {
    case .none: "none"
    case .classWeights: "class-weights"
    case .resample(let resampling): resampling.method.rawValue
    }
  }

  func applied(to matrix: TrainingMatrix, seed: UInt64, threads: Int) throws -> TrainingMatrix {
    switch self {
    case .none: matrix
    case .classWeights(let weights): try weights.applied(to: matrix)
    case .resample(let resampling): try resampling.resample(matrix, seed: seed, threads: threads)
    }
  }
}

/// Everything from a table's columns to a prediction, as settings: preparation, balance, learner. Fitting gives a ``FittedPipeline``.
///
/// Because a pipeline is fitted as a whole, and only on a `TrainingPart`, nothing of it can have seen the rows that judge it.
public struct Pipeline: Sendable {
  public var name: String
  public var recipe: Recipe
  public var balance: Balance
  public var learner: any Learner

  /// A pipeline; its name is the learner's kind, and the balance's where there is one, unless given.
  public init(_ learner: any Learner, recipe: Recipe, balance: Balance = .none, name: String? = nil) {
    self.name = name ?? (balance == .none ? learner.kind : "\(learner.kind) + \(balance.name)")
    self.recipe = recipe
    self.balance = balance
    self.learner = learner
  }

  /// Prepares the rows, balances them, learns.
  /// - Parameters:
  ///   - target: what is learnt; `nil` for learners that need nothing.
  ///   - weights: a column of weights.
  /// - Throws: `RecipeError`, `LearnerError` naming the column, the row or the setting; `CancellationError`.
  public func fit(
    _ part: TrainingPart, target: TargetColumn?, weights: String? = nil, context: FitContext = FitContext()
  ) throws -> FittedPipeline {
    let features = part.table.columnNames.filter { $0 != target?.name && $0 != weights }
    let (fitted, prepared) = try recipe.fit(
      part, target: target?.name, task: target?.labels == nil ? .regression : .classification, weights: weights, features: features,
      options: RecipeOptions(changedTypes: .convert), context: RecipeContext(seed: context.seed, threads: context.threads))
    let matrix = try balance.applied(to: prepared, seed: context.seed, threads: context.threads)
    guard matrix.features.columns > 0 else {
      throw RecipeError("no column is left after preparation", expected: "1 or more", remedy: "prepare: leaves too little")
    }
    let learnt = try learner.fit(
      matrix.features, matrix.target ?? .values([Double](repeating: 0, count: matrix.rows)), weights: matrix.weights, context: context)
    return FittedPipeline(recipe: fitted, learner: learnt, labels: target?.labels)
  }
}
