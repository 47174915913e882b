import Bundles
import Charts
import Commands
import Evaluation
import Foundation
import Learners
import MartletCore
import Project
import Selection
import Tables

/// Judges a model of tables on rows that it never saw, once.
struct TableJudgement: Sendable {
  let training: TableTrainer
  let model: TableModel

  /// What the rows say about the model.
  struct Verdict: Sendable {
    enum Kind: Sendable {
      case classes(ClassificationEvaluation)
      case numbers(RegressionEvaluation)
      case groups(ClusteringEvaluation)
      case anomalies(AnomalyEvaluation)
    }

    var rows: Int
    var metrics: [String: MetricSummary]
    var kind: Kind
    var importance: PermutationImportance?
    var slices: SliceMetrics?
    var fairness: FairnessEvaluation?
    var errors: ErrorAnalysis?
  }

  init(_ training: TableTrainer, _ model: TableModel) {
    self.training = training
    self.model = model
  }

  /// The rows that judge: those set aside, or all where none are.
  var table: Table { training.parts.test ?? training.parts.training }

  private var settings: TableJudging { training.project.evaluation }
  private var intervals: IntervalOptions { IntervalOptions(level: settings.intervals, seed: training.project.training.seed) }

  /// - Throws: `CancellationError`; `RecipeError`, `MetricError` naming what does not fit.
  func judge() async throws -> Verdict {
    let table = self.table
    var batches: [(items: Int, seconds: Double)] = []
    var outputs: [TableModel.Answer] = []
    for start in stride(from: 0, to: table.rowCount, by: 4096) {
      try Task.checkCancellation()
      let clock = ContinuousClock.now
      let part = try table.slice(start..<min(start + 4096, table.rowCount))
      outputs.append(try model.predict(part, threads: training.threads))
      batches.append((part.rowCount, (ContinuousClock.now - clock) / .seconds(1)))
    }
    let costs = EvaluationCosts(
      batches: batches.count > 2 ? Array(batches.dropFirst()) : batches, peakMemoryBytes: EvaluationCosts.peakMemoryOfProcess())
    var verdict = try verdict(outputs, costs)
    if settings.importance > 1, let target = training.parts.target, training.project.task.hasTarget {
      let used = model.configuration.inputs.map(\.name) + [target.name]
      if used.allSatisfy(table.contains) {
        verdict.importance = try await model.pipeline.importance(
          on: table.selecting(used), target: target, metric: model.configuration.metric, columns: shuffledColumns,
          repeats: settings.importance, seed: training.project.training.seed, threads: training.threads)
      }
    }
    return verdict
  }

  /// Columns that are shuffled to see what they are worth: of very many the hundred that trees split by most, else the first.
  private var shuffledColumns: [String] {
    let inputs = model.pipeline.recipe.inputs.map(\.name), most = 100
    guard inputs.count > most else { return inputs }
    var gains: [String: Double] = [:]
    if let boosting = model.pipeline.learner as? any FittedBoosting, let scores = try? boosting.importances(.gain) {
      for (origins, score) in zip(model.pipeline.recipe.featureOrigins, scores) { for name in origins { gains[name, default: 0] += score } }
    }
    let order = inputs.indices.sorted { (gains[inputs[$1]] ?? 0, $0) < (gains[inputs[$0]] ?? 0, $1) }
    return order.prefix(most).map { inputs[$0] }
  }

