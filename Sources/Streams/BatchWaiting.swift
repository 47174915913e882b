/// Waiting for a batch: for the first message as long as it takes, for the others so long and no longer.
enum BatchWaiting {
  /// - Parameter look: how many messages are ready, or why there will be none.
  /// - Returns: whether there is a batch; `false` where the task was cancelled.
  static func wait(_ count: Int, within delay: Duration, look: () -> (ready: Int, failure: StreamError?)) async throws -> Bool {
    var end: ContinuousClock.Instant?
    while !Task.isCancelled {
      let (ready, failure) = look()
      if let failure { throw failure }
      if ready >= count { return true }
      if ready > 0 {
        let last = end ?? ContinuousClock.now + delay
        end = last
        if last <= ContinuousClock.now { return true }
      }
      // Cancelled sleep ends the loop.
      try? await Task.sleep(for: .milliseconds(ready > 0 ? 2 : 10))
    }
    return false
  }
}
