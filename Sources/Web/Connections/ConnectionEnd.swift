import HTTPTypes
package import NIOCore
package import NIOHTTPTypes

/// Ends a connection after its last answer: says so in the answer's head, and closes when the system has taken all of it.
///
/// An order to stop ends here. Hummingbird's own handler, which comes after this one, would close while bytes are still to be written,
/// which cuts off what is long.
package final class ConnectionEnd: ChannelDuplexHandler, RemovableChannelHandler {
  package typealias InboundIn = HTTPRequestPart
  package typealias InboundOut = HTTPRequestPart
  package typealias OutboundIn = HTTPResponsePart
  package typealias OutboundOut = HTTPResponsePart

  /// After an order to stop, a request that was on its way then may still come so long.
  private static let grace = TimeAmount.milliseconds(250)

  /// Requests whose answers have not been handed over whole.
  private var unanswered = 0
  /// Answers that were, and of which the system has not taken all yet.
  private var unwritten = 0
  private var isStopping = false
  /// What comes after the requests that have come is not read.
  private var lastCame = false
  private var isDropping = false

  package init() {}

  package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(var head):
      isDropping = lastCame
      guard !isDropping else { return }
      unanswered += 1
      guard isStopping || head.headerFields[.connection] == "close" else { break }
      lastCame = true
      head.headerFields[.connection] = "close"
      return context.fireChannelRead(wrapInboundOut(.head(head)))
    case .body, .end:
      if isDropping { return }
    }
    context.fireChannelRead(data)
  }

  package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard event is ChannelShouldQuiesceEvent else { return context.fireUserInboundEventTriggered(event) }
    isStopping = true
    if unanswered > 0 { lastCame = true } else if unwritten == 0, !lastCame { closeUnlessAsked(context) }
  }

  private func closeUnlessAsked(_ context: ChannelHandlerContext) {
    let bound = NIOLoopBound((end: self, context: context), eventLoop: context.eventLoop)
    context.eventLoop.scheduleTask(in: Self.grace) {
      let (end, context) = bound.value
      if !end.lastCame { context.close(promise: nil) }
    }
  }

  private func answerWasWritten(_ context: ChannelHandlerContext) {
    unwritten -= 1
    guard unanswered == 0, unwritten == 0 else { return }
    if lastCame { context.channel.closeAfterAnswer() } else if isStopping { closeUnlessAsked(context) }
  }

  package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(var head) where lastCame && unanswered == 1 && head.status.kind != .informational:
      head.headerFields[.connection] = "close"
      context.write(wrapOutboundOut(.head(head)), promise: promise)
    case .end:
      unanswered = max(0, unanswered - 1)
      unwritten += 1
      let written = promise ?? context.eventLoop.makePromise(of: Void.self)
      written.futureResult.assumeIsolated().whenComplete { _ in self.answerWasWritten(context) }
      context.write(data, promise: written)
    default: context.write(data, promise: promise)
    }
  }
}

extension Channel {
  /// Says that nothing more comes, goes on reading for a moment, then closes. Closing while bytes of the client are unread would reset the
  /// connection and take the answer along.
  func closeAfterAnswer() {
    close(mode: .output, promise: nil)
    eventLoop.scheduleTask(in: .seconds(1)) { self.close(promise: nil) }
  }
}
