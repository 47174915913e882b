import MartletCore
import NN
import Torch

/// What the passes of one step left behind.
struct StepGradients {
  /// One per batch.
  var passes: [StepOutput] = []
  /// The mean over all items.
  var loss = 0.0
  /// What the penalty adds to it, where there is one.
  var penalty: Double?
  /// The gradients' norm before clipping, where it was computed.
  var norm: Double?
  /// The gradients can be used; scaled ones may overflow, and then the step is skipped.
  var isFinite = true
  /// What all processes measured together, where several train.
  var shared: TrainerTeam.Shared?
}

extension Trainer {
  /// Where the model computes.
  var device: Device { get throws(TorchError) { try model.parameters().first?.value.device ?? .cpu } }

  /// The objective in the run's precision.
  func forward(_ batch: Batch) throws -> StepOutput {
    team?.group.standsIn = batch.count == 0
    return try options.precision.run(on: device) { try objective(batch) }
  }

  /// Leaves the gradients of the mean loss over all items of `batches` in the parameters, penalised and clipped.
  ///
  /// Each batch counts by its number of items, so that several small batches give what one large batch would.
  func gradients(
    of batches: [Batch], _ parameters: [(name: String, parameter: Parameter)], _ run: TrainingRun
  ) throws -> StepGradients {
    optimizer.zeroGradients()
    var result = StepGradients()
    let items = team?.items(of: batches) ?? Double(max(1, batches.reduce(0) { $0 + $1.count }))
    var telling: TrainerTeam.Exchange?
    for (part, batch) in batches.enumerated() {
      try seedStep(run.step, part: part)
      let output = try forward(batch)
      let loss = try output.loss.double()
      // A forward pass that overflows is not mended by another loss scale.
      // Several processes end together, after this pass.
      if options.checksFinite, team == nil, !loss.isFinite { throw try forwardFailure(batch, part: part, parameters, run) }
      run.timer?.mark(.forward)
      let share = Double(batch.count) / items
      var scaled = share != 1 ? try output.loss * share : output.loss
      if let scaler = run.scaler { scaled = try scaler.scaled(scaled) }
      result.loss += share != 1 ? share * loss : loss
      result.passes.append(
        StepOutput(loss: try output.loss.detach(), outputs: try output.outputs.detach(), measured: output.measured))
      let isLast = part == batches.count - 1
      if let team, isLast {
        telling = try team.begin(batches, isFinite: result.loss.isFinite, sums: sums(of: result.passes, batches))
      }
      try exchange?.willRunBackward(isLast: isLast)
      do { try scaled.backward() } catch { throw exchange?.explained(error) ?? error }
      run.timer?.mark(.backward)
    }
    try exchange?.gradientsAreSummed()
    if let team, let telling { try hear(team, telling, &result, batches, parameters, run) }
    try finish(&result, batches, parameters, run)
    run.timer?.mark(.gradients)
    return result
  }

  /// Takes the loss scale out of the gradients, adds the penalty's, checks and clips them.
  private func finish(
    _ result: inout StepGradients, _ batches: [Batch], _ parameters: [(name: String, parameter: Parameter)], _ run: TrainingRun
  ) throws {
    if let scaler = run.scaler {
      result.isFinite = try scaler.unscale(parameters.map(\.parameter))
      guard result.isFinite else {
        if options.checksFinite, try scaler.scale * scaler.settings.backoffFactor < scaler.settings.minimumScale {
          throw failure(.gradient(parameter: try Gradients.firstNonFinite(parameters) ?? "all parameters together"), batches, run)
        }
        return
      }
    }
    if let penalty = options.penalty { result.penalty = try penalty.apply(to: parameters) }
    result.norm = try clip(parameters, batches, run)
  }
}
