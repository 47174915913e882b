import Access
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Web

/// The server's one or two listeners: their routes, what guards them, and their sockets.
///
/// With an admin listener, the data listener has the routes for asking models and nothing else: what it does not have it answers with 404, so
/// that a mistake in a proxy before it cannot open anything.
struct Listeners: Sendable {
  let data: WebResponder
  /// `nil` where everything is on one port.
  let admin: WebResponder?
  let guardian: Guardian
  private let options: ServerOptions
  private let logger: Logger

  init(_ routes: [Route], _ guardian: Guardian, options: ServerOptions, metrics: ServerMetrics, logger: Logger) {
    self.options = options
    self.logger = logger
    self.guardian = guardian
    let tracer = guardian.exporter.map { RequestTracer($0) }
    let ids = RequestIDs(), isEncrypted = options.tls != nil
    func responder(_ routes: [Route], host: String) -> WebResponder {
      WebResponder(
        routes: RouteTable(routes), limits: guardian.bodies, metrics: metrics, ids: ids, accessLog: options.logsRequests ? logger : nil,
        logger: logger,
        protection: Protection(
          gate: guardian.gate, hosts: options.hosts ?? Self.ownNames(host, options), origins: options.origins, isEncrypted: isEncrypted),
        tracer: tracer, audit: guardian.audit)
    }
    if options.adminPort == nil {
      data = responder(routes + options.adminRoutes, host: options.host)
      admin = nil
    } else {
      data = responder(routes.filter(\.access.isForClients), host: options.host)
      admin = responder(routes.filter { $0.access != .predict } + options.adminRoutes, host: options.adminHost)
    }
  }

  /// What happened on each route of both, and on none.
  var routeMetrics: [RouteMetrics] {
    var seen: Set<ObjectIdentifier> = []
    return [data, admin].compactMap { $0?.routes }.flatMap { $0.routes.map(\.metrics) + [$0.unmatched] }
      .filter { seen.insert(ObjectIdentifier($0)).inserted }
  }

  /// Whether only this machine reaches the address. Names other than `localhost` may mean anything.
  static func isLoopback(_ host: String) -> Bool {
    if host == "localhost" || host == "::1" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    return parts.count == 4 && parts.allSatisfy { $0 != nil } && parts[0] == 127
  }

  /// By which names a server without credentials may be called: those that nobody else can make lead here.
  private static func ownNames(_ host: String, _ options: ServerOptions) -> [String]? {
    options.access.isRequired || !isLoopback(host) ? nil : ["localhost", "127.0.0.1", "::1", host]
  }

  /// The applications behind the listeners; the tests send requests straight to the responder of the first.
  func application(_ onServerRunning: @escaping @Sendable (any Channel) async -> Void) -> Application<WebResponder> {
    application(data, options.host, options.port, onServerRunning)
  }

  func adminApplication(_ onServerRunning: @escaping @Sendable (any Channel) async -> Void) -> Application<WebResponder>? {
    admin.map { application($0, options.adminHost, options.adminPort ?? 0, onServerRunning) }
  }

  private func application(
    _ responder: WebResponder, _ host: String, _ port: Int, _ onServerRunning: @escaping @Sendable (any Channel) async -> Void
  ) -> Application<WebResponder> {
    let http = HTTP1Channel.Configuration(
      additionalChannelHandlers: [HeadParts(), ConnectionEnd(), ClientPresence()], idleTimeout: TimeAmount(options.idleTimeout),
      httpDecoderConfiguration: .init(
        maxHeaderFieldSize: options.maxHeaderBytes, maxHeaderListSize: options.maxHeaderBytes, maxHeaderFieldCount: options.maxHeaderFields)
    )
    let limits = ConnectionLimits(
      headTimeout: TimeAmount(options.headTimeout), requestsPerConnection: options.maxRequestsPerConnection,
      connectionsPerAddress: options.maxConnectionsPerAddress)
    let configuration = ApplicationConfiguration(
      address: .hostname(host, port: port), backlog: 1024, availableConnectionsDelegate: .maximum(options.maxConnections, logger: logger))
    return Application(
      responder: responder,
      server: GuardedChannel.server(http, limits: limits, identity: guardian.identity, certificates: guardian.gate.certificates),
      configuration: configuration, onServerRunning: onServerRunning, logger: logger)
  }
}

extension RouteAccess {
  /// It belongs to the data listener.
  var isForClients: Bool { self == .open || self == .predict }
}
