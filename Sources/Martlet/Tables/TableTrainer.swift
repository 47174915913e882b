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
import Torch

/// Compares a project's models on the training part, and fits the best one on all of it.
struct TableTrainer: Sendable {
  let project: TableProject
  let file: ProjectFile
  let parts: TableParts
  let folder: RunFolder
  let surroundings: Surroundings

  /// A fitted model and what led to it.
  struct Outcome: Sendable {
    let model: TableModel
    let comparison: CandidateComparison?
    /// The best candidate's folds.
    let validation: CrossValidationSummary?
    let candidates: [CandidateSummary]
    /// What the model has learnt from, where not all rows fit into memory.
    let learning: String?
    /// What the rows are like.
    let review: TableReview
    let seconds: Double
  }

  /// - Parameter learns: rows that do not fit into memory are kept on disk, to be learnt from.
  init(_ file: ProjectFile, folder: RunFolder, surroundings: Surroundings, learns: Bool = true) throws {
    guard let project = file.project.table else {
      throw ArgumentError("\(file.path) is a project for \(file.project.task.rawValue)", expected: "one for tables")
    }
    self.project = project
    self.file = file
    self.folder = folder
    self.surroundings = surroundings
    let learnsInStages = try project.models.contains { choice in
      try LearnerCatalogue.learner(choice.name, settings: .object(choice.settings)) is any StagedLearner
    }
    parts = try TableParts(file, project, parts: learns && learnsInStages ? folder.path + "/parts" : nil)
  }

  var threads: Int { project.training.threads.value ?? Parallel.defaultThreads }
  var context: FitContext { FitContext(seed: project.training.seed, threads: threads) }

  func note(_ text: String) { if !surroundings.quiet { Terminal.note(text) } }

  /// The data break their schema: told in words, and a gate that says no.
  var schemaGate: Gate? {
    guard let check = parts.check, !check.passed else { return nil }
    for violation in check.violations where violation.severity == .error {
      note("\(violation.column.map { "\($0): " } ?? "")\(violation.found), expected \(violation.expected)")
    }
    let errors = MetricSummary(Double(check.errors), higherIsBetter: false)
    return Gate.check(["schema_errors": 0], metrics: ["schema_errors": errors]).first
  }

  /// - Throws: `CancellationError` after Ctrl-C; what is wrong with the data or the models.
  func run() async throws -> Outcome {
    folder.note(.running)
    do {
      return try await CancelledBySignals.run { try fit() }
    } catch {
      folder.note(error is CancellationError ? .interrupted : .failed)
      throw error
    }
  }

  private func fit() throws -> Outcome {
    let clock = ContinuousClock.now
    let candidates = try TableCandidates(project, parts)
    let pipelines = candidates.pipelines, metric = candidates.metric
    for text in parts.notes { note(text) }
    note(
      "\(NumberText.grouped(parts.rows.training)) rows of \(parts.features.count) columns to learn from, "
        + "\(NumberText.grouped(parts.rows.test)) to judge by · run \(folder.path)")
    if parts.isSampled { note(sampleNote) }
    let review = try TableReview(parts, target: project.data.target, seed: project.training.seed, threads: threads)
    for text in review.warnings { note("warning: \(text)") }
    let splits = try TableCandidates.splits(project, parts)
    var comparison: CandidateComparison?
    var results: [CandidateResult] = []
    let needsFolds = pipelines.count > 1 || project.calibrate != .none || !["default", "at"].contains(project.threshold.name)
    if splits.isEmpty, needsFolds {
      throw ArgumentError("nothing can be compared, calibrated or tuned without folds", expected: "select.folds of 2 or more")
    }
    if !splits.isEmpty, project.task.hasTarget || pipelines.count > 1 {
      let truth = try anomalies(in: parts.training)
      if project.task == .anomalyDetection, truth == nil {
        throw ArgumentError(
          "several models for anomalies cannot be compared without knowing any", expected: "data.target: a column that tells the truth",
          remedy: "one model")
      }
      let validation = PipelineValidation(
        try parts.part, target: parts.target, truth: truth, weights: parts.weight, splits: splits, context: context)
      let finished = try FinishedCandidates(in: folder, training: parts.part.table, splits: splits)
      for (place, pipeline) in pipelines.enumerated() {
        if let known = try finished.result(place, named: pipeline.name) {
          note("\(pipeline.name): kept from before")
          results.append(known)
          continue
        }
        let result = try validation.measure([pipeline]) { _, fold in
          let text = "\(pipeline.name): fold \(fold + 1) of \(splits.count)"
          if Terminal.isInteractive, !surroundings.quiet { Terminal.note("\r\u{1B}[K\(text)", terminator: "") }
        }
        for one in result { try finished.keep(one, place) }
        results += result
      }
      if Terminal.isInteractive, !surroundings.quiet { Terminal.note("\r\u{1B}[K", terminator: "") }
      comparison = try CandidateComparison(results, metric: metric, level: project.evaluation.intervals)
      for row in comparison?.rows ?? [] {
        let score = row.score.map {
          "\(metric) \(NumberText.significant($0.value)) (\(NumberText.significant($0.lower)) to \(NumberText.significant($0.upper)))"
        }
        note("\(row.name): \(score ?? row.problem ?? "no \(metric)"), \(NumberText.duration(milliseconds: row.seconds * 1000))")
      }
    }
    let best = comparison?.best ?? 0
    try Task.checkCancellation()
    if pipelines.count > 1, !parts.isSampled { note("the best is \(pipelines[best].name); it learns from all training rows") }
    var fitted = try pipelines[best].fit(try parts.part, target: parts.target, weights: parts.weight, context: context)
    if parts.isSampled {
      note(learningNote(pipelines[best]))
      if let stored = parts.stored, let target = parts.target, pipelines[best].learnsInStages {
        fitted = try pipelines[best].fit(stored.tables, preparedBy: fitted, target: target, weights: parts.weight, context: context)
      }
    }
    var configuration = try configuration(fitted, pipelines[best].name, metric)
    try decide(&configuration, from: results.indices.contains(best) ? results[best] : nil)
    let used = try parts.training.selecting(fitted.recipe.inputs.map(\.name))
    let model = TableModel(configuration: configuration, pipeline: fitted, schema: try DataSchema.infer(used))
    return Outcome(
      model: model, comparison: comparison, validation: results.indices.contains(best) ? results[best].summary : nil,
      candidates: (comparison?.rows ?? []).enumerated().map { place, row in
        var metrics = row.metrics.mapValues(\.value)
        metrics[Self.tunedF1] = tuned(results[place], splits)
        return CandidateSummary(
          name: row.name, score: row.score?.value, lower: row.score?.lower, upper: row.score?.upper, metrics: metrics,
          pValue: row.adjustedPValue, isBest: place == best, problem: row.problem,
          seconds: row.seconds)
      }, learning: parts.isSampled ? learningNote(pipelines[best]) : nil, review: review,
      seconds: (ContinuousClock.now - clock) / .seconds(1))
  }

