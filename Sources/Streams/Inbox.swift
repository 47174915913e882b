import Synchronization

/// What the thread of a connection and those who take its messages have in common.
final class Inbox<Own: Sendable>: Sendable {
  struct State {
    var ready: [StreamMessage] = []
    /// Grows when what was delivered before can no longer be acknowledged.
    var round = 0
    /// Why no more messages will come.
    var failure: StreamError?
    var connection = StreamConnection()
    /// The end confirms what was acknowledged.
    var commits = true
    var end = ThreadEnd()
    /// What the kind of broker asks for besides.
    var own: Own
  }

  let state: Mutex<State>

  init(_ own: Own) { state = Mutex(State(own: own)) }

  /// Waits for a message as long as it takes, for the others, up to `count`, so long and no longer.
  /// - Returns: none where the task was cancelled.
  func receive(_ count: Int, within delay: Duration) async throws -> [StreamMessage] {
    var end: ContinuousClock.Instant?
    while !Task.isCancelled {
      let (ready, failure) = state.withLock { ($0.ready.count, $0.failure) }
      if let failure { throw failure }
      if ready > 0 {
        let last = end ?? ContinuousClock.now + delay
        end = last
        if ready >= count || last <= ContinuousClock.now { return take(count) }
      }
      // Cancelled sleep ends the loop.
      try? await Task.sleep(for: .milliseconds(ready > 0 ? 2 : 10))
    }
    return []
  }

  private func take(_ count: Int) -> [StreamMessage] {
    state.withLock { state in
      let taken = Array(state.ready.prefix(count))
      state.ready.removeFirst(taken.count)
      return taken
    }
  }

  var isWanted: Bool { state.withLock { !$0.end.isAsked } }

  /// Asks the thread to end.
  /// - Parameter committing: `false` leaves the broker as a killed process would.
  func stop(committing: Bool, _ waiter: CheckedContinuation<Void, Never>? = nil) {
    let isOver = state.withLock { state in
      if !state.end.isAsked { state.commits = committing }
      return state.end.ask(waiter)
    }
    if isOver { waiter?.resume() }
  }

  /// As `stop`, and waits until the thread has ended.
  func close(committing: Bool) async { await withCheckedContinuation { stop(committing: committing, $0) } }

  /// Says that the thread has ended.
  func finish() { for waiter in state.withLock({ $0.end.finish() }) { waiter.resume() } }
}
