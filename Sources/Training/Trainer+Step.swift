import MartletCore
import NN
import Torch

extension Trainer {
  /// One optimizer step over a group of batches, usually one.
  func step(_ batches: [Batch], _ parameters: [(name: String, parameter: Parameter)], _ run: TrainingRun) throws {
    run.timer?.mark(.batch)
    let batches = try batches.enumerated().map { offset, batch in
      let place = LoaderPosition(epoch: run.position.epoch, batch: run.position.batch + offset)
      return try options.mixing?.apply(to: batch, seed: seed, position: place) ?? batch
    }
    try run.applySchedule(to: optimizer, base: base, options.averaging)
    let gradients = try update(batches, parameters, run)
    run.timer?.mark(.optimizer)
    run.step += 1
    run.position.batch += batches.count
    try withoutGrad {
      if let shared = gradients.shared {
        run.sums.add(shared.sums)
      } else {
        for (batch, pass) in zip(batches, gradients.passes) { try add(pass, loss: pass.loss.double(), of: batch, to: &run.sums) }
      }
    }
    if let penalty = gradients.penalty { run.sums.add("penalty", penalty, 1) }
    if run.step % max(1, options.logEvery) == 0 {
      var values = [(name: "step/loss", value: gradients.loss)]
      if let norm = gradients.norm { values.append((name: "step/gradientNorm", value: norm)) }
      if let scaler = run.scaler { values.append((name: "step/lossScale", value: try scaler.scale)) }
      try run.record(values)
    }
    try run.dispatch(.stepEnd)
    if let shared = gradients.shared { try team?.follow(shared, run) }
    run.timer?.mark(.end)
  }

  /// Changes the weights once.
  private func update(
    _ batches: [Batch], _ parameters: [(name: String, parameter: Parameter)], _ run: TrainingRun
  ) throws -> StepGradients {
    let result: StepGradients
    if let optimizer = optimizer as? any ClosureOptimizer {
      var first: StepGradients?
      try optimizer.step {
        let gradients = try self.gradients(of: batches, parameters, run)
        if first == nil { first = gradients }
        return try Tensor.full([], value: .double(gradients.loss + (gradients.penalty ?? 0)), dtype: .float64)
      }
      guard let first else { throw ArgumentError("the optimizer '\(optimizer.kind)' did not evaluate the loss") }
      result = first
    } else {
      result = try gradients(of: batches, parameters, run)
      if result.isFinite { try optimizer.step() }
      try run.scaler?.update()
    }
    if result.isFinite, options.averaging?.isValidated == true { try run.average?.update() }
    return result
  }

  /// Everything random in a step depends on the seed, the step's number and the batch's place in the step alone.
  func seedStep(_ step: Int, part: Int) throws {
    let rank = team?.group.rank ?? 0
    var random = KeyedRandom(seed: seed, purpose: rank == 0 ? "step" : "step of rank \(rank)", index: UInt64(step))
    for _ in 0..<part { _ = random.next() }
    try RandomState.seed(random.next())
  }

  /// - Returns: the gradients' norm where clipping needs it anyway.
  func clip(_ parameters: [(name: String, parameter: Parameter)], _ batches: [Batch], _ run: TrainingRun) throws -> Double? {
    do {
      if let clip = options.clip, clip.measuresNorm { return try clip.apply(to: parameters) }
    } catch let error as NonFiniteGradient {
      throw failure(.gradient(parameter: error.parameter), batches, run)
    }
    if options.checksFinite, try !Gradients.norm(of: parameters.map(\.parameter)).isFinite {
      // The norm of huge but finite gradients overflows, too; that is no reason to stop without clipping.
      if let name = try Gradients.firstNonFinite(parameters) { throw failure(.gradient(parameter: name), batches, run) }
    }
    return try options.clip?.apply(to: parameters)
  }

  /// Runs the batch again, exactly as before, and looks at every layer's output.
  func forwardFailure(
    _ batch: Batch, part: Int, _ parameters: [(name: String, parameter: Parameter)], _ run: TrainingRun
  ) throws -> NonFiniteTraining {
    guard try batch.inputs.allFinite() else { return failure(.inputs, [batch], run) }
    var first: (path: String, description: String)?
    // The last call that went well, and the call that got what was already broken, if any did.
    var finite: String?
    var broken: String?
    let observation = model.observeForward { (event) throws(TorchError) in
      guard first == nil else { return }
      for output in event.outputs where try !output.allFinite() { first = (event.path, event.module.description) }
      // Further inputs may be masks, in which infinity has its place.
      if first == nil { finite = event.path } else if let input = event.inputs.first, try !input.allFinite() { broken = event.path }
    }
    defer { observation.cancel() }
    var isOutputBroken = false
    let buffers = try model.namedBuffers().map { ($0.buffer, try $0.buffer.value.clone()) }
    try seedStep(run.step, part: part)
    do {
      let outputs = try withoutGrad { try forward(batch).outputs }
      if first == nil, try !outputs.allFinite() { isOutputBroken = true }
    } catch {
      // The second run is for the message only; what it found until here stands.
    }
    for (buffer, value) in buffers { try buffer.assign(value) }
    if let broken { return failure(.between(first: finite, second: broken), [batch], run) }
    guard let first else { return failure(isOutputBroken ? .between(first: finite, second: nil) : .loss, [batch], run) }
    let inside = try parameters.first { try isMember($0.name, of: first.path) && !$0.parameter.value.detach().allFinite() }
    return failure(.layer(path: first.path, description: first.description), [batch], run, parameter: inside?.name)
  }

  private func isMember(_ name: String, of path: String) -> Bool { path.isEmpty || name.hasPrefix(path + ".") }

  func failure(
    _ place: NonFiniteTraining.Place, _ batches: [Batch], _ run: TrainingRun, parameter: String? = nil
  ) -> NonFiniteTraining {
    var failure = NonFiniteTraining(
      place: place, parameter: parameter, step: run.step + 1, epoch: run.epoch, items: batches.flatMap(\.indices))
    failure.rank = team?.nonFiniteGradients.first
    return failure
  }
}
