import MartletCore
import NIOCore

/// What a runner keeps under its lock: its instances, what waits for them, what they compute, and who still refers to it.
struct RunnerState {
  /// One copy of the model.
  struct Slot {
    let id: Int
    let predictor: any Predictor
    var running = 0
  }

  /// Requests that one instance computes together.
  struct Assignment {
    let id: UInt64
    let slot: Int
    let predictor: any Predictor
    let jobs: [PredictionJob]
    var started: NIODeadline
    /// It was reported as hanging, and nothing could be done.
    var isReported = false
  }

  /// A call to start, or when to ask the policy again; neither where there is nothing to do.
  struct Next {
    var call: Assignment?
    var alarm: NIODeadline?
  }

  var slots: [Slot]
  /// Sorted by rank.
  private(set) var queue: [PredictionJob] = []
  var active: [ObjectIdentifier: PredictionJob] = [:]
  var calls: [UInt64: Assignment] = [:]
  /// Requests that found this version and are not over.
  var leases = 0
  var drainers: [CheckedContinuation<Void, Never>] = []
  var isSweeping = false
  var isStopped = false
  /// When the policy wants to be asked again.
  var alarm: NIODeadline?
  private var nextCall: UInt64 = 0
  private var nextSlot: Int
  /// Calls of one instance at the same time, at most.
  let concurrency: Int

  init(_ instances: [any Predictor], concurrency: Int) {
    slots = instances.enumerated().map { Slot(id: $0.offset, predictor: $0.element) }
    nextSlot = instances.count
    self.concurrency = concurrency
  }

  /// Nobody waits for this version or is about to ask it.
  var isIdle: Bool { leases == 0 && active.isEmpty }

  mutating func add(_ predictor: any Predictor) {
    slots.append(Slot(id: nextSlot, predictor: predictor))
    nextSlot += 1
  }

  /// Puts a job behind those that go before it.
  mutating func enqueue(_ job: PredictionJob) {
    var index = queue.endIndex
    while index > 0, queue[index - 1].rank > job.rank { index -= 1 }
    queue.insert(job, at: index)
  }

  /// Lets go of requests that nobody waits for any more.
  mutating func prune() {
    guard queue.contains(where: { !$0.isWaiting }) else { return }
    for job in queue where !job.isWaiting { active[ObjectIdentifier(job)] = nil }
    queue.removeAll { !$0.isWaiting }
  }

  mutating func forgetQueue() { queue = [] }

  /// The instance with the least to do, if one is free.
  var freeSlot: Int? {
    guard let index = slots.indices.min(by: { slots[$0].running < slots[$1].running }), slots[index].running < concurrency else {
      return nil
    }
    return index
  }

  /// Gives jobs to an instance.
  mutating func assign(_ jobs: [PredictionJob], to index: Int, now: NIODeadline) -> Assignment {
    slots[index].running += 1
    nextCall += 1
    let call = Assignment(
      id: nextCall, slot: slots[index].id, predictor: slots[index].predictor, jobs: jobs, started: now)
    calls[call.id] = call
    return call
  }

  /// Takes what goes into the next call, if an instance is free and the policy does not want to wait.
  /// - Returns: the call, or when to ask again.
  mutating func next(_ policy: any BatchingPolicy, now: NIODeadline) -> Next {
    guard !isStopped, let index = freeSlot else { return Next() }
    prune()
    guard !queue.isEmpty else { return Next() }
    var jobs: [PredictionJob] = []
    if queue.count == 1, (policy as? Batching)?.maxDelay == .zero {
      jobs = [queue.removeFirst()]
    } else {
      let waiting = queue.map { WaitingRequest($0, now: now) }
      switch policy.next(waiting) {
      case .wait(let duration):
        let alarm = now + TimeAmount(max(.microseconds(50), min(duration, .seconds(3600))))
        // A later alarm is not worth another timer: the earlier one asks again.
        if let old = self.alarm, old > now, old <= alarm { return Next() }
        self.alarm = alarm
        return Next(alarm: alarm)
      case .start(let chosen):
        var seen: Set<Int> = []
        for position in chosen where queue.indices.contains(position) && seen.insert(position).inserted {
          if let first = jobs.first, !PredictionJob.canJoin(first, queue[position]) {
            seen.remove(position)
            continue
          }
          jobs.append(queue[position])
        }
        if jobs.isEmpty {
          jobs = [queue[0]]
          seen = [0]
        }
        queue = queue.indices.filter { !seen.contains($0) }.map { queue[$0] }
      }
    }
    return Next(call: assign(jobs, to: index, now: now))
  }

  /// An instance has answered.
  /// - Returns: `false` if the instance had been given up in the meantime.
  mutating func ended(_ call: Assignment) -> Bool {
    for job in call.jobs { active[ObjectIdentifier(job)] = nil }
    guard calls.removeValue(forKey: call.id) != nil, let index = slots.firstIndex(where: { $0.id == call.slot }) else { return false }
    slots[index].running -= 1
    return true
  }
}
