import Bundles
import Commands
import Foundation
import MartletCore
import Project
import Registry
import TextTasks
import Torch

/// `martlet run`, `train` and `evaluate` for projects of texts.
enum TextWork {
  private static func folder(_ project: ProjectFile, resuming path: String?) throws -> RunFolder {
    try path.map { try RunFolder.open($0, for: project) } ?? RunFolder.create(for: project)
  }

  private static func learning(_ project: ProjectFile, _ folder: RunFolder, _ surroundings: Surroundings) throws -> any TextLearning {
    guard project.project.task == .multiTask else { return try TextTraining(project, folder: folder, surroundings: surroundings) }
    return try HeadsTraining(project, folder: folder, surroundings: surroundings)
  }

  static func run(_ request: RunRequest) async throws -> RunSummary {
    let clock = ContinuousClock.now, started = Date()
    let registry = try ModelRegistry.open(at: request.surroundings.registry, create: true)
    let folder = try Self.folder(request.project, resuming: request.resume)
    let training = try learning(request.project, folder, request.surroundings)
    let outcome = try await training.run(resuming: request.resume != nil)
    func summary(_ version: Int?, _ metrics: [String: MetricSummary], _ gates: [Gate], _ report: String?) -> RunSummary {
      RunSummary(
        name: training.project.name, version: version, metrics: metrics, gates: gates, training: outcome.summary, report: report,
        seconds: (ContinuousClock.now - clock) / .seconds(1))
    }
    guard !outcome.summary.interrupted else { return summary(nil, [:], [], nil) }
    let judgement = try training.judging(outcome.model)
    let verdict = try await CancelledBySignals.run { try await judgement.judge() }
    let lineage = try lineage(training, outcome, started: started)
    let page = try judgement.write(verdict, history: outcome.history, title: training.project.name, lineage: lineage, to: folder.report)
    let gates = Gate.check(training.project.evaluation.require, metrics: verdict.metrics)
    func kept(_ summary: RunSummary) -> RunSummary {
      RunRecord.keeping(
        summary, of: request.project, in: registry, history: outcome.history, since: started, quiet: request.surroundings.quiet)
    }
    guard gates.allSatisfy(\.passed) else { return kept(summary(nil, verdict.metrics, gates, page)) }
    try await training.latency(of: outcome.model)?.write(to: folder.report)
    let writer = try BundleWriter(at: folder.path + "/bundle", replacing: true)
    try TextBundle.add(folder.path + "/model", to: writer)
    try writer.add(folder: folder.report, as: ModelBundle.WellKnown.report)
    try writer.add(Data(request.project.text.utf8), as: "martlet.yml")
    let bundle = try writer.finish(
      name: training.project.name, kind: outcome.model.kind, signature: outcome.model.signature(), labels: outcome.model.labels,
      lineage: lineage, metrics: verdict.metrics)
    let registration = try GatedRegistration(bundle, request, in: registry)
    // The registry holds every file of it now.
    try? FileManager.default.removeItem(atPath: folder.path + "/bundle")
    return kept(summary(registration.version.number, verdict.metrics, gates, page).with(registration.verdicts))
  }

  static func train(_ request: TrainRequest) async throws -> TrainSummary {
    let folder = try Self.folder(request.project, resuming: request.resume)
    return try await learning(request.project, folder, request.surroundings)
      .run(resuming: request.resume != nil).summary
  }

  static func evaluate(_ request: EvaluateRequest) async throws -> EvaluationSummary {
    let clock = ContinuousClock.now
    let registry = try ModelRegistry.open(at: request.surroundings.registry)
    let version = try registry.resolve(request.reference)
    let bundle = try registry.bundle(version)
    guard bundle.has(LanguageBundle.folder + "/" + TextModelSettings.file) else {
      throw ArgumentError(
        "\(version.reference) is a \(bundle.manifest.kind) that no project of texts made", expected: "a version of this project")
    }
    let model = try LearntTexts(bundle)
    let output = request.report ?? request.project.resolve(request.project.project.output) + "/\(version.name)/evaluation-\(version.number)"
    let place = RunFolder(path: output)
    let training: any TextLearning =
      switch model {
      case .one(let one):
        try TextTraining(request.project, folder: place, surroundings: request.surroundings, known: one.settings.labels)
      case .many(let many): try HeadsTraining(request.project, folder: place, surroundings: request.surroundings, known: many.settings)
      }
    let judgement = try training.judging(model)
    let verdict = try await CancelledBySignals.run { try await judgement.judge() }
    let page = try judgement.write(verdict, history: [:], title: version.reference, lineage: bundle.manifest.lineage, to: output)
    return EvaluationSummary(
      name: version.name, version: version.number, metrics: verdict.metrics,
      gates: Gate.check(training.project.evaluation.require, metrics: verdict.metrics),
      items: training.allParts.reduce(0) { $0 + $1.test.rowCount }, report: page,
      seconds: (ContinuousClock.now - clock) / .seconds(1))
  }

  private static func lineage(_ training: any TextLearning, _ outcome: TextTraining.Outcome, started: Date) throws -> Lineage {
    let tables = training.allParts.flatMap { [("training", $0.training), ("validation", $0.validation), ("test", $0.test)] }
    let data = try tables.filter { $0.1.rowCount > 0 }.map {
      Lineage.DataSource(
        role: $0.0, digest: Digest.sha256(try $0.1.rowHashes().withUnsafeBytes { Data($0) }), items: $0.1.rowCount, note: "texts")
    }
    var values = outcome.summary.last.mapValues(JSONValue.double)
    values["epochs"] = .int(outcome.summary.epochs)
    values["steps"] = .int(outcome.summary.steps)
    values["seconds"] = .double(outcome.summary.seconds)
    values["weights"] = outcome.summary.weights.map(JSONValue.string)
    return Lineage(
      data: data, configurationDigest: try training.file.project.digest(), seed: training.project.training.seed,
      code: .current(directory: training.file.folder), machine: .current(), libraries: ["libtorch": TorchLibrary.headerVersion],
      started: started, finished: Date(), training: values)
  }
}
