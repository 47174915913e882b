import HTTPTypes
package import NIOCore
package import NIOHTTPTypes

/// Ends a connection whose request's head trickles in, and counts its requests. Two handlers share one: bytes begin a head, HTTP ends it.
///
/// Used on the channel's event loop only.
final class HeadClock {
  private let limits: ConnectionLimits
  private var timer: Scheduled<Void>?
  private var isAwaitingHead = true
  private var running = 0
  private var requests = 0

  init(_ limits: ConnectionLimits) { self.limits = limits }

  func bytesCame(_ context: ChannelHandlerContext) {
    guard isAwaitingHead, timer == nil else { return }
    start(context)
  }

  func start(_ context: ChannelHandlerContext) {
    let bound = NIOLoopBound((clock: self, context: context), eventLoop: context.eventLoop)
    timer = context.eventLoop.scheduleTask(in: limits.headTimeout) {
      let (clock, context) = bound.value
      clock.timer = nil
      guard clock.isAwaitingHead else { return }
      clock.isAwaitingHead = false
      // While another answer is on its way, words of ours would be taken for a part of it.
      guard clock.running == 0 else { return context.close(promise: nil) }
      let answer = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
      context.writeAndFlush(NIOAny(context.channel.allocator.buffer(string: answer))).whenComplete { _ in
        bound.value.context.close(promise: nil)
      }
    }
  }

  /// - Returns: whether this request is the connection's last.
  func headCame() -> Bool {
    stop()
    isAwaitingHead = false
    running += 1
    requests += 1
    return limits.requestsPerConnection.map { requests >= $0 } ?? false
  }

  func requestEnded() { isAwaitingHead = true }

  func answerEnded() { running -= 1 }

  func stop() {
    timer?.cancel()
    timer = nil
  }
}

/// Sees bytes before they are HTTP.
final class HeadBytes: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  let clock: HeadClock
  private let startsAtOnce: Bool

  init(_ clock: HeadClock, startsAtOnce: Bool) {
    self.clock = clock
    self.startsAtOnce = startsAtOnce
  }

  func handlerAdded(context: ChannelHandlerContext) { if startsAtOnce { clock.start(context) } }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    clock.bytesCame(context)
    context.fireChannelRead(data)
  }

  func channelInactive(context: ChannelHandlerContext) {
    clock.stop()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { clock.stop() }
}

/// Sees requests and answers. Finds the clock of the bytes in front of it; where there is none, as in tests, it lets everything through.
package final class HeadParts: ChannelDuplexHandler, RemovableChannelHandler {
  package typealias InboundIn = HTTPRequestPart
  package typealias InboundOut = HTTPRequestPart
  package typealias OutboundIn = HTTPResponsePart
  package typealias OutboundOut = HTTPResponsePart

  private var clock: HeadClock?

  package init() {}

  package func handlerAdded(context: ChannelHandlerContext) {
    clock = try? context.pipeline.syncOperations.handler(type: HeadBytes.self).clock
  }

  package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(var head):
      guard let clock, clock.headCame() else { break }
      head.headerFields[.connection] = "close"
      return context.fireChannelRead(wrapInboundOut(.head(head)))
    case .body: break
    case .end: clock?.requestEnded()
    }
    context.fireChannelRead(data)
  }

  package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if case .end = unwrapOutboundIn(data) { clock?.answerEnded() }
    context.write(data, promise: promise)
  }
}
