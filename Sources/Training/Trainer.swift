import MartletCore
public import NN
public import Torch

/// Trains a model: the plain loop, with validation, metrics, checkpoints and everything else that handlers add.
///
/// ```swift
/// let trainer = try Trainer(model, loss: .crossEntropy, optimizer: .adamW(learningRate: 1e-3), schedule: .cosine(warmup: 0.05))
/// let result = try await trainer.fit(train, validation: validation, epochs: 10, handlers: [Checkpoints(in: folder), ProgressBar()])
/// ```
///
/// What makes a run repeat, bit for bit: the batches depend on the loader's seed and the epoch alone; libtorch's generator is seeded anew
/// for every step from `seed` and the step's number, so that dropout does not depend on what ran before; schedules are pure functions of
/// the step; the number of threads is the caller's choice and stays the same. A resumed run therefore equals one that was never
/// interrupted. Two numbers of threads may differ in the last bit, since sums are split differently. `Determinism.isRequired` makes
/// libtorch refuse kernels that do not repeat (there are some on GPUs).
///
/// A trainer and its model belong to one task at a time. All work happens on `thread`, none on Swift's cooperative pool.
public final class Trainer {
  /// The model; its weights change during `fit`.
  public let model: Module
  /// Made from the model's parameters.
  public let optimizer: any Optimizer
  /// The learning rate over the run.
  public let schedule: Schedule
  /// Decides everything random in a run but the initial weights and the loader's order, which have seeds of their own.
  public let seed: UInt64

  /// Averages gradients over processes, where several train one model.
  public var exchange: (any GradientExchange)?
  /// The processes of a distributed run.
  let team: TrainerTeam?

  let objective: (Batch) throws -> StepOutput
  /// The loss with its settings; `nil` for an objective of the user's own.
  let lossDescription: String?
  /// The optimizer's settings before any schedule changed them.
  let optimizerDescription: JSONValue
  let metrics: [BatchMetric]
  let options: TrainerOptions
  let thread: TorchThread
  /// The settings that the schedule starts from.
  let base: OptimizerSettings

  /// A trainer for a model with one input and one output.
  /// - Parameters:
  ///   - loss: what is minimised.
  ///   - optimizer: made from the model's parameters.
  ///   - metrics: measured on training and validation batches; the loss's usual ones if `nil`.
  ///   - options: clipping, threads, how often to log.
  ///   - thread: where libtorch runs.
  ///   - group: the processes that train together, each on its part of every batch (`ShardedBatches`); see `DataParallel`. Batch norm then
  ///     normalises over all of them, metrics are those of all, and files and progress are rank 0's.
  /// - Throws: `ArgumentError` for settings out of range, `TorchError` if a parameter could not be made.
  public convenience init(
    _ model: any Layer, loss: Loss, optimizer: OptimizerChoice, schedule: Schedule = .constant, metrics: [BatchMetric]? = nil,
    seed: UInt64 = 0, options: TrainerOptions = TrainerOptions(), thread: TorchThread = .main, distributed group: ProcessGroup? = nil
  ) throws {
    try self.init(
      model, optimizer, schedule, metrics ?? BatchMetric.usual(for: loss), seed, options, thread, group, loss: loss.description
    ) { batch in
      let outputs = try model(batch.inputs)
      return StepOutput(loss: try loss(outputs, batch.targets(for: outputs)), outputs: outputs)
    }
  }

  /// A trainer for any model: `objective` runs it on a batch and computes the loss.
  public convenience init(
    _ model: Module, optimizer: OptimizerChoice, schedule: Schedule = .constant, metrics: [BatchMetric] = [], seed: UInt64 = 0,
    options: TrainerOptions = TrainerOptions(), thread: TorchThread = .main, distributed group: ProcessGroup? = nil,
    objective: @escaping (Batch) throws -> StepOutput
  ) throws {
    try self.init(model, optimizer, schedule, metrics, seed, options, thread, group, loss: nil, objective)
  }

  private init(
    _ model: Module, _ optimizer: OptimizerChoice, _ schedule: Schedule, _ metrics: [BatchMetric], _ seed: UInt64,
    _ options: TrainerOptions, _ thread: TorchThread, _ group: ProcessGroup?, loss: String?,
    _ objective: @escaping (Batch) throws -> StepOutput
  ) throws {
    try options.validate()
    self.model = model
    try schedule.validate()
    self.optimizer = try optimizer.make(model)
    if options.precision == .float16, self.optimizer is any ClosureOptimizer {
      throw ArgumentError(
        "the optimizer '\(self.optimizer.kind)' evaluates the loss itself, and that does not go with a scaled loss",
        expected: "precision float32 or bfloat16")
    }
    self.schedule = schedule
    self.metrics = metrics
    self.seed = seed
    self.options = options
    self.thread = thread
    self.objective = objective
    lossDescription = loss
    optimizerDescription = RunDescription.settings(of: try self.optimizer.state().values)
    team = group.map { TrainerTeam($0) }
    model.synchronizeBatchNorm(over: group)
    base = self.optimizer.settings
  }