  /// What is told in the report about rows that do not fit into memory.
  func memoryNotes(_ outcome: Outcome?) -> [String] {
    guard parts.isSampled else { return [] }
    let judged = parts.test.map { "It was judged on \(NumberText.grouped($0.rowCount)) of \(NumberText.grouped(parts.rows.test)) rows." }
    return [sampleNote.prefix(1).uppercased() + sampleNote.dropFirst() + "."]
      + [outcome?.learning.map { $0 + "." }, judged].compactMap { $0 }
  }

  private var sampleNote: String {
    "the rows do not fit into memory: models are compared on \(NumberText.grouped(parts.training.rowCount)) of them, drawn by chance"
  }

  /// What the chosen model has learnt from.
  private func learningNote(_ pipeline: Pipeline) -> String {
    if let stored = parts.stored, pipeline.learnsInStages {
      let counts = stored.counts.filter { $0 > 0 }, learnt = pipeline.rowsLearnt(of: counts), all = counts.reduce(0, +)
      let rows = learnt == all ? "all \(NumberText.grouped(all)) rows" : "\(NumberText.grouped(learnt)) of \(NumberText.grouped(all)) rows"
      return "\(pipeline.name) learns from \(rows) in \(counts.count) parts"
    }
    return "\(pipeline.name) learns from the sample only: it needs all rows in memory (boosting and sgd_classifier or sgd_regressor do not)"
  }

  /// Which rows are known to be anomalies; `nil` for other tasks, and where nothing is known.
  func anomalies(in table: Table) throws -> [Bool]? {
    guard project.task == .anomalyDetection, let name = project.data.target else { return nil }
    let codes = try table.column(name).codes()
    let positive = project.data.positive ?? codes.categories.last ?? ""
    return codes.codes.map { $0 >= 0 && codes.categories[Int($0)] == positive }
  }

  /// F1 where the threshold is tuned, among a candidate's metrics.
  static let tunedF1 = "f1_tuned_threshold"

  /// What a tuned threshold is worth; `nil` where there are not two classes, or rows were measured more than once or not at all.
  private func tuned(_ result: CandidateResult, _ splits: [FoldSplit]) -> Double? {
    guard let outOfFold = result.outOfFold, outOfFold.width == 2, splits.reduce(0, { $0 + $1.test.count }) == parts.training.rowCount,
      case .classes(let truth, let labels)? = try? parts.target?.target(of: parts.training), labels.count == 2,
      outOfFold.rows.count == truth.count
    else { return nil }
    return DecisionRule.tunedF1(probabilities: outOfFold.values, positive: truth.map { $0 == 1 }, folds: splits)
  }

