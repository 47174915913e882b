package import NIOCore
import Synchronization

/// Knows on every connection whether the other side is still there, while an answer is being computed and nothing is written.
///
/// A client that closes its sending side has given up as far as this server is concerned: that is what a closed connection looks like until
/// something is written to it, and by then a model may have worked for minutes in vain.
package final class ClientPresence: ChannelInboundHandler, RemovableChannelHandler {
  package typealias InboundIn = Never

  private var isGone = false
  private var watchers: [ObjectIdentifier: Watch] = [:]

  package init() {}

  /// Calls a closure once, as soon as the client has gone, until it is cancelled.
  package final class Watch: Sendable {
    private let action = Mutex<(@Sendable () -> Void)?>(nil)

    fileprivate init(_ action: @escaping @Sendable () -> Void) { self.action.withLock { $0 = action } }

    /// The closure is not called any more.
    package func cancel() { action.withLock { $0 = nil } }

    fileprivate func fire() {
      let action = action.withLock { action in
        defer { action = nil }
        return action
      }
      action?()
    }

    fileprivate var isOver: Bool { action.withLock { $0 == nil } }
  }

  /// - Returns: a watch to cancel when the answer is complete. On channels without the handler, as tests have them, it never fires.
  package static func watch(_ channel: any Channel, _ action: @escaping @Sendable () -> Void) -> Watch {
    let watch = Watch(action)
    channel.eventLoop.execute {
      guard let presence = try? channel.pipeline.syncOperations.handler(type: ClientPresence.self) else { return }
      presence.add(watch)
    }
    return watch
  }

  private func add(_ watch: Watch) {
    if isGone { return watch.fire() }
    // One connection answers one request at a time, so that those before are over.
    watchers = watchers.filter { !$0.value.isOver }
    watchers[ObjectIdentifier(watch)] = watch
  }

  private func leave() {
    isGone = true
    for watch in watchers.values { watch.fire() }
    watchers = [:]
  }

  package func channelInactive(context: ChannelHandlerContext) {
    leave()
    context.fireChannelInactive()
  }

  package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .inputClosed? = event as? ChannelEvent { leave() }
    context.fireUserInboundEventTriggered(event)
  }
}

/// The client closed its connection before the answer was complete.
package struct ClientLeft: Error {
  package init() {}
}
