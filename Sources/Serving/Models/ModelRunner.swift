import Logging
import MartletCore
import NIOCore
import Synchronization
import Web

/// Runs one model: a bounded queue in front of it, requests that wait joined into one call, a deadline for each.
///
/// A free model is started at once. While all its calls are taken, requests queue; when a call ends, the next one takes as many of the
/// waiting requests as fit together. If a joined call fails, its requests run again one by one, so that the error of one is not the error
/// of the others.
final class ModelRunner: Sendable {
  let model: ServedModel
  let metrics: ModelMetrics
  /// The labels as the keys of a JSON object: `"name":`.
  let labelKeys: [[UInt8]]
  private let limits: Limits
  private let logger: Logger
  private let state = Mutex(State())

  struct Limits: Sendable {
    var queue: Int
    var timeout: TimeAmount
  }

  private struct State {
    var running = 0
    var queue: [PredictionJob] = []
    var active: [ObjectIdentifier: PredictionJob] = [:]
    var isSweeping = false
    var isStopped = false
  }

  init(model: ServedModel, limits: Limits, logger: Logger) {
    self.model = model
    self.limits = limits
    self.logger = logger
    metrics = ModelMetrics(model: model)
    labelKeys = (model.labels ?? []).map { label in
      var writer = JSONWriter(capacity: label.utf8.count + 3)
      writer.string(label)
      writer.raw(":")
      return writer.bytes
    }
  }

  var signature: Signature { model.predictor.signature }
  var queueDepth: Int { state.withLock { $0.queue.count } }

  /// Computes the outputs of inputs that fit the signature.
  /// - Throws: `HTTPProblem` 503 where the queue is full, 504 after the deadline; the model's own errors.
  func predict(_ inputs: [String: HostArray]) async throws -> [String: HostArray] {
    let items = signature.isBatched ? signature.inputs.first.flatMap { inputs[$0.name]?.shape.first } : nil
    return try await withCheckedThrowingContinuation { continuation in
      let job = PredictionJob(inputs: inputs, items: items, deadline: .now() + limits.timeout, continuation: continuation)
      submit(job)
    }
  }

  private enum Decision { case start, wait, full, stopped }

  private func submit(_ job: PredictionJob) {
    let (decision, startsSweeping) = state.withLock { state -> (Decision, Bool) in
      if state.isStopped { return (.stopped, false) }
      let decision: Decision
      if state.running < model.maxConcurrentCalls {
        state.running += 1
        decision = .start
      } else {
        guard state.queue.count < limits.queue else { return (.full, false) }
        state.queue.append(job)
        decision = .wait
      }
      state.active[ObjectIdentifier(job)] = job
      defer { state.isSweeping = true }
      return (decision, !state.isSweeping)
    }
    if startsSweeping { Task { await sweep() } }
    switch decision {
    case .start: Task { await work(on: [job]) }
    case .wait: break
    case .full:
      metrics.rejected(.queueFull)
      job.finish(.failure(HTTPProblem.queueFull(model: model.name, waiting: limits.queue)))
    case .stopped: job.finish(.failure(HTTPProblem.stopping))
    }
  }

  /// Answers everything that waits or runs with 503, and everything that comes later.
  func stop() {
    let jobs = state.withLock { state in
      state.isStopped = true
      state.queue = []
      defer { state.active = [:] }
      return Array(state.active.values)
    }
    for job in jobs { job.finish(.failure(HTTPProblem.stopping)) }
  }

  // MARK: Work

  private func work(on first: [PredictionJob]) async {
    var batch = first
    while !batch.isEmpty {
      await run(batch)
      batch = next(after: batch)
    }
  }

  /// Takes the oldest request, and all others that can join it.
  private func next(after done: [PredictionJob]) -> [PredictionJob] {
    state.withLock { state in
      for job in done { state.active[ObjectIdentifier(job)] = nil }
      state.queue.removeAll { !$0.isWaiting }
      guard !state.queue.isEmpty else {
        state.running -= 1
        return []
      }
      var batch = [state.queue.removeFirst()]
      guard model.batching.maxItems > 1, var items = batch[0].items else { return batch }
      let inputs = batch[0].inputs
      state.queue.removeAll { job in
        guard let count = job.items, items + count <= model.batching.maxItems, PredictionJob.canJoin(inputs, job.inputs) else {
          return false
        }
        items += count
        batch.append(job)
        return true
      }
      return batch
    }
  }

  private func run(_ jobs: [PredictionJob]) async {
    // Read the inputs before asking who waits: a job that times out lets go of its inputs first.
    let calls = jobs.map { (job: $0, inputs: $0.inputs) }.filter { $0.job.isWaiting }
    guard let first = calls.first else { return }
    if calls.count == 1 {
      first.job.finish(await call(first.inputs, items: first.job.items ?? 1))
      return
    }
    let counts = calls.map { $0.job.items ?? 1 }
    do {
      var joined: [String: HostArray] = [:]
      for name in first.inputs.keys { joined[name] = try BatchArithmetic.join(calls.compactMap { $0.inputs[name] }) }
      let outputs = try await call(joined, items: counts.reduce(0, +)).get()
      var parts = [[String: HostArray]](repeating: [:], count: calls.count)
      for (name, array) in outputs {
        for (index, part) in try BatchArithmetic.split(array, counts: counts, name: name).enumerated() { parts[index][name] = part }
      }
      for (call, part) in zip(calls, parts) { call.job.finish(.success(part)) }
    } catch {
      logger.warning("a joined call failed; its requests run one by one", metadata: metadata(error, items: counts.reduce(0, +)))
      for (job, inputs) in calls where job.isWaiting { job.finish(await call(inputs, items: job.items ?? 1)) }
    }
  }

  private func call(_ inputs: [String: HostArray], items: Int) async -> Result<[String: HostArray], any Error> {
    let start = NIODeadline.now()
    do {
      let outputs = try await model.predictor.predict(inputs)
      metrics.called(items: items, seconds: (NIODeadline.now() - start).seconds)
      return .success(outputs)
    } catch {
      metrics.failed()
      return .failure(error)
    }
  }

  private func metadata(_ error: any Error, items: Int) -> Logger.Metadata {
    ["model": .string(model.name), "version": .string(model.version), "items": .stringConvertible(items), "detail": .string("\(error)")]
  }

  // MARK: Deadlines

  /// Looks for requests past their deadline, as long as there are any requests.
  private func sweep() async {
    let tick = max(limits.timeout.nanoseconds / 20, 2_000_000)
    while true {
      try? await Task.sleep(nanoseconds: UInt64(min(tick, 250_000_000)))
      let now = NIODeadline.now()
      let late = state.withLock { state -> [PredictionJob]? in
        if state.active.isEmpty {
          state.isSweeping = false
          return nil
        }
        let late = state.active.values.filter { $0.deadline <= now }
        for job in late { state.active[ObjectIdentifier(job)] = nil }
        return late
      }
      guard let late else { return }
      let seconds = Double(limits.timeout.nanoseconds) / 1e9
      for job in late where job.finish(.failure(HTTPProblem.tooSlow(model: model.name, seconds: seconds))) { metrics.rejected(.deadline) }
    }
  }
}
