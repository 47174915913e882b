import Bundles
import Charts
import Commands
import Evaluation
import Foundation
import Learners
import MartletCore
import Project
import Recipes
import Registry
import Selection
import Tables
import Torch

/// `martlet run`, `train` and `evaluate` for projects of tables.
enum TableWork {
  /// A new folder, or that of a run that goes on.
  private static func folder(_ project: ProjectFile, resuming path: String?) throws -> RunFolder {
    try path.map { try RunFolder.open($0, for: project) } ?? RunFolder.create(for: project)
  }

  static func run(_ request: RunRequest) async throws -> RunSummary {
    let clock = ContinuousClock.now, started = Date()
    let registry = try ModelRegistry.open(at: request.surroundings.registry, create: true)
    let folder = try Self.folder(request.project, resuming: request.resume)
    let training = try TableTrainer(request.project, folder: folder, surroundings: request.surroundings)
    func seconds() -> Double { (ContinuousClock.now - clock) / .seconds(1) }
    func summary(
      _ outcome: TableTrainer.Outcome?, _ version: Int?, _ metrics: [String: MetricSummary], _ gates: [Gate], _ report: String?
    ) -> RunSummary {
      var summary = RunSummary(
        name: training.project.name, version: version, metrics: metrics, gates: gates,
        training: training.summary(outcome, seconds: seconds()), report: report, seconds: seconds())
      summary.candidates = outcome?.candidates
      return summary
    }
    if let gate = training.schemaGate { return summary(nil, nil, [:], [gate], nil) }
    let outcome: TableTrainer.Outcome
    do { outcome = try await training.run() } catch is CancellationError {
      return summary(nil, nil, [:], [], nil).interrupted()
    }
    let judging = TableJudgement(training, outcome.model)
    let verdict: TableJudgement.Verdict
    do { verdict = try await CancelledBySignals.run { try await judging.judge() } } catch is CancellationError {
      folder.note(.interrupted)
      return summary(outcome, nil, [:], [], nil).interrupted()
    }
    let lineage = try training.lineage(outcome, started: started)
    let page = try judging.write(verdict, outcome, title: training.project.name, lineage: lineage, to: folder.report)
    let gates = Gate.check(training.project.evaluation.require, metrics: verdict.metrics)
    folder.note(.finished)
    func kept(_ summary: RunSummary) -> RunSummary {
      RunRecord.keeping(summary, of: request.project, in: registry, since: started, quiet: request.surroundings.quiet)
    }
    guard gates.allSatisfy(\.passed) else { return kept(summary(outcome, nil, verdict.metrics, gates, page)) }
    try await judging.latency().write(to: folder.report)
    let writer = try BundleWriter(at: folder.path + "/bundle", replacing: true)
    try outcome.model.write(to: writer)
    try writer.add(folder: folder.report, as: ModelBundle.WellKnown.report)
    try writer.add(Data(request.project.text.utf8), as: "martlet.yml")
    let bundle = try writer.finish(
      name: training.project.name, kind: TableBundle.kind(training.project.task),
      signature: TableBundle.signature(outcome.model.configuration), labels: outcome.model.configuration.labels ?? [], lineage: lineage,
      metrics: verdict.metrics)
    let registration = try GatedRegistration(bundle, request, in: registry)
    // The registry holds every file of it now.
    try? FileManager.default.removeItem(atPath: folder.path + "/bundle")
    return kept(summary(outcome, registration.version.number, verdict.metrics, gates, page).with(registration.verdicts))
  }

  static func train(_ request: TrainRequest) async throws -> TrainSummary {
    let clock = ContinuousClock.now
    let folder = try Self.folder(request.project, resuming: request.resume)
    let training = try TableTrainer(request.project, folder: folder, surroundings: request.surroundings)
    if let gate = training.schemaGate { throw ArgumentError("the data break their schema: \(Int(gate.value ?? 0)) errors") }
    func seconds() -> Double { (ContinuousClock.now - clock) / .seconds(1) }
    let outcome: TableTrainer.Outcome
    do { outcome = try await training.run() } catch is CancellationError {
      var summary = training.summary(nil, seconds: seconds())
      summary.interrupted = true
      return summary
    }
    try outcome.model.pipeline.learner.archive().write(to: folder.path + "/learner")
    try AtomicFile.write(JSON.encode(outcome.model.pipeline.recipe), to: folder.path + "/recipe.json")
    try AtomicFile.write(JSON.encode(outcome.model.configuration), to: folder.path + "/config.json")
    folder.note(.finished)
    return training.summary(outcome, seconds: seconds())
  }

  static func evaluate(_ request: EvaluateRequest) async throws -> EvaluationSummary {
    let clock = ContinuousClock.now
    let registry = try ModelRegistry.open(at: request.surroundings.registry)
    let version = try registry.resolve(request.reference)
    let bundle = try registry.bundle(version)
    guard bundle.manifest.kind == TableBundle.kind(request.project.project.task) else {
      throw ArgumentError(
        "\(version.reference) is a \(bundle.manifest.kind)", expected: TableBundle.kind(request.project.project.task),
        remedy: "a version that was made by this project")
    }
    let output = request.report ?? request.project.resolve(request.project.project.output) + "/\(version.name)/evaluation-\(version.number)"
    let training = try TableTrainer(request.project, folder: RunFolder(path: output), surroundings: request.surroundings, learns: false)
    let judging = TableJudgement(training, try TableModel(bundle: bundle))
    let verdict = try await CancelledBySignals.run { try await judging.judge() }
    let page = try judging.write(verdict, nil, title: version.reference, lineage: bundle.manifest.lineage, to: output)
    return EvaluationSummary(
      name: version.name, version: version.number, metrics: verdict.metrics,
      gates: Gate.check(training.project.evaluation.require, metrics: verdict.metrics), items: verdict.rows, report: page,
      seconds: (ContinuousClock.now - clock) / .seconds(1))
  }
}

extension RunSummary {
  /// The same run, stopped by somebody.
  fileprivate func interrupted() -> RunSummary {
    var copy = self
    copy.training.interrupted = true
    return copy
  }
}
