import Access
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Registry
import Testing
import Tracking
import Web

@testable import TrackingServer

/// Keys that are limited to some models. What MLflow's routes reach belongs to all of them.
@Suite struct KeyLimitTests {
  /// An answer, as far as these tests look at it.
  private struct Answer {
    let status: HTTPResponse.Status
    let body: String
    var isRefusal: Bool { body.contains("is limited to") }
  }

  /// A client of a server with an empty store and one key, of somebody who may do everything with the models.
  private func withKey(
    models: [String], _ body: @escaping @Sendable (any TestClientProtocol, _ secret: String, [Route]) async throws -> Void
  ) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-" + UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let store = try TrackingStore.open(registry: try ModelRegistry.open(at: folder, create: true))
    var access = AccessSettings()
    let path = folder + "/keys.json"
    access.keys = path
    let secret = try KeyFile(path: path).create(name: "ann", roles: [.admin], models: models.map { ModelPattern($0) }).secret
    var logger = Logger(label: "tests")
    logger.logLevel = .critical
    let routes = TrackingEndpoints(store).routes
    let responder = WebResponder(
      routes: RouteTable(routes), limits: BodyLimits(maxBytes: 8 << 20, maxBytesInFlight: 64 << 20, timeout: .seconds(20)),
      metrics: ServerMetrics(), ids: RequestIDs(), accessLog: nil, logger: logger,
      protection: Protection(gate: try Gatekeeper(access, logger: logger)))
    try await Application(responder: responder, logger: logger).test(.live) { client in try await body(client, secret, routes) }
  }

  /// Calls a route, with something in place of its parameters.
  private func call(
    _ route: Route, _ client: any TestClientProtocol, _ secret: String, method: HTTPRequest.Method? = nil
  ) async throws -> Answer {
    var uri = route.pattern
    while let start = uri.firstIndex(of: "{"), let end = uri[start...].firstIndex(of: "}") {
      uri.replaceSubrange(start...end, with: "some")
    }
    let response = try await client.execute(
      uri: uri, method: method ?? route.method, headers: [.authorization: "Bearer \(secret)", .contentType: "application/json"],
      body: route.method == .get ? nil : ByteBuffer(string: "{}"))
    return Answer(status: response.status, body: String(buffer: response.body))
  }

  @Test(arguments: [["fashion*"], ["fashion", "*-small"], []] as [[String]])
  func `whoever has some models only is refused on every route that is not open`(models: [String]) async throws {
    try await withKey(models: models) { client, secret, routes in
      for route in routes {
        let answer = try await call(route, client, secret)
        guard route.access != .open else {
          #expect(answer.status == .ok, "\(route.pattern)")
          continue
        }
        #expect(answer.status == .forbidden && answer.isRefusal, "\(route.method) \(route.pattern)")
        #expect(answer.body.contains("PERMISSION_DENIED") && answer.body.contains("'ann'"), "\(route.method) \(route.pattern)")
        // The same route answers HEAD.
        if route.method == .get { #expect(try await call(route, client, secret, method: .head).status == .forbidden, "\(route.pattern)") }
      }
    }
  }

  @Test(arguments: [["*"], ["fashion", "*"]])
  func `whoever has all models is not`(models: [String]) async throws {
    try await withKey(models: models) { client, secret, routes in
      let made = try await client.execute(
        uri: "/api/2.0/mlflow/registered-models/create", method: .post,
        headers: [.authorization: "Bearer \(secret)", .contentType: "application/json"], body: ByteBuffer(string: #"{"name":"other"}"#))
      #expect(made.status == .ok)
      for route in routes {
        let answer = try await call(route, client, secret)
        #expect(!answer.isRefusal && answer.status != .unauthorized, "\(route.method) \(route.pattern)")
      }
    }
  }
}
