import MartletCore
import NN
import Torch

// Everything here runs on the trainer's thread. libtorch's per-thread settings are changed in synchronous functions only.
extension Trainer {
  func run(
    _ train: DataLoader, validation: DataLoader?, epochs: Int, handlers: [any Handler], checkpoint: Resumption?
  ) async throws -> TrainingResult {
    guard epochs >= 1 else { throw ArgumentError("\(epochs) epochs", expected: "1 or more") }
    try checkParameters(epochs: epochs)
    try checkWatched(handlers, validates: validation != nil, own: lossDescription == nil ? nil : [])
    let run = try TrainingRun(
      model: model, optimizer: optimizer, schedule: schedule, seed: seed, epochs: epochs, train: train,
      handlers: team?.own(handlers) ?? handlers, options: options, device: device)
    run.describe(loss: lossDescription, optimizer: optimizerDescription, options)
    run.handlersToCheck = lossDescription == nil ? handlers : nil
    if let checkpoint { try Checkpoint(at: checkpoint.path).restore(run, accepting: checkpoint.changes) }
    try startTeam()
    let names = Set(handlers.map(\.name))
    guard names.count == handlers.count else {
      throw ArgumentError("two handlers have one name", expected: "different names among \(handlers.map(\.name).joined(separator: ", "))")
    }
    let isStopped: Bool
    do {
      try run.dispatch(.fitBegin)
      isStopped = run.takeAnswer() == .stop ? true : try await runEpochs(run, train, validation)
      try await finishAverage(run, train, validation)
      try run.dispatch(.fitEnd)
    } catch is CancellationError {
      try run.dispatch(.interrupted)
      throw TrainingInterrupted(checkpoint: run.lastCheckpoint, step: run.step, epoch: run.epoch)
    } catch {
      throw report(error, run)
    }
    model.eval()
    return TrainingResult(
      steps: run.step, epochs: run.position.epoch, stoppedEarly: isStopped && run.position.epoch < epochs, history: run.history)
  }

  /// Lets the handlers do what they can; what they throw now would only hide the reason.
  private func report(_ error: any Error, _ run: TrainingRun) -> any Error {
    do { try run.dispatch(.failed(error)) } catch let second { run.note("a handler failed, too: \(second)") }
    guard var failure = error as? NonFiniteTraining else { return error }
    failure.notes = run.notes
    return failure
  }

  /// - Returns: whether a handler asked to stop.
  private func runEpochs(_ run: TrainingRun, _ train: DataLoader, _ validation: DataLoader?) async throws -> Bool {
    while run.position.epoch < run.epochs {
      if try await runEpoch(run, train, validation) == .stop { return true }
    }
    return false
  }

  private func runEpoch(_ run: TrainingRun, _ train: DataLoader, _ validation: DataLoader?) async throws -> HandlerAnswer {
    run.epoch = run.position.epoch
    if run.position.batch == 0 { run.sums = EpochSums() }
    try run.dispatch(.epochBegin)
    model.train()
    try options.freezing?.apply(to: model, epoch: run.epoch)
    let parameters = model.namedParameters()
    let clock = ContinuousClock()
    let start = clock.now
    var items = 0
    if run.position.batch < run.batchesPerEpoch {
      try train.resume(at: run.position)
      var group: [Batch] = []
      batches: for try await batch in train {
        group.append(batch)
        let isLast = run.position.batch + group.count == run.batchesPerEpoch
        guard group.count == options.accumulate || isLast else { continue }
        try withThreads { try step(group, parameters, run) }
        try checkWatched(run, validates: validation != nil)
        items += group.reduce(0) { $0 + ($1.wholeCount ?? $1.count) }
        group.removeAll(keepingCapacity: true)
        switch run.takeAnswer() {
        case .continue: break
        case .stopEpoch: break batches
        case .stop: return .stop
        }
      }
    }
    let seconds = start.duration(to: clock.now) / .seconds(1)
    try checkCancellation()
    var measured = run.sums.means(prefix: "train/")
    if let validation { measured += try await measureAveraged(validation, run) }
    if case .stochastic(let first, _, _)? = options.averaging, run.epoch >= first { try run.average?.update() }
    if options.checksFinite, let loss = measured.first(where: { $0.name == "validation/loss" })?.value, !loss.isFinite {
      throw NonFiniteTraining(place: .validation, parameter: nil, step: run.step, epoch: run.epoch, items: [])
    }
    if items > 0, seconds > 0 { measured.append(("train/itemsPerSecond", Double(items) / seconds)) }
    try run.recordEpoch(measured)
    if validation != nil { try run.dispatch(.validationEnd) }
    run.position = LoaderPosition(epoch: run.epoch + 1)
    try run.dispatch(.epochEnd)
    return try team?.agree(run.takeAnswer()) ?? run.takeAnswer()
  }

  /// The means of the loss and the metrics over `loader`.
  func measure(_ loader: DataLoader, prefix: String) async throws -> [(name: String, value: Double)] {
    try team?.synchronizeBuffers()
    let wasTraining = model.isTraining
    model.eval()
    defer { model.setTraining(wasTraining) }
    var sums = EpochSums()
    try loader.resume(at: LoaderPosition())
    for try await batch in loader {
      try withThreads {
        try withoutGrad {
          let output = try forward(batch)
          try add(output, loss: output.loss.double(), of: batch, to: &sums)
        }
      }
    }
    return try (team?.total(sums) ?? sums).means(prefix: prefix)
  }

  func add(_ output: StepOutput, loss: Double, of batch: Batch, to sums: inout EpochSums) throws {
    // A part without items counts for nothing, whatever its stand-in gives.
    guard batch.count > 0 else {
      for name in ["loss"] + output.measured.map(\.name) + metrics.map(\.name) { sums.add(name, 0, 0) }
      return
    }
    sums.add("loss", loss * Double(batch.count), batch.count)
    for (name, value) in output.measured { sums.add(name, value * Double(batch.count), batch.count) }
    for metric in metrics {
      let (sum, count) = try metric.compute(output.outputs, batch)
      sums.add(metric.name, sum, count)
    }
  }

  func withThreads(_ body: () throws -> Void) throws {
    if let threads = options.threads { try TorchThreads.with(threads, body) } else { try body() }
  }
}
