import Foundation
import MartletCore
import NN
import Torch

extension Trainer {
  /// Trains for some steps with a growing learning rate and looks at the loss (Smith: "Cyclical learning rates for training neural
  /// networks", WACV 2017, section 3.3). Clipping, mixing and the other options work as in `fit`; the schedule and the handlers do not.
  ///
  /// Model, optimizer, random state and the loader's position are put back, bit for bit, whatever happens.
  /// - Returns: the curve, with a suggestion.
  /// - Throws: `ArgumentError` for a sweep out of range; what the loader, the model and the loss throw, but no complaint about numbers that
  ///   are not finite: they end the sweep.
  public func findLearningRate(
    on train: DataLoader, _ sweep: LearningRateSweep = LearningRateSweep()
  ) async throws -> LearningRateCurve {
    try sweep.validate()
    return try await withTaskExecutorPreference(thread) { try await self.runSweep(train, sweep) }
  }

  private func runSweep(_ train: DataLoader, _ sweep: LearningRateSweep) async throws -> LearningRateCurve {
    let moment = try TrainerMoment(of: model, optimizer, train)
    let recorder = SweepRecorder(sweep)
    var failure: (any Error)?
    do {
      let largest = optimizer.learningRates.max() ?? 0
      let schedule = Schedule("learning rate sweep") { base, position in
        sweep.rate(at: min(position.step, sweep.steps - 1)) * (largest > 0 ? base / largest : 1)
      }
      var options = options
      options.logEvery = 1
      let trainer = try Trainer(
        model, optimizer: .using(optimizer), schedule: schedule, seed: seed, options: options, thread: thread, objective: objective)
      // The recorder ends the run; an epoch has one step or more.
      _ = try await trainer.run(train, validation: nil, epochs: sweep.steps, handlers: [recorder], checkpoint: nil)
    } catch is NonFiniteTraining {
      recorder.blewUp()
    } catch {
      failure = error
    }
    try moment.restore()
    if let failure { throw failure }
    return recorder.curve
  }
}

/// Keeps the loss of every step and ends the run when there is no more to learn.
private final class SweepRecorder: Handler {
  private let sweep: LearningRateSweep
  private var places: [LearningRateCurve.Place] = []
  private var divergedAt: Double?
  private var average = 0.0

  init(_ sweep: LearningRateSweep) { self.sweep = sweep }

  var curve: LearningRateCurve { LearningRateCurve(places: places, divergedAt: divergedAt) }

  func blewUp() { divergedAt = sweep.rate(at: min(places.count, sweep.steps - 1)) }

  func handle(_ event: TrainingEvent, _ run: TrainingRun) -> HandlerAnswer {
    guard case .stepEnd = event, let loss = run.latest["step/loss"] else { return .continue }
    guard loss.isFinite else {
      blewUp()
      return .stop
    }
    average = sweep.smoothing * average + (1 - sweep.smoothing) * loss
    let smoothed = average / (1 - pow(sweep.smoothing, Double(places.count + 1)))
    let best = places.map(\.smoothed).min()
    let rate = sweep.rate(at: places.count)
    places.append(LearningRateCurve.Place(rate: rate, loss: loss, smoothed: smoothed))
    if let best, places.count > sweep.steps / 10, smoothed > sweep.divergence * best, best > 0 {
      divergedAt = rate
      return .stop
    }
    return places.count >= sweep.steps ? .stop : .continue
  }
}

/// Everything that training changes, kept aside.
struct TrainerMoment {
  private let model: Module
  private let optimizer: any Optimizer
  private let loader: DataLoader
  private let parameters: [(Parameter, Tensor)]
  private let buffers: [(Buffer, Tensor)]
  private let modes: [(Module, Bool)]
  private let state: SavedState
  private let random: Tensor
  private let position: LoaderPosition

  init(of model: Module, _ optimizer: any Optimizer, _ loader: DataLoader) throws {
    self.model = model
    self.optimizer = optimizer
    self.loader = loader
    parameters = try model.parameters().map { ($0, try $0.value.detach().clone()) }
    buffers = try model.buffers().map { ($0, try $0.value.detach().clone()) }
    modes = model.namedModules().map { ($0.module, $0.module.isTraining) }
    state = try optimizer.state()
    random = try RandomState.save()
    position = loader.position
  }

  func restore() throws {
    for (parameter, value) in parameters {
      try parameter.assign(value)
      parameter.clearGrad()
    }
    for (buffer, value) in buffers { try buffer.assign(value) }
    // Parents come before their children, whose own mode then stands.
    for (module, isTraining) in modes where module.isTraining != isTraining { module.setTraining(isTraining) }
    try optimizer.load(state)
    try RandomState.restore(random)
    try loader.resume(at: position)
  }
}
