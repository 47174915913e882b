import Bundles
public import Commands
import Evaluation
import Foundation
import Hub
import Images
import MartletCore
import Models
import NN
import Project
import Registry
import Serving
import Torch
import Training

/// What stands behind the commands that need libtorch.
public struct MartletEngine: Engine {
  /// Where models of a hub come from; `nil` asks the environment.
  let hub: HubSettings?

  public init() { hub = nil }

  /// With a hub of one's own.
  init(hub: HubSettings) { self.hub = hub }

  public func run(_ request: RunRequest) async throws -> RunSummary {
    try TorchLibrary.check()
    try GatedRegistration.check(request)
    if request.project.project.table != nil { return try await TableWork.run(request) }
    if request.project.project.text != nil { return try await TextWork.run(request) }
    let start = Date()
    let clock = ContinuousClock.now
    let file = try ImageProject(request.project)
    let group = try await SharedRun.group()
    var parts = try await Self.parts(file)
    parts.group = group
    // A registry that cannot be written is better known before training than after. Of several processes the first one writes.
    let registry = group?.isFirst ?? true ? try ModelRegistry.open(at: request.surroundings.registry, create: true) : nil
    let folder = try await SharedRun.folder(for: file.file, resuming: request.resume, group)
    let training = ImageTraining(file: file, parts: parts, folder: folder, surroundings: request.surroundings)
    let outcome = try await training.run(resuming: request.resume != nil, in: folder)
    func summary(_ version: Int?, _ metrics: [String: MetricSummary], _ gates: [Gate], _ report: String?) -> RunSummary {
      RunSummary(
        name: file.project.name, version: version, metrics: metrics, gates: gates, training: outcome.summary, report: report,
        seconds: (ContinuousClock.now - clock) / .seconds(1))
    }
    guard let registry, !outcome.summary.interrupted else { return summary(nil, [:], [], nil) }

    let judging = ImageJudging(file: file, test: parts.test, preparation: try parts.preparation.plain, surroundings: request.surroundings)
    let weights = folder.path + "/weights.safetensors"
    let classifier = try TorchClassifier(outcome.model, labels: parts.labels, preparation: parts.preparation)
    let evaluation = try await judging.evaluate(classifier, modelBytes: Files.size(weights), parameters: outcome.summary.parameters)
    let metrics = ImageJudging.summaries(evaluation)
    let lineage = try lineage(file, parts, outcome, started: start)
    let page = try judging.writeReport(
      evaluation, title: file.project.name, history: outcome.history, lineage: lineage, to: folder.report)
    let gates = Gate.check(file.project.evaluation.require, metrics: metrics)
    func kept(_ summary: RunSummary) -> RunSummary {
      RunRecord.keeping(
        summary, of: request.project, in: registry, history: outcome.history, since: start, quiet: request.surroundings.quiet)
    }
    guard gates.allSatisfy(\.passed) else { return kept(summary(nil, metrics, gates, page)) }
    try await judging.latency(of: classifier).write(to: folder.report)

    let bundle = try ImageBundle(
      name: file.project.name, configuration: outcome.configuration, recipe: ImageRecipe(preparation: parts.preparation),
      labels: parts.labels, weights: weights, report: folder.report, projectText: file.text, lineage: lineage, metrics: metrics
    ).write(to: folder.path + "/bundle")
    let registration = try GatedRegistration(bundle, request, in: registry)
    // The registry holds every file of it now.
    try? FileManager.default.removeItem(atPath: folder.path + "/bundle")
    return kept(summary(registration.version.number, metrics, gates, page).with(registration.verdicts))
  }

  public func train(_ request: TrainRequest) async throws -> TrainSummary {
    try TorchLibrary.check()
    if request.project.project.table != nil { return try await TableWork.train(request) }
    if request.project.project.text != nil { return try await TextWork.train(request) }
    let group = try await SharedRun.group()
    let file = try ImageProject(request.project)
    var parts = try await Self.parts(file)
    parts.group = group
    let folder = try await SharedRun.folder(for: request.project, resuming: request.resume, group)
    let training = ImageTraining(file: file, parts: parts, folder: folder, surroundings: request.surroundings)
    return try await training.run(resuming: request.resume != nil, in: folder).summary
  }

