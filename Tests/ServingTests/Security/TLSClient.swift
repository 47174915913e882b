import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Synchronization

/// One connection with TLS and no HTTP client: what is sent is what the test says.
final class TLSClient: Sendable {
  private let channel: any Channel
  private let received: Received

  /// What came, and who sent it.
  final class Received: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let state = Mutex(State())

    struct State {
      var text = ""
      var certificate: [UInt8]?
      var negotiated: String?
      var isClosed = false
      var error: String?
    }

    var now: State { state.withLock { $0 } }
    func forget() { state.withLock { $0.text = "" } }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let text = String(buffer: unwrapInboundIn(data))
      state.withLock { $0.text += text }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      if case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent {
        let handler = try? context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)
        let certificate = try? handler?.peerCertificate?.toDERBytes()
        state.withLock {
          $0.negotiated = negotiated
          $0.certificate = certificate
        }
      }
      context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      state.withLock { $0.error = "\(error)" }
      context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { state.withLock { $0.isClosed = true } }
  }

  init(port: Int, _ configuration: TLSConfiguration, name: String = "localhost") async throws {
    let context = try NIOSSLContext(configuration: configuration), received = Received()
    self.received = received
    channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers([try NIOSSLClientHandler(context: context, serverHostname: name), received])
        }
      }
      .connect(host: "127.0.0.1", port: port).get()
  }

  var certificate: [UInt8]? { received.now.certificate }
  var negotiated: String? { received.now.negotiated }
  var isClosed: Bool { received.now.isClosed }

  /// Sends a request and waits for an answer with a body, or for the end of the connection.
  func send(_ path: String, _ headers: String = "") async throws -> String {
    received.forget()
    try? await channel.writeAndFlush(ByteBuffer(string: "GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(headers)\r\n"))
    for _ in 0..<5000 {
      let state = received.now
      if state.isClosed || state.text.contains("\r\n\r\n") && state.text.hasSuffix("}") { return state.text }
      try await Task.sleep(for: .milliseconds(1))
    }
    return "no answer"
  }

  func close() async { try? await channel.close() }
}
