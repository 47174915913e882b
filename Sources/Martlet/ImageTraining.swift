import Charts
import Commands
import Foundation
import Images
import MartletCore
import Models
import NN
import Project
import Torch
import Training

/// Trains an image classifier as a project describes it.
struct ImageTraining {
  let file: ImageProject
  let parts: ImageParts
  let folder: RunFolder
  let surroundings: Surroundings

  private var settings: ProjectTraining { file.project.training }

  /// A network in the making and what became of it.
  ///
  /// `@unchecked Sendable`: the network is handed over whole to whoever awaits the run; nobody else keeps it.
  struct Outcome: @unchecked Sendable {
    let model: any Layer
    let configuration: ModelConfiguration
    let summary: TrainSummary
    /// Values per epoch by name.
    let history: [String: [Double]]
  }

  /// Threads to compute with: `OMP_NUM_THREADS` where it is set, else this process's share of the cores.
  static func cores() -> Int {
    let isSaid = ProcessInfo.processInfo.environment["OMP_NUM_THREADS"] != nil
    return isSaid ? Parallel.defaultThreads : max(1, Parallel.defaultThreads / LaunchedProcess.companions)
  }

  /// This process is the only one, or the one that writes and talks.
  private var isFirst: Bool { parts.group?.isFirst ?? true }

  /// `run`, ended in order by Ctrl-C, with a note in the folder of how it went.
  func run(resuming isResuming: Bool, in folder: RunFolder) async throws -> Outcome {
    if isFirst {
      folder.note(.running)
      LaunchedProcess.tellLauncher(run: folder.path)
    }
    do {
      let outcome = try await CancelledBySignals.run {
        // A damaged picture to judge by would otherwise show up when all the work is done.
        try await parts.checkPictures()
        return try await run(resuming: isResuming)
      }
      if isFirst { folder.note(outcome.summary.interrupted ? .interrupted : .finished) }
      return outcome
    } catch {
      if isFirst { folder.note(error is CancellationError ? .interrupted : .failed) }
      throw error
    }
  }

  /// Builds the network, trains it, saves its weights beside the checkpoints.
  /// - Parameter isResuming: go on from the folder's newest checkpoint.
  /// - Returns: also for a run that was interrupted; its summary says so.
  func run(resuming isResuming: Bool) async throws -> Outcome {
    let configuration = modelConfiguration
    try configuration.check()
    let model = try configuration.build(seed: settings.seed)
    try MemoryEstimate(model, input: configuration.input, batch: settings.batch).check(batch: settings.batch)
    let transfer = file.project.transfer.map { NetworkTransfer(transfer: $0, file: file, registry: surroundings.registry) }
    // A checkpoint has the weights already.
    if let transfer, !isResuming { note(try transfer.load(into: model)) }
    let freezing = try transfer?.freezing(of: model)
    let threads = settings.threads.value ?? Self.cores()
    let workers = settings.workers.value ?? max(1, Self.cores() / 2)
    // A last batch of one picture has no statistics for batch norm.
    let hasLoneItem = parts.training.count > settings.batch && parts.training.count % settings.batch == 1
    let pictures = try parts.batches(parts.training, augmented: true)
    let train =
      settings.sampling == .balanced
      ? try DataLoader(
        pictures, batchSize: settings.batch, sampler: BalancedSampler(parts.training.labels, seed: settings.seed), dropLast: hasLoneItem,
        workers: workers)
      : try DataLoader(
        pictures, batchSize: settings.batch, shuffle: true, seed: settings.seed, dropLast: hasLoneItem, workers: workers)
    let validation = try parts.validation.map {
      try DataLoader(parts.batches($0), batchSize: max(256, settings.batch), workers: workers)
    }
    let stages = (model as? StagedNetwork)?.stages ?? []
    let trainer = try Trainer(
      model, loss: .crossEntropy(weight: try classWeights(), labelSmoothing: settings.labelSmoothing),
      optimizer: settings.optimizerChoice(stages: stages), schedule: settings.trainerSchedule, seed: settings.seed,
      options: settings.trainerOptions(threads: threads, freezing: freezing), distributed: parts.group)
    note(model, configuration)

    let start = ContinuousClock.now
    var result: TrainingResult?
    var step = 0
    do {
      result = try await trainer.fit(
        train, validation: validation, epochs: settings.epochs, handlers: handlers,
        resumingFrom: isResuming ? folder.checkpoints : nil)
    } catch let interruption as TrainingInterrupted {
      step = interruption.step
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)

    var digest: String?
    if result != nil, isFirst {
      let weights = folder.path + "/weights.safetensors"
      try Safetensors.write(try model.state().entries, to: weights)
      digest = try Digest.sha256(file: weights)
    }
    // How fast it went is in the metric file; what was learned belongs into the report.
    let names = Set(result?.history.map(\.name).filter { $0 != "train/itemsPerSecond" } ?? [])
    return Outcome(
      model: model, configuration: configuration,
      summary: TrainSummary(
        run: folder.path, epochs: result?.epochs ?? step / max(1, train.batchesPerEpoch), steps: result?.steps ?? step,
        parameters: model.parameters().filter(\.requiresGrad).reduce(0) { $0 + $1.count },
        last: Dictionary(uniqueKeysWithValues: names.compactMap { name in result?.last(name).map { (name, $0) } }), weights: digest,
        stoppedEarly: result?.stoppedEarly ?? false, interrupted: result == nil, seconds: seconds),
      history: Dictionary(uniqueKeysWithValues: names.map { ($0, result?.values($0) ?? []) }))
  }

