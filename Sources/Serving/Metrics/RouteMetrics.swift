import Synchronization

/// What happened on one route.
final class RouteMetrics: Sendable {
  let route: String
  let method: String
  private let state = Mutex(Snapshot())

  struct Snapshot: Sendable {
    var statuses: [Int: UInt64] = [:]
    var seconds = Histogram(bounds: Histogram.seconds)
    var received: UInt64 = 0
    var sent: UInt64 = 0
  }

  init(route: String, method: String) {
    self.route = route
    self.method = method
  }

  var snapshot: Snapshot { state.withLock { $0 } }

  func count(status: Int, seconds: Double, received: Int, sent: Int) {
    state.withLock { state in
      state.statuses[status, default: 0] += 1
      state.seconds.record(seconds)
      state.received += UInt64(received)
      state.sent += UInt64(sent)
    }
  }
}
