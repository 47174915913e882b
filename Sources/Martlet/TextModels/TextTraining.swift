import Charts
import Commands
import Foundation
import MartletCore
import Models
import NN
import Project
import Tables
import Text
import TextTasks
import Torch
import Training

/// Trains a model of texts as a project describes it.
struct TextTraining: TextLearning {
  let file: ProjectFile
  let project: TextProject
  let parts: TextParts
  let examples: TextExamples
  let folder: RunFolder
  let surroundings: Surroundings
  /// What training texts say in other words.
  var paraphrases: [String?] = []

  private var settings: ProjectTraining { project.training }
  var threads: Int { settings.threads.value ?? ImageTraining.cores() }

  /// A model in the making and what became of it.
  ///
  /// `@unchecked Sendable`: the model is handed over whole to whoever awaits the run.
  struct Outcome: @unchecked Sendable {
    let model: LearntTexts
    let summary: TrainSummary
    /// Values per epoch by name.
    let history: [String: [Double]]
  }

  init(_ file: ProjectFile, folder: RunFolder, surroundings: Surroundings, known labels: [String]? = nil) throws {
    guard let project = file.project.text else {
      throw ArgumentError("\(file.path) is a project for \(file.project.task.rawValue)", expected: "one of texts")
    }
    try self.init(file, project, folder: folder, surroundings: surroundings, known: labels)
  }

  /// - Parameter project: the file's own, or one head's of it.
  init(
    _ file: ProjectFile, _ project: TextProject, folder: RunFolder, surroundings: Surroundings, known labels: [String]? = nil
  ) throws {
    self.file = file
    self.project = project
    self.folder = folder
    self.surroundings = surroundings
    parts = try TextParts(file, project)
    examples = try TextExamples(project, learning: parts.training, known: labels)
  }

  var trainings: [TextTraining] { [self] }

  func judging(_ model: LearntTexts) throws -> any TextJudge {
    guard case .one(let model) = model else {
      throw ArgumentError("a model with several heads", expected: "a model of one task, or a project with heads")
    }
    return TextJudgement(self, model)
  }

  /// `run`, ended in order by Ctrl-C, with a note in the folder of how it went.
  func run(resuming isResuming: Bool) async throws -> Outcome {
    // Others can learn from the same texts, and be judged by the same.
    try AtomicFile.write(JSON.encode(parts.split, pretty: false), to: folder.path + "/split.json")
    return try await Self.noted(in: folder) { try await learn(resuming: isResuming) }
  }

  /// A run with a note in the folder of how it went.
  static func noted(in folder: RunFolder, _ body: @escaping () async throws -> Outcome) async throws -> Outcome {
    folder.note(.running)
    do {
      let outcome = try await CancelledBySignals.run { try await body() }
      folder.note(outcome.summary.interrupted ? .interrupted : .finished)
      return outcome
    } catch {
      folder.note(error is CancellationError ? .interrupted : .failed)
      throw error
    }
  }

  private func learn(resuming isResuming: Bool) async throws -> Outcome {
    let maker = maker
    let adapter = maker.adapter
    var training = self
    training.paraphrases = try await Paraphrases(self).make()
    let prepared = training
    let (model, lesson) = try await TorchThread.main.run { try UncheckedBox(prepared.make(maker, adapter)) }.value
    note(model.network, body: model.network, lesson, of: [parts])
    return try await fit(model.network, lesson, resuming: isResuming) {
      let network = try adapter.finish(model.network) { try maker.network(model.settings, model.tokenizer) }
      let served = try TextModel(model.settings, network: network, tokenizer: model.tokenizerFiles)
      try served.save(to: folder.path + "/model")
      return .one(served)
    } unfinished: {
      .one(model)
    }
  }

  /// What makes the model that the project describes.
  var maker: TextModelMaker {
    TextModelMaker(project: project, file: file, labels: examples.labels) { try examples.allTexts(parts.training) }
  }

