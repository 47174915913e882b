import Foundation
import Hummingbird
import HummingbirdTesting
import MartletCore
import NIOCore
import Testing
import Tracking
import Web

@testable import TrackingServer

@Suite struct InterfaceTests {
  private func document(_ response: TestResponse) throws -> JSONValue {
    try JSON.decode(JSONValue.self, from: Data(response.body.readableBytesView), source: "an answer")
  }

  private func code(_ response: TestResponse) -> String { (try? document(response))?["error_code"]?.stringValue ?? "none" }

  private func post(
    _ client: any TestClientProtocol, _ path: String, _ body: String, method: HTTPRequest.Method = .post
  ) async throws -> TestResponse {
    try await client.execute(
      uri: "/api/2.0/mlflow/" + path, method: method, headers: [.contentType: "application/json"], body: ByteBuffer(string: body))
  }

  @Test func `runs are logged and found over HTTP`() async throws {
    try await withClient { client, _ in
      let made = try document(
        try await post(client, "runs/create", #"{"experiment_id":"0","run_name":"one","start_time":17,"user_id":"me"}"#))
      let id = try #require(made["run"]?["info"]?["run_id"]?.stringValue)
      #expect(made["run"]?["info"]?["run_uuid"]?.stringValue == id)
      #expect(made["run"]?["info"]?["artifact_uri"] == .string("mlflow-artifacts:/0/\(id)/artifacts"))
      let metric = try await post(client, "runs/log-metric", #"{"run_uuid":"\#(id)","key":"loss","value":"NaN","timestamp":"5","step":2}"#)
      #expect(metric.status == .ok)
      let found = try await post(
        client, "runs/search", #"{"experiment_ids":["0"],"filter":"attributes.run_name = 'one'","max_results":5}"#)
      let metrics = try document(found)["runs"]?.arrayValue?.first?["data"]?["metrics"]?.arrayValue
      #expect(metrics?.count == 1 && metrics?.first?["value"]?.doubleValue?.isNaN == true)
      // JSON has no such number; MLflow's clients read the word.
      #expect(String(buffer: found.body).contains("\"NaN\""))
      let one = try await client.execute(uri: "/api/2.0/mlflow/metrics/get-history?run_id=\(id)&metric_key=loss", method: .get)
      #expect(try document(one)["metrics"]?.arrayValue?.count == 1)
    }
  }

  @Test func `a version has its aliases where it is asked for by name, and none in a search, as MLflow has it`() async throws {
    try await withClient { client, store in
      _ = try store.createRegisteredModel("m")
      _ = try store.registerVersion(of: "m", source: "s3://bucket/model")
      try store.setRegisteredAlias("m", "champion", to: 1)
      let one = try await client.execute(uri: "/api/2.0/mlflow/model-versions/get?name=m&version=1", method: .get)
      #expect(try document(one)["model_version"]?["aliases"] == ["champion"])
      let found = try await client.execute(uri: "/api/2.0/mlflow/model-versions/search?filter=name%3D'm'", method: .get)
      let versions = try document(found)["model_versions"]?.arrayValue ?? []
      #expect(versions.count == 1 && versions.first?["aliases"] == nil)
    }
  }

  @Test func `errors have MLflow's codes, and say nothing of the inside`() async throws {
    try await withClient { client, _ in
      for (path, body, status, code) in [
        ("experiments/create", "{", 400, "BAD_REQUEST"), ("experiments/create", "[1]", 400, "BAD_REQUEST"),
        ("experiments/create", "{}", 400, "INVALID_PARAMETER_VALUE"),
        ("experiments/create", #"{"name":3}"#, 400, "INVALID_PARAMETER_VALUE"),
        ("experiments/create", #"{"name":"Default"}"#, 400, "RESOURCE_ALREADY_EXISTS"),
        ("runs/delete", #"{"run_id":"none"}"#, 404, "RESOURCE_DOES_NOT_EXIST"),
        ("runs/search", #"{"experiment_ids":["0"],"filter":"x ="}"#, 400, "INVALID_PARAMETER_VALUE"),
        ("runs/search", #"{"experiment_ids":["0"],"max_results":50001}"#, 400, "INVALID_PARAMETER_VALUE"),
        ("runs/search", #"{"experiment_ids":["0"],"page_token":"x"}"#, 400, "INVALID_PARAMETER_VALUE"),
        ("experiments/create", String(repeating: "[", count: 500), 400, "BAD_REQUEST"),
        (
          "runs/log-batch",
          #"{"run_id":"a","params":[\#(Array(repeating: #"{"key":"k","value":"v"}"#, count: 101).joined(separator: ","))]}"#, 400,
          "INVALID_PARAMETER_VALUE"
        ),
        ("runs/log-batch", #"{"run_id":"\#(String(repeating: "x", count: 1_000_001))"}"#, 400, "INVALID_PARAMETER_VALUE"),
      ] {
        let answer = try await post(client, path, body)
        #expect(answer.status.code == status && self.code(answer) == code, "\(path) \(body.prefix(60))")
      }
      let form = try await client.execute(
        uri: "/api/2.0/mlflow/experiments/create", method: .post, headers: [.contentType: "text/plain"],
        body: ByteBuffer(string: #"{"name":"x"}"#))
      #expect(form.status == .badRequest, "a page of another site cannot write")
    }
  }

  @Test func `files go up and down, and no path leaves the folder`() async throws {
    try await withClient(limits: ArtifactLimits(maxFileBytes: 3 << 20)) { client, store in
      let root = "/api/2.0/mlflow-artifacts/artifacts"
      let bytes = [UInt8]((0..<(2 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) })
      let up = try await client.execute(uri: root + "/0/run/artifacts/a%20b/large.bin", method: .put, body: ByteBuffer(bytes: bytes))
      #expect(up.status == .ok)
      let down = try await client.execute(uri: root + "/0/run/artifacts/a%20b/large.bin", method: .get)
      #expect(Array(down.body.readableBytesView) == bytes)
      #expect(
        down.headers[.contentDisposition]?.hasPrefix("attachment") == true && down.headers[.contentType] == "application/octet-stream")
      let listed = try document(try await client.execute(uri: root + "?path=0/run/artifacts/a+b", method: .get))
      #expect(listed == ["files": [["path": "large.bin", "is_dir": false, "file_size": .int(bytes.count)]]])
      #expect(try store.listArtifacts("0/run").map(\.name) == ["artifacts"])
      let missing = try await client.execute(uri: root + "/0/none", method: .get)
      #expect(missing.status == .notFound && code(missing) == "RESOURCE_DOES_NOT_EXIST")
      #expect(try await client.execute(uri: root + "/0/run/artifacts", method: .delete).status == .ok)
      #expect(try store.listArtifacts("0/run").isEmpty)
    }
  }

  @Test func `what is registered cannot be written, and files come in one part`() async throws {
    // A refusal may end the connection, so each request has its own.
    try await withClient { client, _ in
      let path = "/api/2.0/mlflow-artifacts/artifacts/registry/x/1/y"
      let answer = try await client.execute(uri: path, method: .put, body: ByteBuffer(string: "evil"))
      #expect(answer.status == .forbidden)
    }
    try await withClient { client, _ in
      let answer = try await client.execute(uri: "/api/2.0/mlflow-artifacts/mpu/create/x/y", method: .post)
      #expect(answer.status == .notImplemented)
    }
  }

  @Test(arguments: [
    "../x", "%2e%2e/x", "%252e%252e/x", "a/../../x", "..%2fx", "a%5c..%5cx", "/etc/passwd", "%2fetc/passwd", "a%00b", "a%23b", "%zz", "",
  ])
  func `no path leaves the folder`(path: String) async throws {
    for method in [HTTPRequest.Method.put, .get, .delete] {
      // A refusal may end the connection, so each request has its own.
      try await withClient { client, _ in
        let answer = try await client.execute(
          uri: "/api/2.0/mlflow-artifacts/artifacts/" + path, method: method, body: ByteBuffer(string: method == .put ? "evil" : ""))
        #expect(answer.status == .badRequest && code(answer) == "INVALID_PARAMETER_VALUE", "\(method) \(path)")
      }
    }
  }

  @Test func `a file beyond the limit is refused and leaves nothing`() async throws {
    try await withClient(limits: ArtifactLimits(maxFileBytes: 1 << 10)) { client, store in
      // The last request of this connection: what is refused in the middle of a body ends it.
      let answer = try await client.execute(
        uri: "/api/2.0/mlflow-artifacts/artifacts/0/run/more.bin", method: .put, body: ByteBuffer(repeating: 7, count: 2 << 10))
      #expect(answer.status == .contentTooLarge)
      #expect(try store.listArtifacts("0/run").isEmpty)
    }
  }

  @Test func `every route says who may call it, and only three are open`() async throws {
    let routes = try await withStore { store, _ in TrackingEndpoints(store).routes }
    #expect(routes.filter { $0.access == .open }.map(\.pattern).sorted() == ["/api/3.0/mlflow/server-info", "/health", "/version"])
    #expect(routes.filter { $0.method == .get && $0.access != .open }.allSatisfy { $0.access == .read })
    // What is asked by POST because the question is long changes nothing.
    let questions = ["search", "get-latest-versions"]
    let changes = routes.filter { route in route.method != .get && !questions.contains { route.pattern.hasSuffix($0) } }
    #expect(changes.allSatisfy { $0.access == .write || $0.access == .admin })
    let names = routes.map { "\($0.method) \($0.pattern)" }
    #expect(Set(names).count == names.count && names.count > 60)
  }
}

@Suite struct SpanTests {
  private func field(_ number: Int, _ bytes: [UInt8]) -> [UInt8] { [UInt8(number << 3 | 2), UInt8(bytes.count)] + bytes }

  @Test func `spans are read from protobuf`() throws {
    let value = field(2, [3 << 3, 42])
    let attribute = field(9, field(1, Array("answer".utf8)) + value)
    let begun: [UInt8] = [7 << 3 | 1, 5, 0, 0, 0, 0, 0, 0, 0]
    let span = field(1, Array(0..<16)) + field(2, Array(0..<8)) + field(5, Array("step".utf8)) + begun + attribute + field(15, [3 << 3, 1])
    let body = field(1, field(2, field(2, span)))
    let spans = try SpanReader.spans(body)
    #expect(spans.map(\.trace) == ["tr-000102030405060708090a0b0c0d0e0f"] && spans.first?.begun == 5)
    #expect(spans.first?.document["attributes"] == [["key": "answer", "value": ["int_value": 42]]])
    #expect(spans.first?.document["status"] == ["code": "STATUS_CODE_OK"])
    for end in 0..<body.count where end > 0 { _ = try? SpanReader.spans(Array(body[..<end])) }
    var random = KeyedBytes(state: 7)
    for _ in 0..<2000 {
      var broken = body
      broken[Int.random(in: 0..<broken.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      _ = try? SpanReader.spans(broken)
    }
    #expect(throws: TrackingError.self) { try SpanReader.spans([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F]) }
  }
}

/// The same numbers in every run (splitmix64).
private struct KeyedBytes: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
