public import Learners
import MartletCore
import Recipes
public import Tables

/// Training rows that do not fit into memory together, as tables. Every part is a random draw from all rows, and no row of it judges.
public struct StagedTables {
  /// How many rows each part has.
  public let counts: [Int]
  /// Opens a part: what it returns gives the part's next rows, at most as many as it is asked for, and `nil` at the end.
  public let open: (Int) throws -> (Int) throws -> Table?

  public init(counts: [Int], open: @escaping (Int) throws -> (Int) throws -> Table?) {
    self.counts = counts
    self.open = open
  }
}

extension Pipeline {
  /// The learner can learn from more rows than memory holds.
  public var learnsInStages: Bool { learner is any StagedLearner }

  /// Of rows in parts of these sizes, how many the learner learns from.
  public func rowsLearnt(of counts: [Int]) -> Int {
    guard let staged = learner as? any StagedLearner else { return 0 }
    let own = staged.judgesRounds && counts.count > 1 ? counts.dropLast() : counts[...]
    return own.prefix(staged.partsRead(of: own.count)).reduce(0, +)
  }

  /// Learns from all parts, prepared as rows of a sample were.
  /// - Parameter sample: this pipeline, fitted on a sample of the rows: its preparation stays, its learner is learnt anew.
  /// - Throws: `RecipeError`, `LearnerError` naming what does not fit; `CancellationError`.
  public func fit(
    _ parts: StagedTables, preparedBy sample: FittedPipeline, target: TargetColumn, weights: String? = nil,
    context: FitContext = FitContext()
  ) throws -> FittedPipeline {
    guard let staged = learner as? any StagedLearner else {
      throw LearnerError(
        "\(learner.kind) needs all rows in memory at once", expected: "boosting, sgd_classifier or sgd_regressor for rows in parts")
    }
    let inputs = sample.recipe.inputs.map(\.name)
    func rows(_ table: Table, balanced: Bool) throws -> StagedRows.Rows {
      let x = try sample.recipe.matrix(of: table.selecting(inputs), threads: context.threads)
      let own = try weights.map { try table.column($0).numbers() }
      guard balanced, balance != .none else { return (x, try target.target(of: table), own) }
      let matrix = try TrainingMatrix(trainingRowsOnly: x, target: target.target(of: table), weights: own)
      let made = try balance.applied(to: matrix, seed: context.seed, threads: context.threads)
      return (made.features, made.target ?? .values([]), made.weights)
    }
    var counts = parts.counts, held: (x: FeatureMatrix, target: Target)?
    if staged.judgesRounds, counts.count > 1 {
      // The last part is not learnt from; some of it is enough to judge by.
      if let table = try parts.open(counts.count - 1)(100_000) {
        let own = try rows(table, balanced: false)
        held = (own.x, own.target)
      }
      counts.removeLast()
    }
    let stages = StagedRows(counts: counts, labels: target.labels, validation: held) { part in
      let next = try parts.open(part)
      return { limit in try next(limit).map { try rows($0, balanced: true) } }
    }
    return FittedPipeline(recipe: sample.recipe, learner: try staged.fit(stages, context: context), labels: target.labels)
  }
}
