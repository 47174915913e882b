import Synchronization

/// The first of several results of one thing; those that come later do not count.
final class FirstResult<Value: Sendable>: Sendable {
  private struct State {
    var result: Result<Value, any Error>?
    var waiter: CheckedContinuation<Value, any Error>?
  }

  private let state = Mutex(State())

  func set(_ result: Result<Value, any Error>) {
    let waiter = state.withLock { state -> CheckedContinuation<Value, any Error>? in
      guard state.result == nil else { return nil }
      state.result = result
      return state.waiter
    }
    waiter?.resume(with: result)
  }

  /// As `set`, in a while.
  func set(_ result: Result<Value, any Error>, after pause: Duration) {
    Task { [weak self] in
      try? await Task.sleep(for: pause)
      self?.set(result)
    }
  }

  /// Waits for it; one task may.
  func value() async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      let result = state.withLock { state -> Result<Value, any Error>? in
        state.waiter = continuation
        return state.result
      }
      if let result { continuation.resume(with: result) }
    }
  }
}