  public func evaluate(_ request: EvaluateRequest) async throws -> EvaluationSummary {
    try TorchLibrary.check()
    if request.project.project.table != nil { return try await TableWork.evaluate(request) }
    if request.project.project.text != nil { return try await TextWork.evaluate(request) }
    let clock = ContinuousClock.now
    let file = try ImageProject(request.project)
    let registry = try ModelRegistry.open(at: request.surroundings.registry)
    let version = try registry.resolve(request.reference)
    let bundle = try registry.bundle(version)
    let recipe = try bundle.json(ImageRecipe.self, of: ModelBundle.WellKnown.recipe)
    let parts = try await Self.parts(file, preparedBy: recipe.preparation, labels: bundle.manifest.labels)
    guard parts.labels == bundle.manifest.labels else {
      throw ArgumentError(
        "\(version.reference) knows the classes \(bundle.manifest.labels.joined(separator: ", ")), the project's data have \(parts.labels.joined(separator: ", "))",
        expected: "the same classes in the same order")
    }
    let judging = ImageJudging(
      file: file, test: parts.test, preparation: try recipe.preparation.plain, surroundings: request.surroundings)
    let classifier = try TorchClassifier(bundle: bundle)
    let evaluation = try await CancelledBySignals.run {
      try await judging.evaluate(
        classifier, modelBytes: bundle.manifest.files.first { $0.path == ModelBundle.WellKnown.weights }?.size, parameters: nil)
    }
    let metrics = ImageJudging.summaries(evaluation)
    let output = request.report ?? file.resolve(file.project.output) + "/\(version.name)/evaluation-\(version.number)"
    let page = try judging.writeReport(
      evaluation, title: version.reference, history: [:], lineage: bundle.manifest.lineage, to: output)
    return EvaluationSummary(
      name: version.name, version: version.number, metrics: metrics,
      gates: Gate.check(file.project.evaluation.require, metrics: metrics), items: evaluation.rows, report: page,
      seconds: (ContinuousClock.now - clock) / .seconds(1))
  }

  public func predict(_ request: PredictRequest) async throws -> PredictionSummary {
    try TorchLibrary.check()
    let registry = try ModelRegistry.open(at: request.surroundings.registry)
    let version = try registry.resolve(request.reference)
    let bundle = try registry.bundle(version)
    if let job = request.job, !LanguageBundle.kinds.contains(bundle.manifest.kind) {
      return try await PredictionJob.run(request, job, version, bundle)
    }
    if TableBundle.kinds.contains(bundle.manifest.kind) { return try await TablePrediction.predict(request, version, bundle) }
    if TextBundle.kinds.contains(bundle.manifest.kind) { return try await TextPrediction.predict(request, version, bundle) }
    if LanguageBundle.kinds.contains(bundle.manifest.kind) {
      throw ArgumentError(
        "\(version.reference) is a \(bundle.manifest.kind), which answers no rows", expected: "a classifier or a translator",
        remedy: "martlet \(bundle.manifest.kind == LanguageBundle.generator ? "generate" : "embed") \(version.reference)")
    }
    let preparation = try bundle.json(ImageRecipe.self, of: ModelBundle.WellKnown.recipe).preparation.plain
    let classifier = try TorchClassifier(bundle: bundle)
    var answers: [PredictionSummary.Answer] = []
    for input in request.inputs {
      do {
        let floats = try preparation.floats(try preparation.read(input))
        let outputs = try await classifier.predict([
          TorchClassifier.inputName: HostArray(floats, shape: [1] + preparation.shape)
        ])
        let row = try outputs[TorchClassifier.outputName]?.values(as: Float.self) ?? []
        answers.append(Self.answer(input, row, classifier.labels, top: request.top))
      } catch let error as any MartletError {
        answers.append(.init(input: input, error: error.description))
      }
    }
    return PredictionSummary(model: version.name, version: version.number, predictions: answers)
  }

