import Synchronization

/// What happened on one route.
package final class RouteMetrics: Sendable {
  package let route: String
  package let method: String
  private let state = Mutex(Snapshot())

  package struct Snapshot: Sendable {
    package var statuses: [Int: UInt64] = [:]
    package var seconds = Histogram(bounds: Histogram.seconds)
    package var received: UInt64 = 0
    package var sent: UInt64 = 0
  }

  package init(route: String, method: String) {
    self.route = route
    self.method = method
  }

  package var snapshot: Snapshot { state.withLock { $0 } }

  package func count(status: Int, seconds: Double, received: Int, sent: Int) {
    state.withLock { state in
      state.statuses[status, default: 0] += 1
      state.seconds.record(seconds)
      state.received += UInt64(received)
      state.sent += UInt64(sent)
    }
  }
}
