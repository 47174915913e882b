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
  let file: ProjectFile
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

  /// The cores of this process, where several share the machine.
  static func cores() -> Int { max(1, ProcessInfo.processInfo.activeProcessorCount / LaunchedProcess.companions) }

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
    let model = try configuration.build(seed: settings.seed)
    let threads = settings.threads.value ?? Self.cores()
    let workers = settings.workers.value ?? max(1, Self.cores() / 2)
    // A last batch of one picture has no statistics for batch norm.
    let hasLoneItem = parts.training.count > settings.batch && parts.training.count % settings.batch == 1
    let train = try DataLoader(
      parts.batches(parts.training, augmented: true), batchSize: settings.batch, shuffle: true,
      seed: settings.seed, dropLast: hasLoneItem, workers: workers)
    let validation = try parts.validation.map {
      try DataLoader(parts.batches($0), batchSize: max(256, settings.batch), workers: workers)
    }
    let trainer = try Trainer(
      model, loss: .crossEntropy(weight: try classWeights(), labelSmoothing: settings.labelSmoothing), optimizer: optimizer,
      schedule: schedule, seed: settings.seed, options: TrainerOptions(clip: settings.clip.map { .norm($0) }, threads: threads),
      distributed: parts.group)
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

  private func note(_ model: any Layer, _ configuration: ModelConfiguration) {
    guard !surroundings.quiet, isFirst else { return }
    let count = model.parameters().reduce(0) { $0 + $1.count }
    let parts = self.parts
    Terminal.note(
      "\(configuration.architecture), \(NumberText.grouped(count)) parameters · \(NumberText.grouped(parts.training.count)) pictures of "
        + "\(parts.labels.count) classes to learn from, \(NumberText.grouped(parts.validation?.count ?? 0)) to watch, "
        + "\(NumberText.grouped(parts.test.count)) to judge by · run \(folder.path)")
  }

  private var modelConfiguration: ModelConfiguration {
    let input = parts.preparation.shape, classes = parts.labels.count
    func list(_ sizes: [Int]) -> JSONValue { .array(sizes.map(JSONValue.int)) }
    let settings: [String: JSONValue] =
      switch file.project.model {
      case .cnn(let channels, let hidden, let dropout): ["widths": list(channels), "hidden": .int(hidden), "dropout": .double(dropout)]
      case .mlp(let hidden, let dropout): ["hidden": list(hidden), "dropout": .double(dropout)]
      case .lenet, .resnet18: [:]
      }
    return ModelConfiguration(architecture: file.project.model.name, input: input, classes: classes, settings: settings)
  }

  private var isOneCycle: Bool { if case .oneCycle = settings.schedule { true } else { false } }

  // The one-cycle schedule rises to its `max`, the others start from the optimizer's own rate.
  private var optimizer: Training.OptimizerChoice {
    var rate = settings.optimizer.learningRate
    if case .oneCycle(let max, _) = settings.schedule { rate = max ?? rate * 10 }
    switch settings.optimizer {
    case .adamw(_, let weightDecay, let betas, let epsilon):
      return .adamW(
        learningRate: rate, beta1: betas.first ?? 0.9, beta2: betas.last ?? 0.999, epsilon: epsilon, weightDecay: weightDecay)
    case .sgd(_, let weightDecay, let momentum, let nesterov):
      return .sgd(learningRate: rate, momentum: momentum, weightDecay: weightDecay, nesterov: nesterov)
    }
  }

  private var schedule: Schedule {
    switch settings.schedule {
    case .oneCycle(_, let warmUp): .oneCycle(rise: warmUp, momentum: MomentumCycle())
    case .cosine(let warmUp, let final): .cosine(minimum: final * settings.optimizer.learningRate, warmup: warmUp)
    case .step(let every, let factor): .step(every: every, factor: factor)
    case .constant: .constant
    }
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
    if !surroundings.quiet { handlers.append(ProgressBar()) }
    return handlers
  }
}
