import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A request as the server saw it.
struct SeenRequest: Sendable {
  var method: String
  /// With the query.
  var target: String
  var headers: HTTPHeaders

  var path: String { String(target.prefix { $0 != "?" }) }
}

/// What the server says, and how badly it behaves.
struct LocalAnswer: Sendable {
  var status = 200
  var headers: [(String, String)] = []
  var body: [UInt8] = []
  /// Closes the connection after so many bytes of the body, although it announced all.
  var cutAfter: Int?
  /// Sends nothing more after so many bytes, and keeps the connection open.
  var silentAfter: Int?

  init(_ status: Int = 200, _ headers: [(String, String)] = [], _ body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  static func json(_ text: String, _ headers: [(String, String)] = []) -> LocalAnswer {
    LocalAnswer(200, [("Content-Type", "application/json")] + headers, Array(text.utf8))
  }
}

/// A server on a free loopback port, which says what a closure says.
final class LocalServer: Sendable {
  private let channel: any Channel
  let port: Int

  var url: String { "http://127.0.0.1:\(port)" }
  var requests: [SeenRequest] { log.requests.withLock { $0 } }

  private final class Log: Sendable {
    let requests = Mutex<[SeenRequest]>([])
  }
  private let log: Log

  init(_ answer: @escaping @Sendable (SeenRequest) -> LocalAnswer) async throws {
    let log = Log()
    self.log = log
    channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(
            Handler { request in
              log.requests.withLock { $0.append(request) }
              return answer(request)
            })
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = channel.localAddress?.port ?? 0
  }

  func stop() async throws { try await channel.close() }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let answer: @Sendable (SeenRequest) -> LocalAnswer
    private var head: HTTPRequestHead?

    init(_ answer: @escaping @Sendable (SeenRequest) -> LocalAnswer) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head): self.head = head
      case .body: break
      case .end:
        guard let head else { return }
        respond(context, head, answer(SeenRequest(method: head.method.rawValue, target: head.uri, headers: head.headers)))
      }
    }

    private func respond(_ context: ChannelHandlerContext, _ request: HTTPRequestHead, _ answer: LocalAnswer) {
      var headers = HTTPHeaders(answer.headers)
      if !headers.contains(name: "Content-Length") { headers.add(name: "Content-Length", value: "\(answer.body.count)") }
      let head = HTTPResponseHead(version: .http1_1, status: HTTPResponseStatus(statusCode: answer.status), headers: headers)
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      let limit = answer.cutAfter ?? answer.silentAfter ?? answer.body.count
      if request.method != .HEAD, limit > 0 {
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: answer.body.prefix(limit))))), promise: nil)
      }
      if answer.silentAfter != nil {
        context.flush()
        return
      }
      let isCut = answer.cutAfter != nil
      if isCut {
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer())))).whenComplete { _ in channel.close(promise: nil) }
      } else {
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
      }
    }
  }
}
