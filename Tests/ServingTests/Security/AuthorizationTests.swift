import Access
import Foundation
import HTTPTypes
import HummingbirdTesting
import MartletCore
import NIOCore
import Testing

@testable import Serving
@testable import Web

/// A folder with keys of several kinds.
struct Keys {
  let path: String
  private(set) var secrets: [String: String] = [:]

  init() throws {
    let folder = NSTemporaryDirectory() + "keys-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    path = folder + "/keys.json"
  }

  mutating func add(
    _ name: String, _ roles: [Role], models: [String] = ["*"], limits: UsageLimits = UsageLimits(), expires: Date? = nil
  ) throws {
    secrets[name] = try KeyFile(path: path).create(
      name: name, roles: roles, models: models.map(ModelPattern.init), limits: limits, expires: expires
    ).secret
  }

  var options: ServerOptions {
    var options = quietOptions()
    options.access.keys = path
    return options
  }

  func bearer(_ name: String) -> HTTPFields { [.authorization: "Bearer \(secrets[name] ?? "")"] }
}

extension HTTPField.Name {
  static let xKey = HTTPField.Name("x-api-key") ?? .via
  static let key = HTTPField.Name("api-key") ?? .via
}

@Suite struct AuthorizationTests {
  private static func keys() throws -> Keys {
    var keys = try Keys()
    for role in Role.allCases { try keys.add(role.rawValue, [role]) }
    try keys.add("narrow", [.client], models: ["fash*"])
    try keys.add("old", [.admin], expires: Date(timeIntervalSinceNow: -10))
    try keys.add("gone", [.admin])
    _ = try KeyFile(path: keys.path).revoke("gone")
    return keys
  }

