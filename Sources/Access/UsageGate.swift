import Synchronization

/// Why somebody must wait.
public struct UsageExceeded: Error, Sendable, Hashable {
  public enum Limit: String, Sendable, Hashable { case requests, items, concurrency }

  public let limit: Limit
  /// Seconds until another try may work.
  public let wait: Double
}

/// Holds everybody to their limits, by credential.
public final class UsageGate: Sendable {
  private let state = Mutex<[String: Usage]>([:])
  private let clock: @Sendable () -> Double

  private struct Usage {
    var limits: UsageLimits
    var requests: TokenBucket?
    var items: TokenBucket?
    var running = 0

    init(_ limits: UsageLimits, now: Double) {
      self.limits = limits
      func bucket(_ perMinute: Double?) -> TokenBucket? {
        perMinute.map { TokenBucket(perSecond: $0 / 60, capacity: $0 / 60 * (limits.burstSeconds ?? 60), now: now) }
      }
      requests = bucket(limits.requestsPerMinute)
      items = bucket(limits.itemsPerMinute)
    }
  }

  /// - Parameter clock: seconds that only grow.
  public init(clock: @escaping @Sendable () -> Double = UsageGate.monotonic) { self.clock = clock }

  public static let monotonic: @Sendable () -> Double = {
    let start = ContinuousClock.now
    return { (ContinuousClock.now - start) / .seconds(1) }
  }()

  /// Lets one request in. Each one that was let in must `leave`.
  /// - Throws: `UsageExceeded`; then nothing was counted.
  public func enter(_ principal: Principal) throws(UsageExceeded) {
    let limits = principal.limits
    guard !limits.isUnlimited else { return }
    let now = clock()
    let exceeded: UsageExceeded? = state.withLock { state in
      var usage = state[key(principal)] ?? Usage(limits, now: now)
      defer { state[key(principal)] = usage }
      // Limits that were changed count from now on.
      if usage.limits != limits {
        let running = usage.running
        usage = Usage(limits, now: now)
        usage.running = running
      }
      if let most = limits.concurrentRequests, usage.running >= most { return UsageExceeded(limit: .concurrency, wait: 1) }
      if let wait = usage.requests?.wait(now: now), wait > 0 { return UsageExceeded(limit: .requests, wait: wait) }
      if let wait = usage.items?.wait(now: now), wait > 0 { return UsageExceeded(limit: .items, wait: wait) }
      usage.requests?.take(now: now)
      usage.running += 1
      return nil
    }
    if let exceeded { throw exceeded }
  }

  /// One request that was let in is over.
  public func leave(_ principal: Principal) {
    guard !principal.limits.isUnlimited else { return }
    state.withLock { state in
      guard let running = state[key(principal)]?.running else { return }
      state[key(principal)]?.running = max(0, running - 1)
    }
  }

  /// Counts items that a request turned out to have. What is too much must be waited for by the requests after it.
  public func charge(_ items: Double, to principal: Principal) {
    guard principal.limits.itemsPerMinute != nil else { return }
    let now = clock()
    state.withLock { $0[key(principal)]?.items?.take(items, now: now) }
  }

  private func key(_ principal: Principal) -> String { principal.source.rawValue + ":" + principal.credential }
}
