import Access
import HTTPTypes
import MartletCore
import Testing

@testable import Serving
@testable import Web

@Suite struct UsageLimitTests {
  @Test(arguments: Way.allCases) func `a key's requests are counted, and the answer says when to come again`(way: Way) async throws {
    var keys = try Keys()
    try keys.add("ann", [.client], limits: UsageLimits(requestsPerMinute: 6, burstSeconds: 20))
    try keys.add("bob", [.client])
    let known = keys
    try await withServer(way, [Echo().served()], options: keys.options) { (client) async throws in
      for _ in 0..<2 { #expect(try await client.post("/predict", #"{"input": 1}"#, known.bearer("ann")).status == 200) }
      let refused = try await client.post("/predict", #"{"input": 1}"#, known.bearer("ann"))
      #expect(refused.status == 429)
      let seconds = try #require(refused.headers[.retryAfter].flatMap { Int($0) })
      #expect((1...10).contains(seconds))
      let milliseconds = try #require(HTTPField.Name("retry-after-ms").flatMap { refused.headers[$0] }.flatMap { Int($0) })
      #expect((seconds - 1) * 1000 < milliseconds && milliseconds <= seconds * 1000)
      #expect(try await client.post("/v1/chat/completions", "{}", known.bearer("ann")).json["error"]?["code"] == "rate_limit_exceeded")
      // What is open, and others, do not wait.
      #expect(try await client.get("/health/live", known.bearer("ann")).status == 200)
      #expect(try await client.post("/predict", #"{"input": 1}"#, known.bearer("bob")).status == 200)
    }
  }

  @Test(arguments: Way.allCases) func `items are counted, too`(way: Way) async throws {
    var keys = try Keys()
    try keys.add("ann", [.client], limits: UsageLimits(itemsPerMinute: 60, burstSeconds: 10))
    let known = keys
    try await withServer(way, [Echo().served()], options: keys.options) { (client) async throws in
      let numbers = (0..<25).map(String.init).joined(separator: ",")
      #expect(try await client.post("/predict", "{\"input\": [\(numbers)]}", known.bearer("ann")).status == 200)
      let refused = try await client.post("/predict", #"{"input": [1]}"#, known.bearer("ann"))
      #expect(refused.status == 429 && refused.error.contains("too many items"))
    }
  }

  @Test func `requests at one time are counted until they are answered`() async throws {
    var keys = try Keys()
    try keys.add("ann", [.client], limits: UsageLimits(concurrentRequests: 1))
    let known = keys
    let echo = Echo(held: true)
    try await LiveServerTests.run([echo.served()], keys.options) { port, _ in
      @Sendable func ask(_ body: String) async -> String {
        let head = "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
        let key = "Authorization: Bearer \(known.secrets["ann"] ?? "")\r\nConnection: close\r\n\r\n"
        return String(await RawClient.exchange(port: port, [head + key + body]).prefix(12))
      }
      async let first = ask(#"{"input": 1}"#)
      while echo.waiting == 0 { try await Task.sleep(for: .milliseconds(2)) }
      #expect(await ask(#"{"input": 2}"#) == "HTTP/1.1 429")
      echo.release()
      #expect(await first == "HTTP/1.1 200")
      // An error gives the place back as well.
      #expect(await ask("{") == "HTTP/1.1 400")
      #expect(await ask(#"{"input": 3}"#) == "HTTP/1.1 200")
    }
  }
}
