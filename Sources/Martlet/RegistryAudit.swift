import Access
import Foundation
import Registry
import Synchronization

/// Keeps what is done to a server in the log of its registry, chained like everything else there.
///
/// Anybody can be refused as often as they like, and the log is for people: of everyone's refusals so many a minute are written down one by
/// one, and the others as a number.
final class RegistryAudit: AuditSink {
  static let refusalsAMinute = 20
  private let registry: ModelRegistry
  private let refusals = Mutex((minute: 0, counts: [Actor: Int]()))

  /// Somebody may be called as nobody is; who is known has a credential.
  private struct Actor: Hashable {
    let name: String
    let credential: String
  }

  /// 401, 403 and 429; over gRPC UNAUTHENTICATED, PERMISSION_DENIED and RESOURCE_EXHAUSTED.
  private static let refused: Set<Int> = [401, 403, 429, 16, 7, 8]

  init(_ registry: ModelRegistry) { self.registry = registry }

  func record(_ event: AuditEvent) throws {
    if Self.refused.contains(event.status) {
      let (isKept, left) = count(Actor(name: event.actor, credential: event.credential), at: event.time)
      for (actor, count) in left.sorted(by: { $0.key.name < $1.key.name }) {
        try registry.recordOperation(on: "", by: actor.name, note: "\(count) more requests were refused" + Self.words(actor.credential))
      }
      guard isKept else { return }
    }
    var note = "\(event.action): \(event.status)"
    if !event.object.isEmpty { note += ", \(event.object)" }
    note += Self.words(event.credential)
    if !event.request.isEmpty { note += ", request \(event.request)" }
    try registry.recordOperation(on: event.model ?? "", by: event.actor, note: note)
  }

  private static func words(_ credential: String) -> String { credential.isEmpty ? "" : ", credential \(credential)" }

  /// Whether one more is written down, and how many of whom were not in the minute that has ended.
  private func count(_ actor: Actor, at time: Date) -> (isKept: Bool, left: [Actor: Int]) {
    let minute = Int(time.timeIntervalSince1970 / 60)
    return refusals.withLock { state in
      var left: [Actor: Int] = [:]
      if state.minute != minute {
        left = state.counts.mapValues { $0 - Self.refusalsAMinute }.filter { $0.value > 0 }
        state = (minute, [:])
      }
      state.counts[actor, default: 0] += 1
      return (state.counts[actor, default: 0] <= Self.refusalsAMinute, left)
    }
  }
}
