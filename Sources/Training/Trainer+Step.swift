import MartletCore
import NN
import Torch

extension Trainer {
  /// One optimizer step.
  func step(_ batch: Batch, _ parameters: [(name: String, parameter: Parameter)], _ run: TrainingRun) throws {
    run.timer?.mark(.batch)
    let batch = try options.mixing?.apply(to: batch, seed: seed, position: run.position) ?? batch
    run.schedule.apply(
      to: optimizer, base: base,
      at: SchedulePosition(step: run.step, totalSteps: run.totalSteps, stepsPerEpoch: run.stepsPerEpoch))
    optimizer.zeroGradients()
    try seedStep(run.step)
    let output = try objective(batch)
    let loss = try output.loss.double()
    if options.checksFinite, !loss.isFinite { throw try forwardFailure(batch, parameters, run) }
    run.timer?.mark(.forward)
    try output.loss.backward()
    run.timer?.mark(.backward)
    let norm = try clip(parameters, batch, run)
    run.timer?.mark(.gradients)
    try optimizer.step()
    run.timer?.mark(.optimizer)
    run.step += 1
    run.position.batch += 1
    try withoutGrad { try add(output, loss: loss, of: batch, to: &run.sums) }
    if run.step % max(1, options.logEvery) == 0 {
      var values = [(name: "step/loss", value: loss)]
      if let norm { values.append((name: "step/gradientNorm", value: norm)) }
      try run.record(values)
    }
    try run.dispatch(.stepEnd)
    run.timer?.mark(.end)
  }

  /// Everything random in a step depends on the seed and the step's number alone.
  private func seedStep(_ step: Int) throws {
    var random = KeyedRandom(seed: seed, purpose: "step", index: UInt64(step))
    try RandomState.seed(random.next())
  }

  /// - Returns: the gradients' norm where clipping needs it anyway.
  private func clip(_ parameters: [(name: String, parameter: Parameter)], _ batch: Batch, _ run: TrainingRun) throws -> Double? {
    do {
      if let clip = options.clip, clip.measuresNorm { return try clip.apply(to: parameters) }
    } catch let error as NonFiniteGradient {
      throw failure(.gradient(parameter: error.parameter), batch, run)
    }
    if options.checksFinite, try !Gradients.norm(of: parameters.map(\.parameter)).isFinite {
      // The norm of huge but finite gradients overflows, too; that is no reason to stop without clipping.
      if let name = try Gradients.firstNonFinite(parameters) { throw failure(.gradient(parameter: name), batch, run) }
    }
    return try options.clip?.apply(to: parameters)
  }

  /// Runs the batch again, exactly as before, and looks at every layer's output.
  private func forwardFailure(
    _ batch: Batch, _ parameters: [(name: String, parameter: Parameter)], _ run: TrainingRun
  ) throws -> NonFiniteTraining {
    guard try batch.inputs.allFinite() else { return failure(.inputs, batch, run) }
    var first: (path: String, description: String)?
    let observation = model.observeForward { (event) throws(TorchError) in
      guard first == nil else { return }
      for output in event.outputs where try !output.allFinite() { first = (event.path, event.module.description) }
    }
    defer { observation.cancel() }
    let buffers = try model.namedBuffers().map { ($0.buffer, try $0.buffer.value.clone()) }
    try seedStep(run.step)
    do {
      try withoutGrad { _ = try objective(batch) }
    } catch {
      // The second run is for the message only; what it found until here stands.
    }
    for (buffer, value) in buffers { try buffer.assign(value) }
    guard let first else { return failure(.loss, batch, run) }
    let inside = try parameters.first { try isMember($0.name, of: first.path) && !$0.parameter.value.detach().allFinite() }
    return failure(.layer(path: first.path, description: first.description), batch, run, parameter: inside?.name)
  }

  private func isMember(_ name: String, of path: String) -> Bool { path.isEmpty || name.hasPrefix(path + ".") }

  private func failure(
    _ place: NonFiniteTraining.Place, _ batch: Batch, _ run: TrainingRun, parameter: String? = nil
  ) -> NonFiniteTraining {
    NonFiniteTraining(place: place, parameter: parameter, step: run.step + 1, epoch: run.epoch, items: batch.indices)
  }
}
