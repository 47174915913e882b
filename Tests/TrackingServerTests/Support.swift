import Access
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Registry
import Tracking
import Web

@testable import TrackingServer

private var logger: Logger {
  var logger = Logger(label: "tests")
  logger.logLevel = .critical
  return logger
}

/// An empty store in a folder of its own, for as long as `body` runs.
func withStore<Value>(_ body: (TrackingStore, _ folder: String) async throws -> Value) async throws -> Value {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-" + UUID().uuidString).path
  defer { try? FileManager.default.removeItem(atPath: folder) }
  return try await body(try TrackingStore.open(registry: try ModelRegistry.open(at: folder, create: true)), folder)
}

private func responder(
  _ routes: [Route], _ gate: Gatekeeper = .open(logger: logger), audit: (any AuditSink)? = nil
) -> WebResponder {
  WebResponder(
    routes: RouteTable(routes), limits: BodyLimits(maxBytes: 8 << 20, maxBytesInFlight: 64 << 20, timeout: .seconds(20)),
    metrics: ServerMetrics(), ids: RequestIDs(), accessLog: nil, logger: logger, protection: Protection(gate: gate), audit: audit)
}

/// A client of a server with an empty store that anybody may use.
func withClient(
  limits: ArtifactLimits = ArtifactLimits(), _ body: @escaping @Sendable (any TestClientProtocol, TrackingStore) async throws -> Void
) async throws {
  try await withStore { store, _ in
    let responder = responder(TrackingEndpoints(store, limits: limits).routes)
    try await Application(responder: responder, logger: logger).test(.live) { client in try await body(client, store) }
  }
}

/// A server with an empty store and keys.
struct KeyedServer: Sendable {
  /// A name, roles and models.
  typealias Key = (name: String, roles: [Role], models: [String])

  let client: any TestClientProtocol
  let store: TrackingStore
  let routes: [Route]
  let secrets: [String: String]

  static func run(
    _ keys: [Key], audit: (any AuditSink)? = nil, _ body: @escaping @Sendable (KeyedServer) async throws -> Void
  ) async throws {
    try await withStore { store, folder in
      var access = AccessSettings()
      let path = folder + "/keys.json"
      access.keys = path
      var secrets: [String: String] = [:]
      for key in keys {
        secrets[key.name] = try KeyFile(path: path).create(name: key.name, roles: key.roles, models: key.models.map { ModelPattern($0) })
          .secret
      }
      let routes = TrackingEndpoints(store).routes, known = secrets
      let responder = responder(routes, try Gatekeeper(access, logger: logger), audit: audit)
      try await Application(responder: responder, logger: logger).test(.live) { client in
        try await body(KeyedServer(client: client, store: store, routes: routes, secrets: known))
      }
    }
  }

  func send(_ method: HTTPRequest.Method, _ path: String, _ body: String? = "{}", as name: String) async throws -> TestResponse {
    try await client.execute(
      uri: path, method: method, headers: [.authorization: "Bearer \(secrets[name] ?? "")", .contentType: "application/json"],
      body: body.map { ByteBuffer(string: $0) })
  }
}

/// A server with an empty store on a free port of this machine, for as long as `body` runs.
func withServer<Value: Sendable>(
  limits: ArtifactLimits = ArtifactLimits(), _ body: @escaping @Sendable (TrackingStore, Int) async throws -> Value
) async throws -> Value {
  try await withStore { store, _ in
    let (ports, port) = AsyncStream<Int>.makeStream()
    let application = Application(
      responder: responder(TrackingEndpoints(store, limits: limits).routes),
      configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { channel in port.yield(channel.localAddress?.port ?? 0) }, logger: logger)
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await application.run() }
      var iterator = ports.makeAsyncIterator()
      let value = try await body(store, await iterator.next() ?? 0)
      group.cancelAll()
      return value
    }
  }
}
