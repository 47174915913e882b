import Foundation

/// Worker threads that make numbered batches ahead of one consumer, who gets them in order.
///
/// Concurrency: `@unchecked Sendable` holds because everything mutable is touched under `condition`'s lock only.
final class LoaderPipeline: @unchecked Sendable {
  private let condition = NSCondition()
  private let make: @Sendable (Int) throws -> Batch
  private let end: Int
  private let window: Int
  private var claimed: Int
  private var handedOut: Int
  private var ready: [Int: Result<Batch, any Error>] = [:]
  private var waiter: CheckedContinuation<Batch?, any Error>?
  private var isStopped = false

  /// - Parameters:
  ///   - first: the first batch's number.
  ///   - end: one past the last.
  ///   - window: batches that may be ready or in the making.
  init(first: Int, end: Int, window: Int, make: @escaping @Sendable (Int) throws -> Batch) {
    self.make = make
    self.end = end
    self.window = window
    claimed = first
    handedOut = first
  }

  /// The number of the batch that the consumer gets next.
  var delivered: Int { condition.withLock { handedOut } }

  func start(workers: Int) {
    for number in 0..<max(0, workers) {
      let thread = Thread { self.work() }
      thread.name = "loader.\(number)"
      thread.start()
    }
  }

  /// Makes the next batch right here.
  func makeNext() throws -> Batch? {
    let number = condition.withLock { handedOut }
    guard number < end else { return nil }
    let batch = try make(number)
    condition.withLock { handedOut += 1 }
    return batch
  }

  /// Waits for the next batch.
  func next(isolation: isolated (any Actor)?) async throws -> Batch? {
    if let outcome = takeReady() { return try outcome.get() }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation(isolation: isolation) { continuation in self.wait(continuation) }
    } onCancel: {
      self.stop()
    }
  }

  /// Ends the workers after what they are doing; whoever waits gets a `CancellationError`.
  func stop() {
    let waiting = condition.withLock { () -> CheckedContinuation<Batch?, any Error>? in
      isStopped = true
      ready.removeAll()
      condition.broadcast()
      defer { waiter = nil }
      return waiter
    }
    waiting?.resume(throwing: CancellationError())
  }

  private func takeReady() -> Result<Batch?, any Error>? { condition.withLock { takeLocked() } }

  private func takeLocked() -> Result<Batch?, any Error>? {
    if isStopped { return .failure(CancellationError()) }
    guard handedOut < end else { return .success(nil) }
    guard let result = ready.removeValue(forKey: handedOut) else { return nil }
    // An error ends the sequence: nothing was made after it.
    if case .failure = result { handedOut = end } else { handedOut += 1 }
    condition.broadcast()
    return result.map { $0 }
  }

  private func wait(_ continuation: CheckedContinuation<Batch?, any Error>) {
    let outcome = condition.withLock { () -> Result<Batch?, any Error>? in
      let outcome = takeLocked()
      if outcome == nil { waiter = continuation }
      return outcome
    }
    if let outcome { continuation.resume(with: outcome) }
  }

  private func work() {
    while let number = claim() {
      let result = Result { try make(number) }
      let delivery = condition.withLock { () -> (CheckedContinuation<Batch?, any Error>, Result<Batch?, any Error>)? in
        guard !isStopped else { return nil }
        ready[number] = result
        // After an error nobody will ask for later batches.
        if case .failure = result { claimed = end }
        guard let waiting = waiter, let outcome = takeLocked() else { return nil }
        waiter = nil
        return (waiting, outcome)
      }
      if let delivery { delivery.0.resume(with: delivery.1) }
    }
  }

  private func claim() -> Int? {
    condition.withLock {
      while !isStopped, claimed < end, claimed >= handedOut + window { condition.wait() }
      guard !isStopped, claimed < end else { return nil }
      defer { claimed += 1 }
      return claimed
    }
  }
}
