import Synchronization
import Testing

@testable import Access

@Suite struct UsageTests {
  private final class Clock: Sendable {
    private let time = Mutex(0.0)
    var now: Double { time.withLock { $0 } }
    func advance(_ seconds: Double) { time.withLock { $0 += seconds } }
  }

  private func principal(_ limits: UsageLimits, _ credential: String = "k") -> Principal {
    Principal(name: credential, source: .key, credential: credential, roles: [.client], models: [.all], limits: limits)
  }

  @Test func `a bucket gives a burst, then its rate`() {
    var bucket = TokenBucket(perSecond: 2, capacity: 4, now: 0)
    for _ in 0..<4 {
      #expect(bucket.wait(now: 0) == 0)
      bucket.take(now: 0)
    }
    #expect(bucket.wait(now: 0) == 0.5)
    #expect(bucket.wait(now: 0.5) == 0)
    #expect(bucket.wait(for: 100, now: 10) == 0)
    // A debt is paid off first; time that goes backwards gives nothing.
    bucket.take(10, now: 10)
    #expect(bucket.wait(now: 10) == 3.5)
    #expect(bucket.wait(now: 5) == 3.5)
  }

  @Test func `requests are held to a rate, each credential to its own`() throws {
    let clock = Clock()
    let gate = UsageGate { clock.now }
    let ann = principal(UsageLimits(requestsPerMinute: 60, burstSeconds: 2)), bob = principal(UsageLimits(requestsPerMinute: 60), "b")
    for _ in 0..<2 { try gate.enter(ann) }
    #expect(throws: UsageExceeded(limit: .requests, wait: 1)) { try gate.enter(ann) }
    try gate.enter(bob)
    clock.advance(1)
    try gate.enter(ann)
    // Over an hour, in tries ten times as often as allowed.
    var passed = 0
    for _ in 0..<36_000 {
      clock.advance(0.1)
      if (try? gate.enter(ann)) != nil { passed += 1 }
    }
    #expect((3590...3602).contains(passed))
  }

  @Test func `after a pause a minute's worth may come at once`() throws {
    let clock = Clock()
    let gate = UsageGate { clock.now }
    let ann = principal(UsageLimits(requestsPerMinute: 5))
    for _ in 0..<5 { try gate.enter(ann) }
    #expect(throws: UsageExceeded(limit: .requests, wait: 12)) { try gate.enter(ann) }
    clock.advance(3600)
    for _ in 0..<5 { try gate.enter(ann) }
    #expect(throws: UsageExceeded(limit: .requests, wait: 12)) { try gate.enter(ann) }
  }

  @Test func `items are charged when they are known`() throws {
    let clock = Clock()
    let gate = UsageGate { clock.now }
    let ann = principal(UsageLimits(itemsPerMinute: 600, burstSeconds: 10))
    try gate.enter(ann)
    gate.charge(150, to: ann)
    #expect(throws: UsageExceeded(limit: .items, wait: 5.1)) { try gate.enter(ann) }
    clock.advance(5.2)
    try gate.enter(ann)
  }

  @Test func `requests at one time`() throws {
    let gate = UsageGate { 0 }
    let ann = principal(UsageLimits(concurrentRequests: 2))
    try gate.enter(ann)
    try gate.enter(ann)
    #expect(throws: UsageExceeded(limit: .concurrency, wait: 1)) { try gate.enter(ann) }
    gate.leave(ann)
    try gate.enter(ann)
    // Who has no limits is not counted at all.
    for _ in 0..<100 { try gate.enter(principal(UsageLimits())) }
  }
}