  /// Trains a network.
  /// - Parameters:
  ///   - finish: writes the model that learnt into the run's folder, on libtorch's thread, and gives it as it is served.
  ///   - unfinished: the model of a run that was interrupted.
  func fit(
    _ network: Module, _ lesson: TextLesson, resuming isResuming: Bool, finish: @Sendable () throws -> LearntTexts,
    unfinished: () -> LearntTexts
  ) async throws -> Outcome {
    let trainer = try Trainer(
      network, optimizer: settings.optimizerChoice(stages: []), schedule: settings.trainerSchedule, metrics: lesson.metrics,
      seed: settings.seed, options: settings.trainerOptions(threads: threads, freezing: nil), objective: lesson.objective)
    let start = ContinuousClock.now
    var result: TrainingResult?, step = 0
    do {
      result = try await trainer.fit(
        lesson.train, validation: lesson.validation, epochs: settings.epochs, handlers: handlers(lesson),
        resumingFrom: isResuming ? folder.checkpoints : nil)
    } catch let interruption as TrainingInterrupted {
      step = interruption.step
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let learnt = network.parameters().filter(\.requiresGrad).reduce(0) { $0 + $1.count }
    var finished = unfinished(), digest: String?
    if result != nil {
      finished = try await TorchThread.main.run { try finish() }
      digest = try Digest.sha256(file: folder.path + "/model/model.safetensors")
    }
    let names = Set(result?.history.map(\.name).filter { $0 != "train/itemsPerSecond" } ?? [])
    return Outcome(
      model: finished,
      summary: TrainSummary(
        run: folder.path, epochs: result?.epochs ?? step / max(1, lesson.train.batchesPerEpoch), steps: result?.steps ?? step,
        parameters: learnt, last: Dictionary(uniqueKeysWithValues: names.compactMap { name in result?.last(name).map { (name, $0) } }),
        weights: digest, stoppedEarly: result?.stoppedEarly ?? false, interrupted: result == nil, seconds: seconds),
      history: Dictionary(uniqueKeysWithValues: names.map { ($0, result?.values($0) ?? []) }))
  }

  private func make(_ maker: TextModelMaker, _ adapter: TextAdapter) throws -> (TextModel, TextLesson) {
    let model = try maker.make()
    try adapter.attach(to: model.network)
    if project.recompute { model.network.body.recomputation = checkpointed }
    return (model, try TextLesson(self, model))
  }

  private func handlers(_ lesson: TextLesson) -> [any Handler] {
    var handlers: [any Handler] = [MetricStore(folder.metrics)]
    let watched = lesson.validation == nil ? "train/loss" : "validation/loss"
    if let stopping = settings.earlyStopping, lesson.validation != nil {
      handlers.append(
        EarlyStopping(
          stopping.metric, stopping.higherIsBetter ? .maximum : .minimum, patience: stopping.patience,
          minimumDelta: stopping.minimumChange))
    }
    handlers.append(Checkpoints(in: folder.checkpoints, everySteps: settings.checkpointEvery, best: watched))
    if settings.tensorboard { handlers.append(TensorBoard(folder.path + "/tensorboard")) }
    if !surroundings.quiet { handlers.append(ProgressBar()) }
    return handlers
  }

  /// Says on the terminal what is going to learn, and from how much.
  func note(_ network: Module, body: LanguageModel, _ lesson: TextLesson, of parts: [TextParts]) {
    guard !surroundings.quiet else { return }
    let all = network.parameters().reduce(0) { $0 + $1.count }
    let learning = network.parameters().filter(\.requiresGrad).reduce(0) { $0 + $1.count }
    let share = learning == all ? "" : ", \(NumberText.grouped(learning)) of them learn"
    func rows(_ part: (TextParts) -> Table) -> String { NumberText.grouped(parts.reduce(0) { $0 + part($1).rowCount }) }
    Terminal.note(
      "\(body.architecture.rawValue), \(NumberText.grouped(all)) parameters\(share) · "
        + "\(rows(\.training)) texts to learn from, \(rows(\.validation)) to watch, \(rows(\.test)) to judge by · "
        + "\(NumberText.grouped(lesson.train.batchesPerEpoch)) steps an epoch · run \(folder.path)")
  }
}

/// Hands something over whole to another thread.
///
/// `@unchecked Sendable`: whoever opens it is the only one that has what is in it.
struct UncheckedBox<Value>: @unchecked Sendable {
  let value: Value

  init(_ value: Value) { self.value = value }
}
