import Synchronization
import Web

/// What happened in one model.
final class ModelMetrics: Sendable {
  let name: String
  let version: String
  let platform: String
  private let state = Mutex(Snapshot())

  enum Rejection: String, Sendable { case queueFull = "queue_full", deadline }

  struct Snapshot: Sendable {
    var seconds = Histogram(bounds: Histogram.seconds)
    var items = Histogram(bounds: Histogram.items)
    var failures: UInt64 = 0
    var rejections: [Rejection: UInt64] = [:]
  }

  init(model: ServedModel) {
    name = model.name
    version = model.version
    platform = model.platform
  }

  var snapshot: Snapshot { state.withLock { $0 } }

  func called(items: Int, seconds: Double) {
    state.withLock { state in
      state.seconds.record(seconds)
      state.items.record(Double(items))
    }
  }

  func failed() { state.withLock { $0.failures += 1 } }

  func rejected(_ reason: Rejection) { state.withLock { $0.rejections[reason, default: 0] += 1 } }
}
