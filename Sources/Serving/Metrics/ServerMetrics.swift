import Synchronization

/// What concerns the whole server.
final class ServerMetrics: Sendable {
  private let inFlightCount = Atomic<Int>(0)

  var inFlight: Int { inFlightCount.load(ordering: .relaxed) }

  func began() { inFlightCount.add(1, ordering: .relaxed) }
  func ended() { inFlightCount.subtract(1, ordering: .relaxed) }
}