  @Test(arguments: Way.allCases) func `every route refuses who may not call it, and knows who may`(way: Way) async throws {
    let keys = try Self.keys()
    let models = [LinearClassifier.served(), Echo().served()]
    let routes = try ModelServer(models: models, options: keys.options, logger: LogLines().logger).listeners.data.routes.routes
    try await withServer(way, models, options: keys.options) { (client) async throws in
      for route in routes {
        let path = route.pattern.replacing("{name}", with: "fashion").replacing("{version}", with: "1").replacing(
          /[{][a-z*]+[}]/, with: "x")
        // Without a length the body would be in chunks, which ends the connection of a request that is refused.
        let body = route.method == .post ? ByteBuffer() : nil
        let nobody = try await client.send(route.method, path, body: body)
        guard let right = route.access.right else {
          #expect(nobody.status == 200, "\(route.pattern)")
          continue
        }
        #expect(nobody.status == 401, "\(route.pattern)")
        #expect(nobody.headers[.wwwAuthenticate]?.hasPrefix("Bearer") == true)
        for role in Role.allCases {
          let answer = try await client.send(route.method, path, headers: keys.bearer(role.rawValue), body: body)
          #expect(
            role.rights.contains(right) ? ![401, 403].contains(answer.status) : answer.status == 403,
            "\(role) \(route.method) \(route.pattern): \(answer.status)")
        }
        for wrong in ["old", "gone", "unknown"] {
          #expect(try await client.send(route.method, path, headers: keys.bearer(wrong), body: body).status == 401, "\(wrong)")
        }
      }
      // What is not there is not there for anybody.
      #expect(try await client.get("/nothing").status == 404)
    }
  }

  @Test(arguments: Way.allCases) func `a key may come in three ways, but only as one`(way: Way) async throws {
    let keys = try Self.keys()
    let secret = keys.secrets["client"] ?? ""
    try await withServer(way, [Echo().served()], options: keys.options) { (client) async throws in
      for headers: HTTPFields in [
        [.authorization: "Bearer \(secret)"], [.authorization: "bearer  \(secret) "], [.xKey: secret], [.key: secret],
        [.authorization: "Bearer \(secret)", .xKey: secret],
      ] { #expect(try await client.get("/models", headers).status == 200, "\(headers)") }
      for headers: HTTPFields in [
        [.authorization: secret], [.authorization: "Basic \(secret)"], [.authorization: "Bearer"],
        [.authorization: "Bearer x", .xKey: secret],
        [.authorization: "Bearer \(secret), Bearer \(secret)"], [.authorization: "Bearer \(secret.uppercased())"], [.xKey: ""],
      ] { #expect(try await client.get("/models", headers).status == 401, "\(headers)") }
      // Never in the address, where logs keep it.
      #expect(try await client.get("/models?api-key=\(secret)&access_token=\(secret)").status == 401)
    }
  }

  @Test(arguments: Way.allCases) func `a key is for its models, wherever they are named`(way: Way) async throws {
    let keys = try Self.keys()
    try await withServer(way, [LinearClassifier.served(), Echo().served()], options: keys.options) { (client) async throws in
      let narrow = keys.bearer("narrow")
      #expect(try await client.get("/models", narrow).json["models"]?.arrayValue?.compactMap { $0["name"]?.stringValue } == ["fashion"])
      #expect(try await client.post("/v2/repository/index", "", narrow).json.arrayValue?.count == 1)
      #expect(try await client.get("/", narrow).json["models"] == ["fashion"])
      #expect(try await client.get("/").json["models"] == [])
      #expect(try await client.get("/v2/models/fashion", narrow).status == 200)
      for path in ["/models/echo", "/v2/models/echo", "/v2/models/echo/versions/1/ready", "/v1/models/echo", "/v2/models/none"] {
        #expect(try await client.get(path, narrow).status == 403, "\(path)")
      }
      for path in ["/models/echo/predict", "/v1/models/echo:predict", "/v2/models/echo/infer", "/v2/models/echo/versions/1/infer"] {
        let answer = try await client.post(path, "{}", narrow)
        #expect(answer.status == 403, "\(path)")
        #expect(answer.error == "model 'echo' is not among those of 'narrow'; expected fash*")
      }
    }
    // The only model, which the request need not name.
    try await withServer(way, [Echo().served()], options: keys.options) { (client) async throws in
      #expect(try await client.post("/predict", #"{"input": 1}"#, keys.bearer("narrow")).status == 403)
      #expect(try await client.post("/predict", #"{"input": 1}"#, keys.bearer("client")).status == 200)
    }
  }

  @Test(arguments: Way.allCases) func `errors are written as the client reads them`(way: Way) async throws {
    let keys = try Self.keys()
    try await withServer(way, [Echo().served()], options: keys.options) { (client) async throws in
      let openAI = try await client.post("/v1/chat/completions", "{}").json["error"]
      #expect(openAI?["code"] == "invalid_api_key" && openAI?["type"] == "invalid_request_error" && openAI?["param"] == .null)
      #expect(openAI?["message"]?.stringValue?.contains("no credential") == true)
      let forbidden = try await client.post("/v1/embeddings", "{}", keys.bearer("monitor"))
      #expect(forbidden.status == 403 && forbidden.json["error"]?["code"] == "permission_denied")
      #expect(try await client.post("/v2/models/echo/infer", "{}").json["error"]?.stringValue?.contains("no credential") == true)
      let mlflow = try await client.post("/api/2.0/mlflow/runs/create", "{}").json
      #expect(mlflow["error_code"] == "ENDPOINT_NOT_FOUND" && mlflow["message"] != nil)
      let revoked = try await client.get("/models", keys.bearer("gone"))
      #expect(revoked.error.hasPrefix("the API key was revoked at 2"))
      #expect(revoked.headers[.wwwAuthenticate] == "Bearer realm=\"martlet\", error=\"invalid_token\"")
      #expect(try await client.get("/models", keys.bearer("old")).error.hasPrefix("the API key expired at 2"))
    }
  }

  @Test func `no log has a key, and each request its owner`() async throws {
    let keys = try Self.keys()
    let log = LogLines()
    var options = keys.options
    options.logsRequests = true
    try await withServer(.router, [Echo().served()], options: options, logger: log.logger) { (client) async throws in
      for name in ["client", "gone", "unknown"] { _ = try await client.get("/models", keys.bearer(name)) }
      _ = try await client.post("/predict", #"{"input": 1}"#, keys.bearer("client"))
    }
    #expect(log.all.contains { $0.contains("\"principal\":\"client\"") && $0.contains("\"path\":\"/predict\"") })
    for secret in keys.secrets.values { #expect(!log.all.contains { $0.contains(secret.suffix(43)) }) }
  }

  @Test func `without keys a server listens to its own machine only`() throws {
    for host in ["0.0.0.0", "::", "192.168.1.5", "example.org", "127.0.0.1.example.org", "127.1", "1270.0.0.1"] {
      var options = quietOptions()
      options.host = host
      let error = #expect(throws: ServerError.self) {
        try ModelServer(models: [Echo().served()], options: options, logger: LogLines().logger)
      }
      #expect(error?.kind == .needsCredentials(host: host))
      #expect(error?.description.contains("martlet keys create NAME; or --insecure") == true)
      options.access.allowsAnyone = true
      #expect(throws: Never.self) { try ModelServer(models: [Echo().served()], options: options, logger: LogLines().logger) }
    }
    for host in ["127.0.0.1", "127.8.9.10", "localhost", "::1"] {
      var options = quietOptions()
      options.host = host
      #expect(throws: Never.self) { try ModelServer(models: [Echo().served()], options: options, logger: LogLines().logger) }
      options.adminPort = 0
      options.adminHost = "0.0.0.0"
      #expect(throws: ServerError(.needsCredentials(host: "0.0.0.0"))) {
        try ModelServer(models: [Echo().served()], options: options, logger: LogLines().logger)
      }
    }
    var options = quietOptions()
    options.access.keys = "/no/such/keys.json"
    let error = #expect(throws: ServerError.self) {
      try ModelServer(models: [Echo().served()], options: options, logger: LogLines().logger)
    }
    #expect(error?.description.contains("/no/such/keys.json: cannot be read") == true)
  }
}
