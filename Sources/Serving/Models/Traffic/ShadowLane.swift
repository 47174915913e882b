import MartletCore
import NIOCore
import Synchronization
import Web

/// Shows requests to versions whose answers nobody gets, after the answer was given: at low priority, never more at once than a bound,
/// and not at all where the version has enough to do.
final class ShadowLane: Sendable {
  struct Work: Sendable {
    let runner: ModelRunner
    /// The version that answered, and how.
    let primary: String
    let request: RequestIdentity
    let inputs: [String: HostArray]
    let expected: [String: HostArray]
  }

  /// The answer is computed and not yet sent when a shadow is told of it, so it waits for so long.
  private static let pause = Duration.milliseconds(10)
  private static let bound = 64

  private struct State {
    var observer: (any TrafficObserver)?
    var running = 0
  }

  private let state = Mutex(State())

  var observer: (any TrafficObserver)? {
    get { state.withLock { $0.observer } }
    set { state.withLock { $0.observer = newValue } }
  }

  /// Shadows that wait or run.
  var running: Int { state.withLock { $0.running } }

  /// - Parameter work: its runner is leased by the caller.
  func send(_ work: Work) {
    let isAdmitted = state.withLock { state in
      guard state.running < Self.bound else { return false }
      state.running += 1
      return true
    }
    guard isAdmitted else { return drop(work) }
    work.runner.lease()
    Task.detached(priority: .utility) { [self] in
      try? await Task.sleep(for: Self.pause)
      if work.runner.isHalfFull { drop(work) } else { await run(work) }
      work.runner.release()
      state.withLock { $0.running -= 1 }
    }
  }

  private func drop(_ work: Work) {
    observer?.dropped(model: work.runner.model.name, version: work.runner.model.version, request: work.request)
  }

  private func run(_ work: Work) async {
    let start = NIODeadline.now()
    let model = work.runner.model
    var outputs: [String: HostArray]?
    var outcome: TrafficOutcome
    do {
      outputs = try await work.runner.predict(work.inputs, RequestOptions(priority: RequestOptions.priorities.lowerBound))
      outcome = TrafficOutcome(status: .succeeded, seconds: (NIODeadline.now() - start).seconds)
    } catch {
      outcome = TrafficOutcome(error, seconds: (NIODeadline.now() - start).seconds)
    }
    observer?.shadowed(
      model: model.name, version: model.version, primary: work.primary, request: work.request, outcome: outcome, outputs: outputs,
      expected: work.expected)
  }
}

extension ModelRunner {
  /// So many requests wait that nothing should be added that nobody waits for.
  var isHalfFull: Bool { queueDepth * 2 > limits.queue }
}
