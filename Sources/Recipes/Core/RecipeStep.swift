public import MartletCore
public import Tables

/// The settings of one step of a recipe: a value with a default for everything, named by a string in `martlet.yml`.
public protocol RecipeStep: Codable, Hashable, Sendable {
  /// The name in `martlet.yml` and in saved recipes: `standard-scale`.
  static var name: String { get }
  /// The kinds of columns that it can work on.
  static var accepted: Set<RecipeKind> { get }
  /// The settings where nobody says otherwise.
  init()
  var columns: ColumnSelection { get set }
  /// The places of the columns that it works on.
  /// - Throws: `RecipeError` if a named column is not there or of another kind.
  func select(among columns: [RecipeColumn]) throws -> [Int]
  /// Learns from training rows.
  /// - Throws: `RecipeError` naming the column and the setting that does not fit.
  func fit(_ input: StepInput) throws -> StepFit
}

extension RecipeStep {
  public static var accepted: Set<RecipeKind> { [.numeric] }
  public var name: String { Self.name }
  public func select(among columns: [RecipeColumn]) throws -> [Int] { try self.columns.places(among: columns, accepted: Self.accepted) }
}

/// What a step learns from: its columns of the training rows, as the steps before it have left them.
public struct StepInput: Sendable {
  public let columns: [RecipeColumn]
  public let values: [RecipeValues]
  public let rows: Int
  public let target: Target?
  public let weights: [Double]?
  public let context: RecipeContext

  func doubles() throws -> [[Double]] { try values.map { try $0.doubles() } }

  /// - Throws: `RecipeError` for steps that need a target where there is none.
  func requireTarget(_ step: String) throws -> Target {
    guard let target else {
      throw RecipeError("the step needs a target", expected: "a target column", remedy: "fit the recipe with target:", step: step)
    }
    return target
  }
}

/// What a step's fit gives.
public struct StepFit: Sendable {
  let fitted: any FittedStep
  /// The new columns, one group an input: a group stands where its input stood.
  let outputs: [[RecipeColumn]]
  /// What the training rows become, where that differs from transforming them (cross-fitted encodings).
  let training: [RecipeValues]?
  /// Whether the inputs stay beside what is made from them.
  let keepsInputs: Bool

  init(_ fitted: any FittedStep, outputs: [[RecipeColumn]], training: [RecipeValues]? = nil, keepsInputs: Bool = false) {
    self.fitted = fitted
    self.outputs = outputs
    self.training = training
    self.keepsInputs = keepsInputs
  }
}

/// A step that has learnt: changes rows and is not changed by them.
protocol FittedStep: Codable, Sendable, Hashable {
  static var name: String { get }
  /// Whether what was read from a file fits together, and to the columns that it is planned between.
  /// - Throws: `RecipeError` that says what does not.
  func check(_ place: SavedPlace) throws
  /// - Returns: the values of the outputs of all groups, in their order.
  func transform(_ inputs: [RecipeValues], rows: Int, threads: Int) throws -> [RecipeValues]
  /// Whether ``transform(row:inputs:outputs:)`` works.
  var takesSingleRows: Bool { get }
  /// One row, without allocating: reads the cells `inputs`, writes the cells `outputs`.
  func transform(row: inout RowCells, inputs: [Int], outputs: [Int]) throws
}

extension FittedStep {
  var takesSingleRows: Bool { false }
  func transform(row: inout RowCells, inputs: [Int], outputs: [Int]) throws {
    throw RecipeError("the step takes whole tables only", step: Self.name)
  }
}

/// A row on its way through a recipe: a number or a text a cell.
struct RowCells {
  var numbers: [Double]
  var texts: [String?]
}

/// A way to say how important features are, for steps that choose by it: an importance a feature, higher is more important.
public typealias ImportanceFunction = @Sendable (FeatureMatrix, Target, [Double]?) throws -> [Double]

/// Where a recipe is fitted. The result depends on the seed, never on the number of threads.
public struct RecipeContext: Sendable {
  public var seed: UInt64
  public var threads: Int
  /// Ways to judge features by a model, by the name that the steps `select-from-model` and `eliminate` use.
  public var importances: [String: ImportanceFunction]

  public init(seed: UInt64 = 0, threads: Int = Parallel.defaultThreads, importances: [String: ImportanceFunction] = [:]) {
    self.seed = seed
    self.threads = threads
    self.importances = importances
  }

  func importance(_ name: String, step: String) throws -> ImportanceFunction {
    guard let function = importances[name] else {
      throw RecipeError(
        "there is no importance function '\(name)'",
        expected: importances.isEmpty ? "one in the context" : listed(importances.keys.sorted()),
        remedy: "pass it in RecipeContext(importances:)", step: step)
    }
    return function
  }
}
