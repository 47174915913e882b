import Access
import Foundation
import Registry
import Synchronization

/// Keeps what is done to a server in the log of its registry, chained like everything else there.
///
/// Anybody can be refused as often as they like, and the log is for people: of those whom nobody knows, so many a minute are written down one by
/// one, and the others as a number.
final class RegistryAudit: AuditSink {
  static let strangersAMinute = 20
  private let registry: ModelRegistry
  private let strangers = Mutex((minute: 0, count: 0))

  init(_ registry: ModelRegistry) { self.registry = registry }

  func record(_ event: AuditEvent) throws {
    let name = event.object.split(separator: " ").first { $0.hasPrefix("name=") }.map { String($0.dropFirst("name=".count)) }
    var note = "\(event.action): \(event.status)"
    // Somebody may be called as nobody is; who is known has a credential.
    if event.actor == Principal.nobody.name, event.credential.isEmpty {
      let (isKept, left) = stranger(at: event.time)
      if left > 0 { try registry.recordOperation(on: "", by: event.actor, note: "\(left) more requests were refused") }
      guard isKept else { return }
    }
    if !event.object.isEmpty { note += ", \(event.object)" }
    if !event.credential.isEmpty { note += ", credential \(event.credential)" }
    if !event.request.isEmpty { note += ", request \(event.request)" }
    try registry.recordOperation(on: name ?? "", by: event.actor, note: note)
  }

  /// Whether one more is written down, and how many were not in the minute that has ended.
  private func stranger(at time: Date) -> (isKept: Bool, left: Int) {
    let minute = Int(time.timeIntervalSince1970 / 60)
    return strangers.withLock { state in
      var left = 0
      if state.minute != minute {
        left = max(0, state.count - Self.strangersAMinute)
        state = (minute, 0)
      }
      state.count += 1
      return (state.count <= Self.strangersAMinute, left)
    }
  }
}
