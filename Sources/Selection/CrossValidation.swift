public import Evaluation
public import Learners
import MartletCore
import Recipes
public import Tables

/// What cross-validation found out about one pipeline.
public struct CandidateResult: Sendable, Hashable, Codable {
  public let name: String
  /// Metrics of the folds; `nil` where the pipeline could not learn.
  public let summary: CrossValidationSummary?
  /// What every row was given by a pipeline that had not seen it; `nil` where the pipeline could not learn.
  public let outOfFold: OutOfFoldPredictions?
  /// Why the pipeline could not learn.
  public let problem: String?
  /// All folds together.
  public let seconds: Double
}

/// Cross-validation of whole pipelines: preparation, balance and learner are fitted anew on the training rows of every fold, so that nothing
/// of the rows that measure can leak into what is measured.
public struct PipelineValidation: Sendable {
  public let part: TrainingPart
  public let target: TargetColumn?
  /// Whether each row of the part is one of those that are looked for, where that judges and is not learnt from.
  public let truth: [Bool]?
  public let weights: String?
  public let splits: [FoldSplit]
  public let context: FitContext

  /// - Parameters:
  ///   - part: the rows to divide.
  ///   - truth: whether each row is one of those that are looked for, to judge detectors of anomalies by.
  ///   - splits: divisions of the part's rows, counted from 0.
  public init(
    _ part: TrainingPart, target: TargetColumn?, truth: [Bool]? = nil, weights: String? = nil, splits: [FoldSplit],
    context: FitContext = FitContext()
  ) {
    self.part = part
    self.target = target
    self.truth = truth
    self.weights = weights
    self.splits = splits
    self.context = context
  }

  /// Measures pipelines on the same folds. One that cannot learn has a `problem` in its result, and does not stop the others.
  /// - Parameter progress: told which pipeline and fold come next.
  /// - Throws: `CancellationError` in a cancelled task; what is wrong with the rows themselves.
  public func measure(_ pipelines: [Pipeline], progress: (_ pipeline: Int, _ fold: Int) -> Void = { _, _ in }) throws -> [CandidateResult] {
    var results: [CandidateResult] = []
    for (place, pipeline) in pipelines.enumerated() {
      let clock = ContinuousClock.now
      func result(_ summary: CrossValidationSummary?, _ outOfFold: OutOfFoldPredictions?, _ problem: String?) -> CandidateResult {
        CandidateResult(
          name: pipeline.name, summary: summary, outOfFold: outOfFold, problem: problem,
          seconds: (ContinuousClock.now - clock) / .seconds(1))
      }
      do {
        var folds: [CrossValidationSummary.Fold] = []
        var outOfFold: OutOfFoldPredictions?
        for (number, split) in splits.enumerated() {
          try Task.checkCancellation()
          progress(place, number)
          let start = ContinuousClock.now
          let (output, metrics) = try judge(pipeline, split)
          folds.append(
            CrossValidationSummary.Fold(
              trainingRows: split.training.count, testRows: split.test.count, metrics: metrics,
              seconds: (ContinuousClock.now - start) / .seconds(1)))
          if outOfFold == nil { outOfFold = OutOfFoldPredictions(rows: part.table.rowCount, width: output.width) }
          try outOfFold?.add(rows: split.test, predictions: output.numbers)
        }
        results.append(result(try CrossValidationSummary(Self.common(folds)), outOfFold, nil))
      } catch let error as CancellationError {
        throw error
      } catch let error as any MartletError {
        results.append(result(nil, nil, error.description))
      }
    }
    return results
  }

  /// Learns on a division's training rows and predicts its test rows.
  /// - Returns: the predictions, and metrics by name.
  public func judge(_ pipeline: Pipeline, _ split: FoldSplit) throws -> (output: PipelineOutput, metrics: [String: Double]) {
    let division = try Split(part.table, training: split.training, test: split.test)
    let fitted = try pipeline.fit(division.training, target: target, weights: weights, context: context)
    let x = try fitted.recipe.matrix(of: division.test.table, threads: context.threads)
    let output = try fitted.predict(x)
    let known = self.truth.map { truth in Target.classes(split.test.map { truth[$0] ? 1 : 0 }, labels: ["usual", "anomaly"]) }
    let truth = try target?.target(of: division.test.table) ?? known
    let counted = try weights.map { try division.test.table.column($0).numbers() }
    return (output, try PipelineScores.measure(output, truth: truth, weights: counted, features: x))
  }

  /// A metric that one fold does not define (it may lack a class) is no metric of the whole.
  private static func common(_ folds: [CrossValidationSummary.Fold]) -> [CrossValidationSummary.Fold] {
    guard let first = folds.first else { return folds }
    let names = folds.reduce(Set(first.metrics.keys)) { $0.intersection($1.metrics.keys) }
    return folds.map { fold in
      CrossValidationSummary.Fold(
        trainingRows: fold.trainingRows, testRows: fold.testRows, metrics: fold.metrics.filter { names.contains($0.key) },
        seconds: fold.seconds)
    }
  }
}
