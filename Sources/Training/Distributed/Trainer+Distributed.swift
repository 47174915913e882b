import MartletCore
import NN
import Torch

extension Trainer {
  /// `fit` in one of several processes. A cancelled task does not leave the others waiting: it asks all to stop at the end of a step.
  func fit(
    _ team: TrainerTeam, _ train: DataLoader, _ validation: DataLoader?, _ epochs: Int, _ handlers: [any Handler], _ checkpoint: Resumption?
  ) async throws -> TrainingResult {
    let work = Handover {
      try await self.run(train, validation: validation, epochs: epochs, handlers: handlers, checkpoint: checkpoint)
    }
    let thread = self.thread
    let flag = team.cancellation
    return try await withTaskCancellationHandler {
      try await Task(executorPreference: thread) { try await work.body() }.value
    } onCancel: {
      flag.set()
    }
  }

  /// `@unchecked Sendable`: the closure is handed over to the one task that calls it, while the caller waits.
  private final class Handover: @unchecked Sendable {
    let body: () async throws -> TrainingResult
    init(_ body: @escaping () async throws -> TrainingResult) { self.body = body }
  }

  /// Makes all models rank 0's and averages gradients from now on.
  func startTeam() throws {
    guard let team else { return }
    try team.start(model)
    exchange = team.replica
  }

  /// Alone a process stops at once; with others it says so at the next step.
  func checkCancellation() throws { if team == nil { try Task.checkCancellation() } }

  /// Losses and metrics of this process's passes.
  func sums(of passes: [StepOutput], _ batches: [Batch]) throws -> EpochSums {
    var sums = EpochSums()
    try withoutGrad {
      for (batch, pass) in zip(batches, passes) { try add(pass, loss: pass.loss.double(), of: batch, to: &sums) }
    }
    return sums
  }

  /// Takes in what all processes found, and ends the run everywhere if one of them cannot go on.
  func hear(
    _ team: TrainerTeam, _ telling: TrainerTeam.Exchange, _ result: inout StepGradients, _ batches: [Batch],
    _ parameters: [(name: String, parameter: Parameter)], _ run: TrainingRun
  ) throws {
    let shared = try team.end(telling)
    if options.checksFinite, shared.nonFinite > 0 {
      let part = try result.passes.firstIndex { try !$0.loss.double().isFinite }
      throw try team.nonFinite(part != nil) { [passes = result.passes] in
        try forwardFailure(batches[part ?? passes.count - 1], part: part ?? 0, parameters, run)
      }
    }
    result.loss = shared.loss
    result.shared = shared
  }
}

extension TrainerTeam {
  /// Does what all processes know now: the answers of all handlers to the step before, somebody's wish to stop.
  func follow(_ shared: Shared, _ run: TrainingRun) throws {
    // What this process's handlers say to this step the others hear with the next one.
    remember(run.takeAnswer())
    run.give(shared.answer)
    if shared.cancelled > 0 { throw CancellationError() }
  }
}