  private func note(_ text: String) { if !surroundings.quiet, isFirst { Terminal.note(text) } }

  private func note(_ model: any Layer, _ configuration: ModelConfiguration) {
    let count = model.parameters().reduce(0) { $0 + $1.count }
    let parts = self.parts
    note(
      "\(configuration.architecture), \(NumberText.grouped(count)) parameters · \(NumberText.grouped(parts.training.count)) pictures of "
        + "\(parts.labels.count) classes to learn from, \(NumberText.grouped(parts.validation?.count ?? 0)) to watch, "
        + "\(NumberText.grouped(parts.test.count)) to judge by · run \(folder.path)")
  }

  private var modelConfiguration: ModelConfiguration {
    ModelConfiguration(
      architecture: file.project.model.name, input: parts.preparation.shape, classes: parts.labels.count,
      settings: file.project.model.settings)
  }

  private func classWeights() throws -> Tensor? {
    guard settings.classWeights == .balanced else { return nil }
    let counts = parts.training.classCounts
    let present = counts.count { $0 > 0 }
    let total = Double(parts.training.count)
    return try Tensor(counts.map { $0 > 0 ? Float(total / (Double(present) * Double($0))) : 0 })
  }

  private var handlers: [any Handler] {
    var handlers: [any Handler] = [MetricStore(folder.metrics)]
    let watched = parts.validation == nil ? "train/loss" : "validation/loss"
    if let stopping = settings.earlyStopping, parts.validation != nil {
      handlers.append(
        EarlyStopping(
          stopping.metric, stopping.higherIsBetter ? .maximum : .minimum, patience: stopping.patience,
          minimumDelta: stopping.minimumChange))
    }
    handlers.append(Checkpoints(in: folder.checkpoints, everySteps: settings.checkpointEvery, best: watched))
    if settings.tensorboard { handlers.append(TensorBoard(folder.path + "/tensorboard")) }
    if settings.diagnostics {
      handlers.append(Diagnostics { diagnosis in Terminal.note(diagnosis.verdicts.map(\.text).joined(separator: "\n")) })
    }
    if !surroundings.quiet { handlers.append(ProgressBar()) }
    return handlers
  }
}
