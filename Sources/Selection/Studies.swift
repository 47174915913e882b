public import Evaluation
import Learners
import Recipes
public import Tables

extension PipelineValidation {
  /// Nested cross-validation: inner folds choose among the pipelines, the outer fold measures the choice, so that the measure does not
  /// profit from the choosing.
  /// - Parameter inner: how the training rows of each outer fold are divided.
  /// - Returns: the score of the choice on each outer fold, and the name of what was chosen.
  /// - Throws: as ``measure(_:progress:)``.
  public func nested(
    _ pipelines: [Pipeline], metric: String, inner: FoldPlan
  ) throws -> [(chosen: String, score: Double)] {
    let divisions = try NestedFoldSplit.nested(splits) { rows throws(MetricError) in
      let labels = (try? target?.target(of: part.table)).flatMap { target -> [Int]? in
        if case .classes(let classes, _) = target { rows.map { classes[$0] } } else { nil }
      }
      return try inner.splits(rows: rows.count, labels: labels)
    }
    return try divisions.map { division in
      let choosing = PipelineValidation(part, target: target, weights: weights, splits: division.inner, context: context)
      let comparison = try CandidateComparison(choosing.measure(pipelines), metric: metric)
      let chosen = pipelines[comparison.best]
      return (chosen.name, try judge(chosen, division.outer).metrics[metric] ?? .nan)
    }
  }

  /// What more rows are worth: the metric on training and test rows for growing shares of each fold's training rows.
  /// - Throws: `MetricError`, and as ``measure(_:progress:)``.
  public func learningCurve(
    _ pipeline: Pipeline, metric: String, sizes: [Double] = [0.1, 0.25, 0.5, 0.75, 1], isolation: isolated (any Actor)? = #isolation
  ) async throws -> ScoreCurve {
    try await ScoreCurve.learning(splits, sizes: sizes, metric: metric, seed: context.seed, isolation: isolation) { split in
      let division = try Split(part.table, training: split.training, test: split.test)
      let fitted = try pipeline.fit(division.training, target: target, weights: weights, context: context)
      func score(_ table: Table) throws -> Double {
        let x = try fitted.recipe.matrix(of: table, threads: context.threads)
        return try PipelineScores.measure(fitted.predict(x), truth: target?.target(of: table), features: x)[metric] ?? .nan
      }
      return (try score(division.training.table), try score(division.test.table))
    }
  }
}

extension FittedPipeline {
  /// What each column is worth: how much worse the metric gets when the column's values are shuffled among the rows (Breiman, 2001).
  /// - Parameters:
  ///   - columns: the columns; `nil` for all that the recipe reads.
  ///   - limit: rows, drawn by chance, that are measured on at most.
  /// - Throws: `MetricError` for fewer than two repeats, `CancellationError`.
  public func importance(
    on table: Table, target: TargetColumn, metric: String, columns: [String]? = nil, repeats: Int = 3, limit: Int = 5000, seed: UInt64 = 0,
    threads: Int, isolation: isolated (any Actor)? = #isolation
  ) async throws -> PermutationImportance {
    let rows = table.rowCount > limit ? try table.sampled(limit, seed: seed) : table
    let truth = try target.target(of: rows)
    let names = columns ?? recipe.inputs.map(\.name)
    return try await PermutationImportance.measure(
      features: names, rows: rows.rowCount, metric: metric, higherIsBetter: try PipelineScores.higherIsBetter(metric), repeats: repeats,
      seed: seed, isolation: isolation
    ) { change in
      var changed = rows
      if let change { changed = try rows.setting(rows.column(names[change.feature]).taking(change.permutation)) }
      return try PipelineScores.measure(predict(changed, threads: threads), truth: truth)[metric] ?? .nan
    }
  }
}
