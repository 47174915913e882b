import Synchronization

/// What concerns the whole server.
package final class ServerMetrics: Sendable {
  private let inFlightCount = Atomic<Int>(0)

  package init() {}

  package var inFlight: Int { inFlightCount.load(ordering: .relaxed) }

  package func began() { inFlightCount.add(1, ordering: .relaxed) }
  package func ended() { inFlightCount.subtract(1, ordering: .relaxed) }
}
