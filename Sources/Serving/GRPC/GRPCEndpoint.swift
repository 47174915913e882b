import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2
import InferenceProtocol
import Logging
import ServiceLifecycle
import Web

/// The gRPC listener of a server, with a port of its own.
final class GRPCEndpoint: Sendable {
  private let server: GRPCServer<HTTP2ServerTransport.Posix>
  private let readiness: Readiness
  /// What happened at its methods.
  let metrics: [RouteMetrics]

  init(
    _ provider: InferenceProvider, options: ServerOptions, port: Int, guardian: Guardian, metrics: ServerMetrics, logger: Logger
  ) {
    readiness = provider.service.readiness
    let services: [any RegistrableRPCService] = [
      provider,
      HealthProvider(
        readiness: provider.service.readiness, services: [Inference_GRPCInferenceService.descriptor.fullyQualifiedService]),
    ]
    let methods = Inference_GRPCInferenceService.Method.descriptors + Grpc_Health_V1_Health.Method.descriptors
    let routes = Dictionary(
      uniqueKeysWithValues: methods.map { ($0.method, RouteMetrics(route: "/\($0.fullyQualifiedMethod)", method: "GRPC")) })
    self.metrics = methods.compactMap { routes[$0.method] }
    let interceptor = CallInterceptor(
      ids: RequestIDs(), metrics: metrics, routes: routes, logger: logger, logsCalls: options.logsRequests)
    var configuration = HTTP2ServerTransport.Posix.Config.defaults
    // Messages unpack to this at most, too.
    configuration.rpc.maxRequestPayloadSize = options.maxBodyBytes
    configuration.compression.enabledAlgorithms = [.gzip, .deflate]
    // Tensors are large: with the small default window they would wait for the other side all the time.
    configuration.http2.targetWindowSize = 4 << 20
    configuration.http2.maxFrameSize = 1 << 18
    configuration.http2.maxConcurrentStreams = 1024
    configuration.connection.keepalive.clientBehavior = .init(minPingIntervalWithoutCalls: .seconds(10), allowWithoutCalls: true)
    configuration.connection.keepalive.time = .seconds(60)
    let transport = HTTP2ServerTransport.Posix(
      address: options.host.contains(":") ? .ipv6(host: options.host, port: port) : .ipv4(host: Self.numeric(options.host), port: port),
      transportSecurity: guardian.identity.map { .tls($0) } ?? .plaintext, config: configuration)
    let access = AccessInterceptor(gate: guardian.gate, audit: guardian.audit, calls: interceptor)
    server = GRPCServer(transport: transport, services: services, interceptors: [access, interceptor])
  }

  private static func numeric(_ host: String) -> String { host == "localhost" ? "127.0.0.1" : host }

  /// The port that it got.
  /// - Throws: where it does not listen.
  var port: Int {
    get async throws {
      let address = try await server.transport.listeningAddress
      return address.ipv4?.port ?? address.ipv6?.port ?? 0
    }
  }

  /// Serves until the service group (or the task) tells it to stop; calls in flight may finish.
  func run() async throws {
    do {
      try await withGracefulShutdownHandler {
        try await server.serve()
      } onGracefulShutdown: { [server, readiness] in
        // First, so that calls can tell a server that stops from a client that leaves.
        readiness.beginDraining()
        server.beginGracefulShutdown()
      }
    } catch let error as RuntimeError {
      throw error.cause ?? error
    }
  }
}