  /// Trains for `epochs` passes over `train`.
  /// - Parameters:
  ///   - validation: gone through after every epoch, without training on it.
  ///   - handlers: early stopping, checkpoints, progress …
  ///   - checkpoint: a checkpoint's folder (or a folder of checkpoints, whose newest is taken) to go on from; `epochs` counts from the
  ///     run's beginning.
  ///   - changes: what this run may do otherwise than the one that was saved: loss, schedule, learning rate, early stopping …
  /// - Returns: what was measured, epoch by epoch.
  /// - Throws: `ArgumentError` if the schedule or a handler waits for a metric that nobody measures; `UntrainedParameters` if the optimizer
  ///   does not have all of the model's parameters; `TrainingInterrupted` when the task is cancelled, after a checkpoint was saved;
  ///   `NonFiniteTraining`; `LoaderError`; `StateMismatch` if the checkpoint does not belong to this run, or differs from it in something
  ///   that is not among `changes`; what the model and the handlers throw.
  @discardableResult
  public func fit(
    _ train: DataLoader, validation: DataLoader? = nil, epochs: Int, handlers: [any Handler] = [], resumingFrom checkpoint: String? = nil,
    accepting changes: ResumeChanges = []
  ) async throws -> TrainingResult {
    let checkpoint = checkpoint.map { Resumption(path: $0, changes: changes) }
    if let team { return try await fit(team, train, validation, epochs, handlers, checkpoint) }
    return try await withTaskExecutorPreference(thread) {
      try await self.run(train, validation: validation, epochs: epochs, handlers: handlers, checkpoint: checkpoint)
    }
  }

  /// Measures the loss and the metrics on all batches of `loader`, in evaluation mode and without gradients.
  /// - Returns: the means over items by name: `loss`, `accuracy` …
  public func evaluate(_ loader: DataLoader) async throws -> [String: Double] {
    let means = try await withTaskExecutorPreference(thread) { try await self.measure(loader, prefix: "") }
    return Dictionary(uniqueKeysWithValues: means.map { ($0.name, $0.value) })
  }
}

/// What one pass over a batch gives.
public struct StepOutput {
  /// One number, averaged over the items.
  public let loss: Tensor
  /// What the metrics look at.
  public let outputs: Tensor
  /// Further numbers by name, each a mean over the batch's items (losses of several heads): averaged over the epoch as the loss is.
  public let measured: [(name: String, value: Double)]

  /// A loss and the outputs that it was computed from.
  public init(loss: Tensor, outputs: Tensor, measured: [(name: String, value: Double)] = []) {
    self.loss = loss
    self.outputs = outputs
    self.measured = measured
  }
}

/// Settings of a trainer that seldom change.
public struct TrainerOptions: Sendable {
  /// Keeps gradients small.
  public var clip: GradientClip?
  /// Blends training items with each other: MixUp, CutMix.
  public var mixing: Mixing?
  /// Threads per operator; the process's setting if `nil`. Part of what makes a run repeat.
  public var threads: Int?
  /// Steps between two records of `step/loss`.
  public var logEvery: Int
  /// Look for NaN and infinity in the loss and the gradients of every step, before the weights change.
  public var checksFinite: Bool

  /// Batches whose gradients are summed before each step: the step of a batch as many times as large, in the memory of one. Every batch
  /// counts by its items; the last group of an epoch may be smaller. Schedules and checkpoints count steps.
  public var accumulate: Int
  /// What forward passes compute in.
  public var precision: Precision
  /// How the loss is scaled in float16.
  public var lossScaling: LossScaling
  /// What large weights cost.
  public var penalty: Penalty?
  /// An average of the weights to validate or to end with.
  public var averaging: Averaging?
  /// Which parts of the network learn from which epoch on.
  public var freezing: Freezing?

  /// Nothing is clipped, every step is recorded and checked unless told otherwise.
  public init(
    clip: GradientClip? = nil, threads: Int? = nil, logEvery: Int = 1, checksFinite: Bool = true, mixing: Mixing? = nil,
    accumulate: Int = 1, precision: Precision = .float32, lossScaling: LossScaling = LossScaling(), penalty: Penalty? = nil,
    averaging: Averaging? = nil, freezing: Freezing? = nil
  ) {
    self.clip = clip
    self.mixing = mixing
    self.threads = threads
    self.logEvery = logEvery
    self.checksFinite = checksFinite
    self.accumulate = accumulate
    self.precision = precision
    self.lossScaling = lossScaling
    self.penalty = penalty
    self.averaging = averaging
    self.freezing = freezing
  }

  func validate() throws {
    try clip?.validate()
    if let threads { try check("threads", Double(threads), isNonNegative: true) }
    guard accumulate >= 1 else { throw ArgumentError("gradients of \(accumulate) batches per step", expected: "1 or more") }
    try lossScaling.validate()
    try penalty?.validate()
    try averaging?.validate()
  }
}

/// What a run measured.
public struct TrainingResult: Sendable {
  /// Optimizer steps done, those before a resume included.
  public let steps: Int
  /// Passes over the data that were finished.
  public let epochs: Int
  /// A handler ended the run before all epochs were done.
  public let stoppedEarly: Bool
  /// The values measured per epoch, in order.
  public let history: [MetricRecord]

  /// The values of one metric, epoch by epoch.
  public func values(_ name: String) -> [Double] { history.filter { $0.name == name }.map(\.value) }

  /// The last value of one metric.
  public func last(_ name: String) -> Double? { history.last { $0.name == name }?.value }
}