  private func configuration(_ fitted: FittedPipeline, _ name: String, _ metric: String) throws -> TableModelConfiguration {
    let inputs = try fitted.recipe.inputs.map { input in
      TableModelConfiguration.Input(
        name: input.name, type: input.type, isOptional: try parts.training.column(input.name).missingCount > 0)
    }
    // Only what the model reads, and what that is made of.
    var needed = Set(inputs.map(\.name)), derive: [String: String] = [:]
    var isGrowing = true
    while isGrowing {
      isGrowing = false
      for (column, text) in project.data.derive where needed.contains(column) && derive[column] == nil {
        derive[column] = text
        needed.formUnion(try ColumnExpression(text).columnNames)
        isGrowing = true
      }
    }
    return TableModelConfiguration(
      task: project.task, model: name, target: project.data.target, labels: fitted.labels, inputs: inputs, derive: derive,
      rule: DecisionRule(), metric: metric)
  }

  /// Calibration and threshold, from predictions of rows that the model had not seen.
  private func decide(_ configuration: inout TableModelConfiguration, from result: CandidateResult?) throws {
    guard let labels = configuration.labels else { return }
    if project.threshold.name == "at" {
      configuration.rule = DecisionRule(threshold: project.threshold.settings["value"]?.doubleValue)
    }
    guard let outOfFold = result?.outOfFold, case .classes(let all, _)? = try parts.target?.target(of: parts.training) else { return }
    let truth = outOfFold.rows.map { all[$0] }
    let weights = try parts.weight.map { try parts.training.column($0).numbers() }.map { all in outOfFold.rows.map { all[$0] } }
    var probabilities = outOfFold.values
    let method: CalibrationMethod? =
      switch project.calibrate {
      case .none: nil
      case .platt: .sigmoid
      case .isotonic: .isotonic
      case .temperature: .temperature
      }
    if let method {
      let calibration = ProbabilityCalibration(
        method, probabilities: probabilities, truth: truth, classes: labels.count, weights: weights)
      configuration.calibration = calibration
      probabilities = calibration.applied(to: probabilities)
    }
    guard let goal = try goal(labels) else { return }
    configuration.rule = try DecisionRule(
      goal, probabilities: truth.indices.map { probabilities[$0 * 2 + 1] }, positive: truth.map { $0 == 1 }, weights: weights)
  }

  private func goal(_ labels: [String]) throws -> DecisionRule.Goal? {
    let threshold = project.threshold
    guard !["default", "at"].contains(threshold.name) else { return nil }
    guard labels.count == 2 else {
      throw ArgumentError("threshold is for two classes, '\(project.data.target ?? "")' has \(labels.count)", remedy: "threshold: default")
    }
    func number(_ key: String) -> Double { threshold.settings[key]?.doubleValue ?? 1 }
    switch threshold.name {
    case "cost": return .cost(falsePositive: number("false-positive"), falseNegative: number("false-negative"))
    case "recall": return .recall(atLeast: number("at-least"))
    case "precision": return .precision(atLeast: number("at-least"))
    default:
      switch threshold.settings["name"]?.stringValue {
      case "balanced_accuracy": return .balancedAccuracy
      case "youden": return .youden
      case "matthews_correlation": return .matthews
      default: return .f1
      }
    }
  }

  // What is told about it -----------------------------------------------------------------------------------------------------------------

  func summary(_ outcome: Outcome?, seconds: Double) -> TrainSummary {
    TrainSummary(
      run: folder.path, epochs: 1, steps: outcome?.candidates.count ?? 0, parameters: outcome?.model.configuration.inputs.count ?? 0,
      last: outcome?.validation?.metrics.mapValues(\.value) ?? [:], weights: nil, seconds: outcome?.seconds ?? seconds)
  }

  func lineage(_ outcome: Outcome, started: Date) throws -> Lineage {
    func source(_ role: String, _ table: Table, _ rows: Int, _ known: String?) throws -> Lineage.DataSource {
      // Rows in their order: a digest of digests.
      let digest = try known ?? Digest.sha256(table.rowHashes().withUnsafeBytes { Data($0) })
      let sampled = rows > table.rowCount ? ", \(NumberText.grouped(table.rowCount)) rows of them in memory" : ""
      return Lineage.DataSource(role: role, digest: digest, items: rows, note: "\(table.columns.count) columns\(sampled)")
    }
    var data = [try source("training", parts.training, parts.rows.training, parts.digests.first)]
    if let test = parts.test { data.append(try source("test", test, parts.rows.test, parts.digests.last)) }
    var training: [String: JSONValue] = ["seconds": .double(outcome.seconds), "model": .string(outcome.model.configuration.model)]
    for (name, estimate) in outcome.validation?.metrics ?? [:] { training["folds/\(name)"] = .double(estimate.value) }
    return Lineage(
      data: data, configurationDigest: try file.project.digest(), seed: project.training.seed, code: .current(directory: file.folder),
      machine: .current(), libraries: ["libtorch": TorchLibrary.headerVersion], started: started, finished: Date(), training: training)
  }
}
