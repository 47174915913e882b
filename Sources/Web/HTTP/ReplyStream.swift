import NIOCore
import Synchronization

/// A body that is written while it comes into being.
package struct ReplyStream: Sendable {
  /// Sends one piece, and returns when the socket has room for another one. Throws when the client has gone.
  package typealias Send = ([UInt8]) async throws -> Void

  /// Produces all pieces. Is called once at most; where it is never called, what it has caught is let go.
  package let produce: @Sendable (_ send: Send) async throws -> Void

  package init(produce: @escaping @Sendable (_ send: Send) async throws -> Void) { self.produce = produce }
}

/// What is done once when a streamed answer has ended, whichever way: also where its body was never asked for.
package final class StreamEnd: Sendable {
  private let action = Mutex<(@Sendable (_ isComplete: Bool, _ bytes: Int) -> Void)?>(nil)

  package init(_ action: @escaping @Sendable (_ isComplete: Bool, _ bytes: Int) -> Void) { self.action.withLock { $0 = action } }

  deinit { report(isComplete: false, bytes: 0) }

  package func report(isComplete: Bool, bytes: Int) {
    let action = action.withLock { action in
      defer { action = nil }
      return action
    }
    action?(isComplete, bytes)
  }
}
