import Foundation
import MartletCore
public import NN
import Torch

/// A run in progress, as handlers see it.
public final class TrainingRun {
  /// The model that is being trained.
  public let model: Module
  /// What trains it.
  public let optimizer: any Optimizer
  /// The run's seed.
  public let seed: UInt64
  /// Passes over the data to be done in all.
  public let epochs: Int
  /// Optimizer steps of one epoch.
  public let stepsPerEpoch: Int
  /// Batches of one epoch; more than steps where gradients are accumulated.
  public let batchesPerEpoch: Int
  /// Items of one epoch.
  public let itemsPerEpoch: Int

  /// Optimizer steps done.
  public internal(set) var step = 0
  /// The batch that comes next.
  public internal(set) var position = LoaderPosition()
  /// The epoch that is under way or, at `epochEnd`, was just done; from zero.
  public internal(set) var epoch = 0
  /// The newest value of every metric.
  public internal(set) var latest: [String: Double] = [:]
  /// All values measured per epoch, in order.
  public internal(set) var history: [MetricRecord] = []
  /// Where the newest checkpoint lies.
  public internal(set) var lastCheckpoint: String?
  /// The run went on from a checkpoint.
  public internal(set) var isResumed = false

  /// The schedule with what its plateaus have seen.
  var schedule: Schedule
  /// Sums over the batches of the epoch under way.
  var sums = EpochSums()
  /// A profile's clock; `nil` unless there is one.
  var timer: StepTimer?
  /// What handlers did when the run failed; ends up in the error.
  var notes: [String] = []
  let plan: LoaderPlan
  /// Scales the loss in float16.
  let scaler: GradientScaler?
  /// The weights' average.
  let average: WeightAverage?
  /// The average is what validation measures.
  let isAverageValidated: Bool
  /// Settings that a resumed run must share.
  let settings: RunSettings
  /// Makes the description of the run, for checkpoints.
  private var makeDescription: (() -> RunDescription)?
  /// Handlers whose watched metrics can be looked for only after the first step.
  var handlersToCheck: [any Handler]?
  private let handlers: [any Handler]
  private var answer = HandlerAnswer.continue

