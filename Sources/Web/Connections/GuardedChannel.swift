package import HummingbirdCore
package import Logging
package import NIOCore
import NIOHTTP1
import NIOSSL

/// A connection of HTTP/1.1 behind what guards it: the limits of its address, TLS, the time limit of heads.
package struct GuardedChannel: HTTPChannelHandler {
  package typealias Value = HTTP1Channel.Value

  private let base: HTTP1Channel
  private let limits: ConnectionLimits
  private let identity: TLSIdentity?
  private let certificates: ClientCertificates
  private let addresses: AddressCounts

  /// Builds the listener's connections.
  package static func server(
    _ configuration: HTTP1Channel.Configuration, limits: ConnectionLimits, identity: TLSIdentity?, certificates: ClientCertificates
  ) -> HTTPServerBuilder {
    let addresses = AddressCounts()
    return HTTPServerBuilder { responder in
      GuardedChannel(
        base: HTTP1Channel(responder: responder, configuration: configuration), limits: limits, identity: identity,
        certificates: certificates, addresses: addresses)
    }
  }

  package var responder: HTTPChannelHandler.Responder { base.responder }

  package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    if let most = limits.connectionsPerAddress, let address = AddressCounts.key(channel.remoteAddress) {
      let count = addresses.enter(address)
      channel.closeFuture.whenComplete { _ in addresses.leave(address) }
      if count > most {
        logger.debug("too many connections of one address", metadata: ["address": .string(address)])
        channel.close(promise: nil)
        return channel.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel)
      }
    }
    return channel.eventLoop.makeCompletedFuture {
      let pipeline = channel.pipeline.syncOperations
      if let identity {
        try pipeline.addHandler(NIOSSLServerHandler(context: identity.context))
        try pipeline.addHandler(CertificateReader(certificates))
      }
      try pipeline.addHandler(HeadBytes(HeadClock(limits), startsAtOnce: identity != nil))
    }.flatMap {
      base.setup(channel: channel, logger: logger)
    }.flatMapThrowing { value in
      let pipeline = channel.pipeline.syncOperations
      // What version a client speaks is known only right behind the decoder.
      let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
      try pipeline.addHandler(OldClients(), position: .after(decoder))
      return value
    }
  }

  package func handle(value: Value, logger: Logger) async { await base.handle(value: value, logger: logger) }
}
