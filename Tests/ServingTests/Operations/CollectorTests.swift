import Access
import Foundation
import HTTPTypes
import HummingbirdTesting
import MartletCore
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Serving
@testable import Web

/// A collector of the test's own: a server that keeps what it is sent.
private final class Collector: Sendable {
  private let bodies = Mutex<[JSONValue]>([])

  var spans: [JSONValue] {
    bodies.withLock { $0 }.flatMap { $0["resourceSpans"]?.arrayValue ?? [] }.flatMap { $0["scopeSpans"]?.arrayValue ?? [] }
      .flatMap { $0["spans"]?.arrayValue ?? [] }
  }

  var resources: [JSONValue] { bodies.withLock { $0 }.compactMap { $0["resourceSpans"]?.arrayValue?.first?["resource"] } }

  var route: Route {
    Route(.post, "/v1/traces", .open, "takes spans") { exchange in
      let body = try await exchange.body()
      let document = try JSONReader.read(body) { try $0.readValue() }
      self.bodies.withLock { $0.append(document) }
      return Reply { $0.raw("{}") }
    }
  }
}

@Suite struct CollectorTests {
  @Test func `a request's spans reach the collector, with what its model did`() async throws {
    let collector = Collector()
    var keys = try Keys()
    try keys.add("ann", [.client, .monitor])
    let known = keys
    let logger = LogLines().logger
    let taking = Listeners(
      [collector.route], try Guardian(quietOptions(), logger: logger), options: quietOptions(), metrics: ServerMetrics(), logger: logger)
    try await taking.application { _ in }.test(.live) { (client) async throws in
      let port = try #require(client.port)
      var options = known.options
      var tracing = TracingSettings(endpoint: "http://127.0.0.1:\(port)/v1/traces")
      tracing.interval = .milliseconds(20)
      tracing.service = "test"
      options.tracing = tracing
      try await LiveServerTests.run([Echo().served()], options) { server in
        let port = server.address?.port ?? 0
        let body = #"{"input": [1, 2, 3]}"#
        let answer = await RawClient.exchange(
          port: port,
          [
            "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
              + "Authorization: Bearer \(known.secrets["ann"] ?? "")\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n"
              + "Connection: close\r\n\r\n" + body
          ])
        #expect(answer.hasPrefix("HTTP/1.1 200"))
        #expect(answer.contains("traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-"))
        for _ in 0..<1000 where collector.spans.count < 3 { try await Task.sleep(for: .milliseconds(5)) }
      }
    }
    let spans = collector.spans
    #expect(spans.count == 3)
    #expect(spans.allSatisfy { $0["traceId"] == "4bf92f3577b34da6a3ce929d0e0e4736" })
    let request = try #require(spans.first { $0["kind"] == 2 })
    #expect(request["parentSpanId"] == "00f067aa0ba902b7" && request["name"] == "POST /predict")
    func attribute(_ span: JSONValue, _ key: String) -> JSONValue? {
      span["attributes"]?.arrayValue?.first { $0["key"]?.stringValue == key }?["value"]?.objectValue?.values.first
    }
    #expect(attribute(request, "http.response.status_code") == "200" && attribute(request, "enduser.id") == "ann")
    for name in ["queue", "model"] {
      let span = try #require(spans.first { $0["name"]?.stringValue == name })
      #expect(span["parentSpanId"] == request["spanId"])
      #expect(attribute(span, "martlet.model") == "echo")
      let start = UInt64(span["startTimeUnixNano"]?.stringValue ?? "") ?? 0, end = UInt64(span["endTimeUnixNano"]?.stringValue ?? "") ?? 0
      #expect(start > 1_700_000_000_000_000_000 && start <= end)
    }
    #expect(attribute(try #require(spans.first { $0["name"] == "model" }), "martlet.items") == "3")
    #expect(collector.resources.first?["attributes"]?.arrayValue?.first?["value"]?["stringValue"] == "test")
  }

  @Test func `a collector that is away costs nobody an answer`() async throws {
    var options = quietOptions()
    var tracing = TracingSettings(endpoint: "http://127.0.0.1:9/v1/traces")
    tracing.interval = .milliseconds(5)
    options.tracing = tracing
    try await LiveServerTests.run([Echo().served()], options) { server in
      let port = server.address?.port ?? 0
      for _ in 0..<3 {
        #expect(
          await RawClient.exchange(port: port, ["GET /models HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"]).hasPrefix("HTTP/1.1 200"))
      }
      for _ in 0..<1000 where (server.listeners.guardian.exporter?.dropped ?? 0) == 0 { try await Task.sleep(for: .milliseconds(5)) }
      #expect((1...3).contains(server.listeners.guardian.exporter?.dropped ?? 0))
    }
  }
}