  private func verdict(_ answers: [TableModel.Answer], _ costs: EvaluationCosts) throws -> Verdict {
    let weights = try training.parts.weight.map { try table.column($0).numbers() }
    switch answers.first?.output {
    case .probabilities(_, let labels)?:
      guard case .classes(let truth, _)? = try training.parts.target?.target(of: table) else {
        throw ArgumentError("there is no target to judge by", expected: "data.target")
      }
      let probabilities = answers.flatMap { answer -> [Double] in
        if case .probabilities(let values, _) = answer.output { values } else { [] }
      }
      return try classes(truth, probabilities, answers.flatMap(\.decided), labels, weights, costs)
    case .values?:
      guard case .values(let truth)? = try training.parts.target?.target(of: table) else {
        throw ArgumentError("there is no target to judge by", expected: "data.target")
      }
      let predicted = answers.flatMap { answer -> [Double] in if case .values(let values) = answer.output { values } else { [] } }
      let evaluation = try RegressionEvaluation(
        truth: truth, predicted: predicted, weights: weights, target: model.configuration.target ?? "target", costs: costs,
        intervals: intervals, worst: settings.worst)
      var verdict = Verdict(rows: truth.count, metrics: Self.summaries(evaluation.metrics), kind: .numbers(evaluation))
      let features = try groups(settings.slices)
      if !features.isEmpty { verdict.slices = try SliceMetrics(truth: truth, predicted: predicted, features: features) }
      verdict.errors = try errors(zip(truth, predicted).map { abs($0 - $1) }, "absolute error")
      return verdict
    case .clusters?:
      let groups = answers.flatMap { answer -> [Int] in if case .clusters(let groups) = answer.output { groups } else { [] } }
      let x = try model.pipeline.recipe.matrix(of: try model.completed(table), threads: training.threads)
      let truth = try training.project.data.target.map { try table.column($0).codes().codes.map(Int.init) }
      let evaluation = try ClusteringEvaluation(
        points: try x.denseValues(), columns: x.columns, labels: groups, truth: truth, intervals: intervals)
      return Verdict(rows: groups.count, metrics: Self.summaries(evaluation.metrics), kind: .groups(evaluation))
    case .scores(_, let threshold)?:
      let scores = answers.flatMap { answer -> [Double] in if case .scores(let scores, _) = answer.output { scores } else { [] } }
      let truth = try training.anomalies(in: table)
      let evaluation = try AnomalyEvaluation(
        scores: scores, threshold: threshold, truth: truth, highest: settings.worst, intervals: intervals)
      return Verdict(rows: scores.count, metrics: Self.summaries(evaluation.metrics), kind: .anomalies(evaluation))
    case nil: throw ArgumentError("there are no rows to judge by", expected: "1 or more", remedy: "data.test")
    }
  }

  private func classes(
    _ truth: [Int], _ probabilities: [Double], _ decided: [Int], _ labels: [String], _ weights: [Double]?, _ costs: EvaluationCosts
  ) throws -> Verdict {
    var accumulator = try ClassificationAccumulator(labels: labels)
    try accumulator.add(probabilities: probabilities.map(Float.init), truth: truth, weights: weights)
    let evaluation = try accumulator.evaluation(
      costs: costs, intervals: intervals, mistakes: settings.worst,
      decisions: model.configuration.rule.threshold == nil ? nil : decided)
    var verdict = Verdict(rows: truth.count, metrics: Self.summaries(evaluation.metrics), kind: .classes(evaluation))
    let features = try groups(settings.slices)
    if !features.isEmpty {
      verdict.slices = try SliceMetrics(truth: truth, predicted: decided, classes: labels.count, features: features)
    }
    let protected = try groups(settings.fairness)
    if !protected.isEmpty, labels.count == 2 {
      verdict.fairness = try FairnessEvaluation(
        truth: truth.map { $0 == 1 }, predicted: decided.map { $0 == 1 }, scores: truth.indices.map { probabilities[$0 * 2 + 1] },
        features: protected, weights: weights, options: intervals)
    }
    verdict.errors = try errors(zip(truth, decided).map { $0 == $1 ? 0 : 1 }, "share of wrong answers")
    return verdict
  }

  static func summaries(_ metrics: [String: Estimate]) -> [String: MetricSummary] {
    metrics.reduce(into: [:]) { result, item in
      let estimate = item.value
      result[item.key] = MetricSummary(
        estimate.value, lower: estimate.lower, upper: estimate.upper, level: estimate.level,
        higherIsBetter: MetricInfo.named(item.key)?.higherIsBetter)
    }
  }

  /// Columns as groups of rows: by value, or by quarters where there are many numbers.
  private func groups(_ names: [String]) throws -> [GroupFeature] {
    try names.map { name in
      let column = try table.column(name)
      switch column.type.kind {
      case .numeric, .timestamp: return GroupFeature(name, numbers: try column.numbers())
      default:
        let codes = try column.codes()
        return GroupFeature(name, values: codes.codes.map { $0 < 0 ? nil : codes.categories[Int($0)] })
      }
    }
  }

  /// Where the model is worst, over columns of few values.
  private func errors(_ losses: [Double], _ name: String) throws -> ErrorAnalysis? {
    let shown = model.configuration.inputs.prefix(40).map(\.name).filter(table.contains)
    let features = try groups(shown).filter { (2...40).contains($0.labels.count) }
    guard !features.isEmpty, losses.count >= 200 else { return nil }
    return try ErrorAnalysis(features: features, losses: losses, lossName: name)
  }
}
