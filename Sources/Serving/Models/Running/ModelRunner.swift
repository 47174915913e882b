import Logging
package import MartletCore
import NIOCore
import Synchronization
import Web

/// Runs one version of a model: a bounded queue in front of its instances, requests that wait joined into one call, a deadline for each.
///
/// A free instance is started at once, unless the batching policy wants to wait for more. While all are busy, requests queue by priority
/// and arrival; when a call ends, the policy says what goes into the next one. If a joined call fails, its requests run again one by one,
/// so that the error of one is not the error of the others.
package final class ModelRunner: Sendable {
  package let model: ServedModel
  let metrics: ModelMetrics
  /// The labels as the keys of a JSON object: `"name":`.
  let labelKeys: [[UInt8]]
  let limits: Limits
  let logger: Logger
  let cache: ResponseCache?
  let state: Mutex<RunnerState>
  /// What belongs to `Batching`, the policy that comes with the server.
  let ragged: RaggedInputs?
  private let startsAtOnce: Bool
  private let used = Atomic<UInt64>(0)

  struct Limits: Sendable {
    var queue: Int
    var timeout: TimeAmount
    /// An instance that is silent for longer is replaced; `nil` waits for ever.
    var hang: TimeAmount?
  }

  init(model: ServedModel, limits: Limits, logger: Logger, cache: ResponseCache? = nil) {
    self.model = model
    self.limits = limits
    self.logger = logger
    self.cache = model.isCacheable ? cache : nil
    let batching = model.batching as? Batching
    ragged = batching?.ragged
    startsAtOnce = batching?.maxDelay == .zero
    state = Mutex(RunnerState(model.instances, concurrency: model.maxConcurrentCalls))
    metrics = ModelMetrics(model: model)
    labelKeys = (model.labels ?? []).map { label in
      var writer = JSONWriter(capacity: label.utf8.count + 3)
      writer.string(label)
      writer.raw(":")
      return writer.bytes
    }
    touch()
  }

  package var signature: Signature { model.predictor.signature }
  package var queueDepth: Int { state.withLock { $0.queue.count } }
  /// What the version has done since it was loaded.
  package var statistics: ModelStatistics { metrics.snapshot.statistics }
  /// Instances that can be asked, and those that should be there.
  package var instances: (ready: Int, wanted: Int) { (state.withLock { $0.slots.count }, model.instances.count) }
  /// An instance is silent for longer than it may be.
  package var isHanging: Bool {
    guard let hang = limits.hang else { return false }
    let now = NIODeadline.now()
    return state.withLock { state in state.slots.isEmpty || state.calls.values.contains { now - $0.started > hang } }
  }

  /// Nanoseconds of the machine's clock when somebody last asked.
  var lastUsed: UInt64 { used.load(ordering: .relaxed) }

  func touch() { used.store(NIODeadline.now().uptimeNanoseconds, ordering: .relaxed) }

  // MARK: Requests

  /// Computes the outputs of inputs that fit the signature.
  /// - Throws: `HTTPProblem` 503 where the queue is full, 504 after the deadline; `CancellationError` when the task is cancelled; the
  ///   model's own errors.
  func predict(_ inputs: [String: HostArray], _ options: RequestOptions = RequestOptions()) async throws -> [String: HostArray] {
    touch()
    guard let cache else { return try await compute(inputs, options) }
    let start = NIODeadline.now()
    let key = ResponseCache.Key(model: model, inputs)
    if let outputs = cache.find(key) {
      metrics.hit((NIODeadline.now() - start).count)
      return outputs
    }
    let looked = (NIODeadline.now() - start).count
    let outputs = try await compute(inputs, options)
    let storing = NIODeadline.now()
    cache.store(outputs, for: key)
    metrics.missed(looked + (NIODeadline.now() - storing).count)
    return outputs
  }

  private func compute(_ inputs: [String: HostArray], _ options: RequestOptions) async throws -> [String: HostArray] {
    let items = signature.isBatched ? signature.inputs.first.flatMap { inputs[$0.name]?.shape.first } : nil
    let timeout = options.timeout.map { min($0, limits.timeout) } ?? limits.timeout
    let job = PredictionJob(
      inputs: inputs, items: items, form: items == nil ? [] : PredictionJob.form(inputs, signature, ragged), timeout: timeout,
      priority: options.priority)
    do {
      return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
          if job.hold(continuation) { submit(job, options) }
        }
      } onCancel: {
        job.cancel()
      }
    } catch {
      metrics.ended(badly: (NIODeadline.now() - job.arrival).count)
      throw error
    }
  }

  private enum Decision {
    case start(RunnerState.Assignment)
    case wait(NIODeadline?)
    case full, stopped
  }

  private func submit(_ job: PredictionJob, _ options: RequestOptions) {
    let (decision, startsSweeping) = state.withLock { state -> (Decision, Bool) in
      if state.isStopped { return (.stopped, false) }
      let decision: Decision
      if startsAtOnce, state.queue.isEmpty, let slot = state.freeSlot {
        decision = .start(state.assign([job], to: slot, now: job.arrival))
      } else {
        if state.queue.count >= limits.queue { state.prune() }
        // What a delaying policy keeps waiting beside a free instance is bounded, too.
        guard state.queue.count < limits.queue else { return (.full, false) }
        state.enqueue(job)
        let next = state.next(model.batching, now: job.arrival)
        decision = next.call.map(Decision.start) ?? .wait(next.alarm)
      }
      state.active[ObjectIdentifier(job)] = job
      defer { state.isSweeping = true }
      return (decision, !state.isSweeping)
    }
    if startsSweeping { self.startSweeping() }
    switch decision {
    case .start(let call): start(call)
    case .wait(let alarm):
      if let alarm { ring(at: alarm) }
      if let channel = options.channel { job.watch(channel) }
    case .full:
      metrics.rejected(.queueFull)
      job.finish(.failure(HTTPProblem.queueFull(model: model.name, waiting: limits.queue)))
      return
    case .stopped:
      job.finish(.failure(HTTPProblem.stopping))
      return
    }
    if job.timeout < limits.timeout { expire(job) }
  }

  func start(_ call: RunnerState.Assignment) {
    if let executor = (call.predictor as? any ThreadBound)?.executor {
      Task(executorPreference: executor) { await self.work(on: call) }
    } else {
      Task { await work(on: call) }
    }
  }

  /// Asks the policy again at the time that it named.
  func ring(at alarm: NIODeadline) {
    Task {
      try? await Task.sleep(nanoseconds: UInt64(max(0, (alarm - .now()).nanoseconds)))
      fill()
    }
  }

  /// Gives waiting requests to free instances.
  func fill() {
    while true {
      let next = state.withLock { $0.next(model.batching, now: .now()) }
      if let alarm = next.alarm { ring(at: alarm) }
      guard let call = next.call else { return }
      start(call)
    }
  }

  // MARK: The end of a version

  /// Somebody found this version and is going to ask it. Every lease is given back by `release`.
  func lease() { state.withLock { $0.leases += 1 } }

  func release() {
    wake(
      state.withLock { state in
        state.leases -= 1
        return state.takeDrainers()
      })
  }

  func wake(_ drainers: [CheckedContinuation<Void, Never>]) {
    for drainer in drainers { drainer.resume() }
  }

  /// Waits until all who found this version have their answers, for so long and no longer; then answers the rest with 503.
  /// - Returns: how many were left.
  func drain(for limit: Duration) async -> Int {
    let timer = Task {
      guard (try? await Task.sleep(for: limit)) != nil else { return 0 }
      let left = stop()
      wake(
        state.withLock { state in
          defer { state.drainers = [] }
          return state.drainers
        })
      return left
    }
    await withCheckedContinuation { continuation in
      let isIdle = state.withLock { state in
        if !state.isIdle && !state.isStopped { state.drainers.append(continuation) }
        return state.isIdle || state.isStopped
      }
      if isIdle { continuation.resume() }
    }
    timer.cancel()
    return await timer.value + stop()
  }

  /// Answers everything that waits or runs with 503, and everything that comes later.
  /// - Returns: how many requests that was.
  @discardableResult
  func stop() -> Int {
    let jobs = state.withLock { state in
      state.isStopped = true
      state.forgetQueue()
      defer { state.active = [:] }
      return Array(state.active.values)
    }
    return jobs.count { $0.finish(.failure(HTTPProblem.stopping)) }
  }
}

extension RunnerState {
  /// Those who wait for the version to be idle, if it is.
  mutating func takeDrainers() -> [CheckedContinuation<Void, Never>] {
    guard isIdle, !drainers.isEmpty else { return [] }
    defer { drainers = [] }
    return drainers
  }
}

extension TimeAmount {
  /// Nanoseconds, never negative.
  var count: UInt64 { UInt64(max(0, nanoseconds)) }
}