  /// The pictures of a project. The normalisation is measured where training computes, with as many threads, so that it repeats.
  private static func parts(
    _ file: ImageProject, preparedBy preparation: ImagePreparation? = nil, labels: [String]? = nil
  ) async throws -> ImageParts {
    try await TorchThread.main.run {
      try TorchThreads.with(file.project.training.threads.value ?? ImageTraining.cores()) {
        try ImageParts(file, preparedBy: preparation, labels: labels)
      }
    }
  }

  private static func answer(_ input: String, _ row: [Float], _ labels: [String], top: Int?) -> PredictionSummary.Answer {
    // Of equal probabilities the first class wins, as in the server.
    let order = row.indices.sorted { (row[$1], $0) < (row[$0], $1) }
    let kept = order.prefix(top ?? order.count)
    let best = order.first ?? 0
    return .init(
      input: input, prediction: best, label: labels.indices.contains(best) ? labels[best] : "",
      probabilities: Dictionary(kept.map { (labels[$0], Double(row[$0])) }, uniquingKeysWith: +))
  }

  public func preview(_ request: PreviewRequest) async throws -> PreviewSummary {
    let parts = try await Self.parts(try ImageProject(request.project))
    let dataset: any ImageDataset
    switch request.part {
    case .train: dataset = parts.training
    case .test: dataset = parts.test
    case .validation:
      guard let validation = parts.validation else {
        throw ArgumentError("the project has no validation part", remedy: "data.validation, or --part train")
      }
      dataset = validation
    }
    let columns = max(1, min(8, request.count))
    let rows = max(1, min(64, (request.count + columns - 1) / columns))
    let sheet = try ContactSheet.render(
      dataset, columns: columns, rows: rows, seed: parts.seed, transform: request.augmented ? parts.augmentation : nil,
      preparation: parts.preparation)
    try sheet.write(to: request.output)
    return PreviewSummary(
      output: request.output, shown: min(columns * rows, request.augmented ? columns * rows : dataset.count),
      classes: Dictionary(zip(dataset.classes, dataset.classCounts), uniquingKeysWith: +),
      size: [parts.preparation.height, parts.preparation.width], channels: parts.preparation.mode.channels)
  }

  public func initialize(_ request: InitRequest) async throws -> InitSummary {
    try TorchLibrary.check()
    return try await CancelledBySignals.run {
      try TextInit.isAsked(request) ? TextInit.write(request) : TableInit.write(request)
    }
  }

  public func doctor(_ request: DoctorRequest) async throws -> DoctorReport { Doctor.examine(request.surroundings) }

  private func lineage(_ file: ImageProject, _ parts: ImageParts, _ outcome: ImageTraining.Outcome, started: Date) throws -> Lineage {
    func source(_ role: String, _ dataset: any ImageDataset) throws -> Lineage.DataSource {
      Lineage.DataSource(role: role, digest: try dataset.digest(), items: dataset.count, note: "")
    }
    var data = [try source("training", parts.training)]
    if let validation = parts.validation { data.append(try source("validation", validation)) }
    data.append(try source("test", parts.test))
    var training = outcome.summary.last.mapValues(JSONValue.double)
    training["epochs"] = .int(outcome.summary.epochs)
    training["steps"] = .int(outcome.summary.steps)
    training["seconds"] = .double(outcome.summary.seconds)
    training["weights"] = outcome.summary.weights.map(JSONValue.string)
    return Lineage(
      data: data, configurationDigest: try file.project.digest(), seed: file.project.training.seed,
      code: .current(directory: file.folder), machine: .current(), libraries: ["libtorch": TorchLibrary.headerVersion], started: started,
      finished: Date(), training: training)
  }
}
