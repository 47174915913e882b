import Logging
import MartletCore
import NIOCore
import Synchronization
import Web

extension ModelRunner {
  /// Ends one request at its own deadline, which is nearer than the server's.
  func expire(_ job: PredictionJob) {
    Task { [weak self, weak job] in
      guard let wait = job.map({ ($0.deadline - .now()).count }) else { return }
      try? await Task.sleep(nanoseconds: wait)
      guard let self, let job else { return }
      self.finishLate([job])
    }
  }

  private func finishLate(_ jobs: [PredictionJob]) {
    for job in jobs {
      if job.finish(.failure(HTTPProblem.tooSlow(model: model.name, seconds: job.timeout.seconds))) { metrics.rejected(.deadline) }
    }
  }

  /// Looks for requests past their deadline and instances that hang, as long as there are any requests. Does not keep the version alive.
  func startSweeping() {
    let tick = max(min(limits.timeout.nanoseconds, limits.hang?.nanoseconds ?? .max) / 20, 2_000_000)
    Task { [weak self] in
      repeat { try? await Task.sleep(nanoseconds: UInt64(min(tick, 250_000_000))) } while self?.sweep() ?? false
    }
  }

  /// - Returns: whether there is something left to look for.
  private func sweep() -> Bool {
    let now = NIODeadline.now()
    let found = state.withLock { state -> Sweep? in
      if state.active.isEmpty, state.calls.isEmpty || state.isStopped {
        state.isSweeping = false
        return nil
      }
      let late = state.active.values.filter { $0.deadline <= now }
      for job in state.active.values where job.deadline <= now || !job.isWaiting { state.active[ObjectIdentifier(job)] = nil }
      return Sweep(late: late, hanging: hanging(&state, now), drainers: state.takeDrainers())
    }
    guard let found else { return false }
    finishLate(found.late)
    wake(found.drainers)
    for call in found.hanging { report(call) }
    return true
  }

  private struct Sweep {
    let late: [PredictionJob]
    let hanging: [RunnerState.Assignment]
    let drainers: [CheckedContinuation<Void, Never>]
  }

  /// Takes the instances that hang out of service, where there is a way to make others.
  private func hanging(_ state: inout RunnerState, _ now: NIODeadline) -> [RunnerState.Assignment] {
    guard let hang = limits.hang else { return [] }
    let calls = state.calls.values.filter { now - $0.started > hang && !$0.isReported }
    for call in calls {
      if model.makeInstance == nil {
        state.calls[call.id]?.isReported = true
      } else {
        state.calls[call.id] = nil
        state.slots.removeAll { $0.id == call.slot }
        for job in call.jobs { state.active[ObjectIdentifier(job)] = nil }
      }
    }
    return calls
  }

  private func report(_ call: RunnerState.Assignment) {
    let name = "\(model.name)@\(model.version)"
    for job in call.jobs where job.finish(.failure(HTTPProblem.hanging(model: model.name))) { metrics.rejected(.hanging) }
    guard let make = model.makeInstance else {
      return logger.critical("an instance hangs, and nothing can replace it", metadata: ["model": .string(name)])
    }
    logger.error("an instance hangs and is replaced", metadata: ["model": .string(name)])
    Task { [weak self] in
      var pause = Duration.milliseconds(100)
      while let self, !self.state.withLock({ $0.isStopped }) {
        do {
          let instance = try await make()
          self.state.withLock { $0.add(instance) }
          self.metrics.replaced()
          return self.fill()
        } catch {
          self.logger.error("no new instance", metadata: ["model": .string(name), "detail": .string("\(error)")])
        }
        try? await Task.sleep(for: pause)
        pause = min(pause * 2, .seconds(30))
      }
    }
  }
}
