/// Whether a thread is to end, whether it has ended, and who waits for that. It is kept under the lock of what the thread works on.
struct ThreadEnd {
  private(set) var isAsked = false
  private(set) var isOver = false
  private var waiters: [CheckedContinuation<Void, Never>] = []

  /// - Returns: whether it has ended already; then the waiter is the caller's to resume.
  mutating func ask(_ waiter: CheckedContinuation<Void, Never>?) -> Bool {
    isAsked = true
    if let waiter, !isOver { waiters.append(waiter) }
    return isOver
  }

  /// - Returns: those who have waited, to be resumed without the lock.
  mutating func finish() -> [CheckedContinuation<Void, Never>] {
    isOver = true
    defer { waiters = [] }
    return waiters
  }
}
