import Access
import Dispatch
import Foundation
import HTTPTypes
import Logging
import MartletCore
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
import Testing

@testable import Serving
@testable import Web

@Suite struct OperationsTests {
  @Test(arguments: Way.allCases) func `the bill says who used what`(way: Way) async throws {
    var keys = try Keys()
    for name in ["ann", "bob"] { try keys.add(name, [.client]) }
    try keys.add("eye", [.monitor])
    let known = keys
    var options = keys.options
    options.prices = PriceSettings(coreHour: 3600, gigabyteHour: 1, currency: "EUR")
    try await withServer(way, [Echo().served()], options: options) { (client) async throws in
      for _ in 0..<3 { #expect(try await client.post("/predict", #"{"input": [1, 2]}"#, known.bearer("ann")).status == 200) }
      #expect(try await client.post("/predict", #"{"input": [1, 2, 3, 4, 5]}"#, known.bearer("bob")).status == 200)
      #expect(try await client.get("/admin/cost", known.bearer("ann")).status == 403)
      let bill = try await client.get("/admin/cost", known.bearer("eye")).json
      let callers = bill["callers"]?.arrayValue ?? []
      #expect(callers.compactMap { $0["name"]?.stringValue } == ["ann", "bob"])
      #expect(callers.compactMap { $0["items"]?.intValue } == [6, 5])
      #expect(callers.compactMap { $0["requests"]?.intValue } == [3, 1])
      let model = try #require(bill["models"]?.arrayValue?.first)
      #expect(model["items"] == 11 && model["model"] == "echo" && bill["currency"] == "EUR")
      // At one unit a second of a core, cost and time are the same number.
      let seconds = try #require(model["compute_seconds"]?.doubleValue), cost = try #require(model["cost"]?.doubleValue)
      #expect(seconds > 0 && abs(seconds - cost) < 1e-9)
      let sum = callers.compactMap { $0["compute_seconds"]?.doubleValue }.reduce(0, +)
      #expect(abs(sum - seconds) < 1e-9)
      #expect((bill["process"]?["memory_cost"]?.doubleValue ?? -1) >= 0)
    }
  }

  @Test(arguments: Way.allCases) func `Triton's names count the same`(way: Way) async throws {
    try await withServer(way, [Echo(poison: 13).served()]) { (client) async throws in
      _ = try await client.post("/predict", #"{"input": [1, 2]}"#)
      _ = try await client.post("/predict", #"{"input": 13}"#)
      let text = try await client.get("/metrics").text
      for line in [
        #"nv_inference_request_success{model="echo",version="1"} 1"#, #"nv_inference_request_failure{model="echo",version="1"} 1"#,
        #"nv_inference_count{model="echo",version="1"} 2"#, #"nv_inference_exec_count{model="echo",version="1"} 1"#,
        #"nv_inference_pending_request_count{model="echo",version="1"} 0"#, #"martlet_refused_requests_total{reason="forbidden"} 0"#,
      ] { #expect(text.contains(line + "\n"), "\(line)") }
    }
  }

  @Test func `what is done on admin routes is kept, and what is tried`() async throws {
    var keys = try Keys()
    try keys.add("root", [.admin])
    try keys.add("ann", [.client])
    try keys.add("busy", [.admin], limits: UsageLimits(requestsPerMinute: 1, burstSeconds: 60))
    let path = keys.path + ".audit"
    let gate = try Gatekeeper(keys.options.access, logger: LogLines().logger)
    let routes = RouteTable([
      Route(.post, "/do/{name}", .admin, "does") { exchange in
        guard exchange.parameters["name"] != "bad" else { throw HTTPProblem(.conflict, "no") }
        return Reply { $0.raw("{}") }
      },
      Route(.post, "/do", .admin, "does what the body says") { exchange in
        exchange.concerns(["name": String(buffer: try await exchange.body())])
        throw HTTPProblem(.conflict, "no")
      },
      Route(.get, "/look", .read, "looks") { _ in Reply { $0.raw("{}") } },
    ])
    let responder = WebResponder(
      routes: routes, limits: BodyLimits(maxBytes: 1000, maxBytesInFlight: 1000, timeout: .seconds(1)), metrics: ServerMetrics(),
      ids: RequestIDs(), accessLog: nil, logger: LogLines().logger, protection: Protection(gate: gate), audit: try AuditFile(path: path))
    let known = keys
    try await withResponder(responder) { (client) async throws in
      #expect(try await client.post("/do/good", "", known.bearer("root")).status == 200)
      #expect(try await client.post("/do/bad", "", known.bearer("root")).status == 409)
      #expect(try await client.post("/do/good", "", known.bearer("ann")).status == 403)
      #expect(try await client.post("/do/good", "").status == 401)
      #expect(try await client.get("/look", known.bearer("root")).status == 200)
      #expect(try await client.post("/do", "a b=c", known.bearer("busy")).status == 409)
      #expect(try await client.post("/do/good", "", known.bearer("busy")).status == 429)
    }
    #expect(try AuditFile.verify(path: path).events == 6)
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    let events = try lines.map { try JSON.decode(JSONValue.self, from: Data($0.utf8), source: "line")["event"] ?? .null }
    #expect(events.map { $0["status"]?.intValue } == [200, 409, 403, 401, 409, 429])
    // Who is known is named, whatever came of it.
    #expect(events.map { $0["actor"]?.stringValue } == ["root", "root", "ann", "anonymous", "busy", "busy"])
    #expect(events[0]["object"] == "name=good" && events[0]["action"] == "POST /do/{name}")
    #expect(events[4]["object"] == "name=a b=c" && events[4]["model"] == "a b=c")
    for secret in keys.secrets.values { #expect(!lines.joined().contains(secret)) }
  }

  @Test func `a thread that stands still is not alive`() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let liveness = Liveness(group, limit: .milliseconds(100))
    #expect(liveness.hanging() == 0)
    liveness.start(every: .milliseconds(5))
    #expect(liveness.hanging() == 0)
    let blocked = DispatchSemaphore(value: 0)
    group.next().execute { blocked.wait() }
    for _ in 0..<2000 where liveness.hanging() == 0 { try await Task.sleep(for: .milliseconds(5)) }
    #expect(liveness.hanging() == 1)
    blocked.signal()
    for _ in 0..<2000 where liveness.hanging() > 0 { try await Task.sleep(for: .milliseconds(5)) }
    #expect(liveness.hanging() == 0)
    liveness.stop()
    try await group.shutdownGracefully()
  }

  @Test func `stopping ends connections that are kept open, and lets streams and requests finish`() async throws {
    let echo = Echo(held: true)
    try await LiveServerTests.run([echo.served()]) { port, group in
      let body = #"{"input": 1}"#
      let request =
        "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body
      async let busy = RawClient.exchange(port: port, [request])
      async let idle = RawClient.exchange(port: port, ["GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"])
      while echo.waiting == 0 { try await Task.sleep(for: .milliseconds(2)) }
      await group.triggerGracefulShutdown()
      // The idle one is closed at once, long before its own time limit, the busy one after its answer.
      #expect(await idle.hasPrefix("HTTP/1.1 200"))
      echo.release()
      #expect(await busy.hasPrefix("HTTP/1.1 200"))
    }
  }
}
