import Foundation
import Hummingbird
import Logging
import NIOCore
import Registry
import Tracking
import Web

@testable import TrackingServer

/// A server with an empty store on a free port of this machine, for as long as `body` runs.
func withServer<Value: Sendable>(
  limits: ArtifactLimits = ArtifactLimits(), _ body: @escaping @Sendable (TrackingStore, Int) async throws -> Value
) async throws -> Value {
  let folder = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent("martlet-" + UUID().uuidString).path
  defer { try? FileManager.default.removeItem(atPath: folder) }
  let registry = try ModelRegistry.open(at: folder, create: true)
  let store = try TrackingStore.open(registry: registry)
  let (ports, port) = AsyncStream<Int>.makeStream()
  var logger = Logger(label: "tests")
  logger.logLevel = .critical
  let responder = WebResponder(
    routes: RouteTable(TrackingEndpoints(store, limits: limits).routes),
    limits: BodyLimits(maxBytes: 8 << 20, maxBytesInFlight: 64 << 20, timeout: .seconds(20)), metrics: ServerMetrics(), ids: RequestIDs(),
    accessLog: nil, logger: logger, protection: Protection(gate: .open(logger: logger)))
  let application = Application(
    responder: responder, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
    onServerRunning: { channel in port.yield(channel.localAddress?.port ?? 0) }, logger: logger)
  return try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await application.run() }
    var iterator = ports.makeAsyncIterator()
    let value = try await body(store, await iterator.next() ?? 0)
    group.cancelAll()
    return value
  }
}
