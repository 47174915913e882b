import Foundation
import HTTPTypes
import Releases
import Testing

@testable import Serving
@testable import Web

/// Every route with what it needs. A route that is added, or whose access is changed, is added here by whoever thought about it.
@Suite struct RouteListTests {
  static let agreed = """
    GET / open
    GET /admin/cost observe
    GET /docs open
    GET /docs/page.css open
    GET /docs/page.js open
    GET /health/live open
    GET /health/ready open
    GET /metrics observe
    GET /models predict
    GET /models/{name} predict
    GET /openapi.json open
    GET /v1/models predict
    GET /v1/models/{name} predict
    GET /v1/models/{name}/labels/{label} predict
    GET /v1/models/{name}/labels/{label}/metadata predict
    GET /v1/models/{name}/metadata predict
    GET /v1/models/{name}/versions/{version} predict
    GET /v1/models/{name}/versions/{version}/metadata predict
    GET /v2 open
    GET /v2/health/live open
    GET /v2/health/ready open
    GET /v2/models/stats observe
    GET /v2/models/{name} predict
    GET /v2/models/{name}/config predict
    GET /v2/models/{name}/ready predict
    GET /v2/models/{name}/stats observe
    GET /v2/models/{name}/versions/{version} predict
    GET /v2/models/{name}/versions/{version}/config predict
    GET /v2/models/{name}/versions/{version}/ready predict
    GET /v2/models/{name}/versions/{version}/stats observe
    POST /models/{name}/predict predict
    POST /models/{name}/versions/{version}/predict predict
    POST /predict predict
    POST /v1/chat/completions predict
    POST /v1/completions predict
    POST /v1/embeddings predict
    POST /v1/models/{name}/labels/{label}:classify predict
    POST /v1/models/{name}/labels/{label}:predict predict
    POST /v1/models/{name}/labels/{label}:regress predict
    POST /v1/models/{name}/versions/{version}:classify predict
    POST /v1/models/{name}/versions/{version}:predict predict
    POST /v1/models/{name}/versions/{version}:regress predict
    POST /v1/models/{name}:classify predict
    POST /v1/models/{name}:predict predict
    POST /v1/models/{name}:regress predict
    POST /v2/models/{name}/generate predict
    POST /v2/models/{name}/generate_stream predict
    POST /v2/models/{name}/infer predict
    POST /v2/models/{name}/versions/{version}/generate predict
    POST /v2/models/{name}/versions/{version}/generate_stream predict
    POST /v2/models/{name}/versions/{version}/infer predict
    POST /v2/repository/index predict
    POST /v2/repository/models/{name}/load admin
    POST /v2/repository/models/{name}/unload admin
    """.split(separator: "\n").map(String.init)

  /// What a server with releases has besides.
  static let releases = """
    GET /admin/releases read
    GET /admin/releases/{model} read
    GET /admin/releases/{model}/history read
    POST /admin/releases admin
    POST /admin/releases/{model}/{order} admin
    POST /models/{name}/feedback predict
    """.split(separator: "\n").map(String.init)

  @Test func `a server with releases has their routes, too, those for deciding on the admin port`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("releases-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var options = quietOptions()
    options.adminPort = 0
    options.releases = ReleaseSettings(store: ReleaseStore(folder: folder))
    let server = try ModelServer(models: [Echo().served()], options: options, logger: LogLines().logger)
    func named(_ routes: [Route]) -> [String] { routes.map { "\($0.method.rawValue) \($0.pattern) \($0.access.rawValue)" } }
    let data = named(server.listeners.data.routes.routes), admin = named(try #require(server.listeners.admin).routes.routes)
    #expect(Set(data + admin) == Set(Self.agreed + Self.releases))
    #expect(data.filter(Self.releases.contains) == ["POST /models/{name}/feedback predict"])
  }

  @Test func `routes of others are on the admin port alone, and open ones there only`() throws {
    var options = quietOptions()
    options.adminPort = 0
    options.adminRoutes = [
      Route(.get, "/runs", .read, "runs") { _ in Reply([]) }, Route(.get, "/version", .open, "a version") { _ in Reply([]) },
    ]
    let server = try ModelServer(models: [Echo().served()], options: options, logger: LogLines().logger)
    let added = ["/runs", "/version"]
    #expect(!server.listeners.data.routes.routes.contains { added.contains($0.pattern) })
    #expect(try #require(server.listeners.admin).routes.routes.map(\.pattern).filter(added.contains) == added)
    options.adminPort = nil
    let alone = try ModelServer(models: [Echo().served()], options: options, logger: LogLines().logger)
    #expect(alone.listeners.data.routes.routes.map(\.pattern).filter(added.contains) == added)
  }

  @Test func `every route is in the list, with its access`() throws {
    let server = try ModelServer(models: [Echo().served()], options: quietOptions(), logger: LogLines().logger)
    let routes = server.listeners.data.routes.routes.map { "\($0.method.rawValue) \($0.pattern) \($0.access.rawValue)" }
    let missing = Set(routes).subtracting(Self.agreed), gone = Set(Self.agreed).subtracting(routes)
    #expect(missing.isEmpty, "add to the list, after thinking about who may call it: \(missing.sorted())")
    #expect(gone.isEmpty, "there is no such route any more: \(gone.sorted())")
    #expect(Set(routes).count == routes.count, "a route is there twice")
  }

  @Test func `with an admin port each route is on one listener, what is open on both`() throws {
    var options = quietOptions()
    options.adminPort = 0
    let server = try ModelServer(models: [Echo().served()], options: options, logger: LogLines().logger)
    let data = server.listeners.data.routes.routes, admin = try #require(server.listeners.admin).routes.routes
    #expect(Set(data.map(\.access)) == [.open, .predict])
    #expect(!admin.contains { $0.access == .predict } && admin.contains { $0.access == .observe })
    #expect(Set((data + admin).map { "\($0.method.rawValue) \($0.pattern) \($0.access.rawValue)" }).count == Self.agreed.count)
  }
}
