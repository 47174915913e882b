package import HTTPTypes
package import NIOCore
import Synchronization

/// One request's way past the gatekeeper: in once at most, and out once, however the request ends.
package final class Admission: Sendable {
  private let gate: Gatekeeper
  private let entered = Mutex<(caller: Caller, access: RouteAccess)?>(nil)

  package init(_ gate: Gatekeeper) { self.gate = gate }

  deinit { end() }

  /// - Throws: `HTTPProblem` 401, 403 or 429.
  package func begin(_ access: RouteAccess, _ headers: HTTPFields, _ channel: (any Channel)?) async throws(HTTPProblem) -> Caller {
    let caller = try await gate.enter(access, headers, channel)
    entered.withLock { $0 = (caller, access) }
    return caller
  }

  package func end() {
    let known = entered.withLock { entered in
      defer { entered = nil }
      return entered
    }
    if let known { gate.leave(known.caller, known.access) }
  }
}