  init(
    model: Module, optimizer: any Optimizer, schedule: Schedule, seed: UInt64, epochs: Int, train: DataLoader,
    handlers: [any Handler], options: TrainerOptions, device: Device
  ) throws {
    self.model = model
    self.optimizer = optimizer
    self.schedule = schedule
    self.seed = seed
    self.epochs = epochs
    stepsPerEpoch = (train.batchesPerEpoch - 1) / options.accumulate + 1
    batchesPerEpoch = train.batchesPerEpoch
    itemsPerEpoch = train.itemsPerEpoch
    plan = train.plan
    scaler = options.precision == .float16 ? try GradientScaler(options.lossScaling, device: device) : nil
    average = try options.averaging.map { try WeightAverage(of: model, $0.rule, averagesBuffers: $0.averagesBuffers) }
    isAverageValidated = options.averaging?.isValidated ?? false
    settings = RunSettings(options)
    self.handlers = handlers.enumerated().sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }.map(\.element)
  }

  /// Optimizer steps of the whole run.
  public var totalSteps: Int { epochs * stepsPerEpoch }

  /// Measures something: it reaches the metric store and all other handlers. Not for use while handling `.metrics`.
  public func record(_ values: [(name: String, value: Double)]) throws {
    let time = Date().timeIntervalSince1970
    let records = values.map { MetricRecord(step: step, epoch: epoch, name: $0.name, value: $0.value, time: time) }
    for record in records { latest[record.name] = record.value }
    try dispatch(.metrics(records))
  }

  /// Records what was measured over an epoch and keeps it in `history`.
  /// - Parameter isEpoch: whether the schedule is to see it as the result of an epoch.
  func recordEpoch(_ values: [(name: String, value: Double)], isEpoch: Bool = true) throws {
    let time = Date().timeIntervalSince1970
    history += values.map { MetricRecord(step: step, epoch: epoch, name: $0.name, value: $0.value, time: time) }
    if isEpoch { try schedule.observe(values) }
    try record(values)
  }

  /// Takes over what an interrupted run has measured; the schedule sees it epoch by epoch, as it did then.
  func restore(history past: [MetricRecord]) throws {
    history = past
    var rest = past[...]
    while let first = rest.first {
      let end = rest.firstIndex { $0.epoch != first.epoch } ?? rest.endIndex
      try schedule.observe(rest[..<end].map { (name: $0.name, value: $0.value) })
      rest = rest[end...]
    }
  }

  /// Sets the optimizer's rates for the step that comes next.
  /// - Throws: `ArgumentError` if the schedule gives a rate that is negative or no number.
  func applySchedule(to optimizer: any Optimizer, base: OptimizerSettings, _ averaging: Averaging?) throws {
    let position = SchedulePosition(step: step, totalSteps: totalSteps, stepsPerEpoch: stepsPerEpoch)
    schedule.apply(to: optimizer, base: base, at: position)
    if let wrong = optimizer.learningRates.first(where: { !($0 >= 0 && $0.isFinite) }) {
      throw ArgumentError(
        "the schedule '\(schedule.name)' gave the learning rate \(wrong) at step \(step) of \(totalSteps)", expected: "a number from 0 on",
        remedy: "look at the curve: Schedule.learningRate(_:at:) answers for every step")
    }
    guard case .stochastic(let first, let rate?, let annealing)? = averaging, epoch >= first else { return }
    // PyTorch's SWALR with its cosine: from the schedule's rate to the averaging's own, epoch by epoch.
    let progress = annealing > 0 ? min(1, Double(epoch - first) / Double(annealing)) : 1
    let weight = (1 - cos(Double.pi * progress)) / 2
    optimizer.learningRates = optimizer.learningRates.map { rate * weight + $0 * (1 - weight) }
  }

  /// Adds a sentence to the error that ends the run: what a handler did about it.
  public func note(_ text: String) { notes.append(text) }

  /// Tells all handlers; their strongest answer since `takeAnswer` stays.
  func dispatch(_ event: TrainingEvent) throws {
    for handler in handlers { answer = max(answer, try handler.handle(event, self)) }
  }

  /// Puts an answer beside the handlers' own.
  func give(_ other: HandlerAnswer) { answer = max(answer, other) }

  /// What the handlers have asked for, and forgets it.
  func takeAnswer() -> HandlerAnswer {
    defer { answer = .continue }
    return answer
  }

  func handlerStates() throws -> [(name: String, state: SavedState)] {
    try handlers.compactMap { handler in try handler.state().map { (handler.name, $0) } }
  }

  /// - Parameter mayDiffer: handlers to which their saved state is foreign begin anew.
  func restoreHandlers(_ states: [String: SavedState], mayDiffer: Bool = false) throws {
    for handler in handlers {
      guard let state = states[handler.name] else { continue }
      do { try handler.load(state) } catch let error as StateMismatch { if !mayDiffer { throw error } }
    }
  }

  /// Prepares `description`; the schedule is not looked at before somebody asks.
  func describe(loss: String?, optimizer: JSONValue, _ options: TrainerOptions) {
    // What only one process has could not be compared by the others.
    let own = handlers.filter { $0.settings != .null && !$0.isForFirstRankOnly }.map { ($0.name, $0.settings) }
    let (schedule, groups, total, perEpoch) = (self.schedule, self.optimizer.learningRates.count, totalSteps, stepsPerEpoch)
    makeDescription = {
      RunDescription(
        loss: loss, schedule: ScheduleDescription(schedule, groups: groups, totalSteps: total, stepsPerEpoch: perEpoch),
        optimizer: optimizer, handlers: Dictionary(own, uniquingKeysWith: { first, _ in first }), options: options.descriptions)
    }
  }

  /// What makes the run what it is.
  private(set) lazy var description: RunDescription? = makeDescription?()
}

/// Settings of a trainer without which a checkpoint does not go on as it would have.
struct RunSettings: Codable, Sendable, Equatable {
  var accumulate = 1
  var precision = Precision.float32
  var averaging: Averaging?

  init(_ options: TrainerOptions) {
    accumulate = options.accumulate
    precision = options.precision
    averaging = options.averaging
  }

  init() {}
}

extension TrainerOptions {
  /// Those that have a say in what a run leads to and that a run can go on without, in words.
  var descriptions: [String: String] {
    func text(_ value: (any Sendable)?) -> String { value.map { "\($0)" } ?? "none" }
    return ["clip": text(clip), "mixing": text(mixing), "penalty": text(penalty), "freezing": text(freezing)]
  }
}

/// Sums of losses and metrics over the batches of one epoch.
struct EpochSums: Codable, Equatable {
  struct Sum: Codable, Equatable {
    var total = 0.0
    var count = 0
  }

  private(set) var sums: [String: Sum] = [:]

  var names: [String] { sums.keys.sorted() }

  mutating func add(_ name: String, _ total: Double, _ count: Int) {
    sums[name, default: Sum()].total += total
    sums[name, default: Sum()].count += count
  }

  mutating func add(_ other: EpochSums) { for (name, sum) in other.sums { add(name, sum.total, sum.count) } }

  /// The means by name, in alphabetical order.
  func means(prefix: String) -> [(name: String, value: Double)] {
    sums.sorted { $0.key < $1.key }.map { (prefix + $0.key, $0.value.count > 0 ? $0.value.total / Double($0.value.count) : .nan) }
  }
}
