import NIOCore
import NIOHTTP1

/// Brings what clients say about the end of their connection into one form, `Connection: close`.
///
/// After one answer the connection of an HTTP/1.0 client ends, and what has no length is not cut into chunks, which it does not know.
final class OldClients: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private var isOld = false

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
    isOld = head.version == HTTPVersion(major: 1, minor: 0)
    guard isOld || !head.isKeepAlive else { return context.fireChannelRead(data) }
    head.headers.replaceOrAdd(name: "connection", value: "close")
    context.fireChannelRead(wrapInboundOut(.head(head)))
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard isOld, case .head(var head) = unwrapOutboundIn(data), !head.headers.contains(name: "content-length") else {
      return context.write(data, promise: promise)
    }
    head.version = HTTPVersion(major: 1, minor: 0)
    context.write(wrapOutboundOut(.head(head)), promise: promise)
  }
}
