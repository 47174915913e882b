import Access
import Foundation
import HTTPTypes
import MartletCore
import Synchronization
import Testing

@testable import Serving
@testable import Web

/// What attackers send, each with the answer that it gets. The table in the documentation is this list.
@Suite struct AttackTests {
  private static let health = "GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

  /// Sends bytes, and sees that the server works afterwards.
  private static func statuses(_ requests: [String], _ options: ServerOptions = quietOptions()) async throws -> [String] {
    let answers = Answers()
    try await LiveServerTests.run([Echo().served()], options) { port, _ in
      for request in requests {
        let answer = await RawClient.exchange(port: port, [request])
        answers.add(answer)
        #expect(await RawClient.exchange(port: port, [health]).hasPrefix("HTTP/1.1 200"), "after \(request.prefix(60))")
      }
    }
    return answers.all
  }

  private static func status(_ answer: String) -> String { answer.isEmpty ? "closed" : String(answer.dropFirst(9).prefix(3)) }

  @Test func `paths that climb, hide or break`() async throws {
    let paths = [
      "/../../../etc/passwd", "/models/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/%252e%252e/etc/passwd",
      "/models/..%2f..%2fetc%2fpasswd",
      "/models/..%5c..%5cetc", "/models/\\..\\..\\etc", "/models/%00", "/models/echo%00.txt", "/models/%2Fetc%2Fpasswd",
      "/models/%c0%ae%c0%ae",
      "/models/%", "/models/%zz", "//etc/passwd", "/./models", "/models/", "file:///etc/passwd", "/models/echo#/../../x", "/;/models",
      "/models/" + String(repeating: "a", count: 5000), "/" + String(repeating: "../", count: 1000),
      "/models/" + String(repeating: "%2e", count: 900),
      "*", "http:///x",
    ]
    let answers = try await Self.statuses(paths.map { "GET \($0) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" })
    for (path, answer) in zip(paths, answers) {
      #expect(["404", "400", "200"].contains(Self.status(answer)), "\(path.prefix(60)): \(answer.prefix(80))")
      #expect(!answer.contains("root:"), "\(path.prefix(60))")
      // Only what names a model that is there may be found.
      if Self.status(answer) == "200" { #expect(path.hasPrefix("/models/echo#"), "\(path)") }
    }
    // The whole address in the first line, as proxies get it, is the same path.
    let absolute = try await Self.statuses(["GET http://localhost/health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"])
    #expect(Self.status(absolute[0]) == "200")
  }

  @Test func `two requests in the clothes of one`() async throws {
    let inner = "GET /models HTTP/1.1\r\nHost: localhost\r\n\r\n"
    func post(_ headers: String, _ body: String) -> String {
      "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\(headers)\r\n\(body)"
    }
    let requests = [
      ("two lengths", post("Content-Length: 5\r\nContent-Length: 6\r\n", "12345" + inner)),
      ("two equal lengths", post("Content-Length: 5\r\nContent-Length: 5\r\n", "12345" + inner)),
      ("a list of lengths", post("Content-Length: 5, 5\r\n", "12345" + inner)),
      ("length and chunks", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + inner)),
      ("chunks and length", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n" + inner)),
      ("a space before the colon", post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n" + inner)),
      ("an unknown coding", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n" + inner)),
      ("chunked not last", post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n" + inner)),
      ("a folded field", post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n" + inner)),
      ("a negative length", post("Content-Length: -1\r\n", inner)),
      ("a length with a sign", post("Content-Length: +5\r\n", "12345" + inner)),
      ("a length in hexadecimal", post("Content-Length: 0x5\r\n", "12345" + inner)),
      ("a length beyond all numbers", post("Content-Length: 99999999999999999999999\r\n", inner)),
      ("a chunk beyond all numbers", post("Transfer-Encoding: chunked\r\n", "FFFFFFFFFFFFFFFFF\r\n" + inner)),
      ("a negative chunk", post("Transfer-Encoding: chunked\r\n", "-1\r\n" + inner)),
      ("a chunk without its end", post("Transfer-Encoding: chunked\r\n", "1\r\naGET /models HTTP/1.1\r\n\r\n")),
      ("a NUL in a field", post("X-A: a\u{0}b\r\nContent-Length: 0\r\n", "")),
      ("a bare carriage return", post("X-A: a\rTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + inner)),
      ("a field without a name", post(": x\r\nContent-Length: 0\r\n", "")),
      ("a field with a space", post("X A: x\r\nContent-Length: 0\r\n", "")),
    ]
    let answers = try await Self.statuses(requests.map(\.1))
    for ((name, _), answer) in zip(requests, answers) {
      // One answer at most, a refusal, and nothing of the request inside.
      #expect(answer.components(separatedBy: "HTTP/1.1 ").count <= 2, "\(name): \(answer)")
      #expect(["400", "closed", "501"].contains(Self.status(answer)), "\(name): \(answer.prefix(200))")
      #expect(!answer.contains("\"models\""), "\(name)")
    }
  }

  @Test func `names of the server that are not its own`() async throws {
    @Sendable func get(_ hosts: String, _ path: String = "/models") -> String {
      "GET \(path) HTTP/1.1\r\n\(hosts)Connection: close\r\n\r\n"
    }
    var options = quietOptions()
    options.hosts = nil
    let requests = [
      ("Host: localhost:8080\r\n", "200"), ("Host: 127.0.0.1\r\n", "200"), ("Host: [::1]:80\r\n", "200"), ("Host: LOCALHOST.\r\n", "200"),
      ("Host: evil.example.org\r\n", "421"), ("Host: localhost.evil.example.org\r\n", "421"), ("Host: 169.254.169.254\r\n", "421"),
      ("Host: localhost:80:90\r\n", "421"), ("Host: localhost:a\r\n", "421"), ("Host: \r\n", "400"), ("", "400"),
      ("Host: localhost\r\nHost: evil.example.org\r\n", "400"), ("Host: [::1\r\n", "421"), ("Host: user@localhost\r\n", "421"),
    ]
    let answers = try await Self.statuses(requests.map { get($0.0) }, options)
    for ((host, expected), answer) in zip(requests, answers) { #expect(Self.status(answer) == expected, "\(host): \(answer.prefix(80))") }
    options.hosts = ["models.example.org", "*.internal"]
    let own = [("models.example.org", "200"), ("a.internal", "200"), ("internal", "421"), ("evilinternal", "421")]
    try await LiveServerTests.run([Echo().served()], options) { port, _ in
      for (host, expected) in own {
        #expect(Self.status(await RawClient.exchange(port: port, [get("Host: \(host)\r\n")])) == expected, "\(host)")
      }
    }
  }

  @Test(arguments: Way.allCases) func `web pages of others may not call, unless they are allowed`(way: Way) async throws {
    let body = #"{"input": 1}"#
    let site = HTTPField.Name("sec-fetch-site") ?? .via
    try await withServer(way, [Echo().served()]) { (client) async throws in
      for origin in ["https://evil.example.org", "null", "http://localhost.evil.org", "localhost", "http://", "https://app.example.org"] {
        let answer = try await client.post("/predict", body, [.origin: origin])
        #expect(answer.status == 403, "\(origin)")
        #expect(answer.headers[.accessControlAllowOrigin] == nil)
        // Reading is not refused, but no page of theirs gets to see it.
        #expect(try await client.get("/models", [.origin: origin]).headers[.accessControlAllowOrigin] == nil)
      }
      // A form of another site, without scripts, in a type that asks no leave.
      #expect(try await client.post("/predict", body, type: "text/plain", [.origin: "https://evil.example.org"]).status == 403)
      #expect(try await client.post("/predict", body, [site: "cross-site"]).status == 403)
      #expect(try await client.post("/predict", body, [site: "same-origin"]).status == 200)
      let preflight: HTTPFields = [.origin: "https://evil.example.org", .accessControlRequestMethod: "POST"]
      #expect(try await client.send(.options, "/predict", headers: preflight).headers[.accessControlAllowOrigin] == nil)
    }
    var options = quietOptions()
    options.origins = ["https://App.example.org"]
    try await withServer(way, [Echo().served()], options: options) { (client) async throws in
      let origin: HTTPFields = [.origin: "https://app.example.org"]
      let answer = try await client.post("/predict", body, origin)
      #expect(answer.status == 200)
      #expect(answer.headers[.accessControlAllowOrigin] == "https://app.example.org" && answer.headers[.vary] == "Origin")
      let preflight = try await client.send(
        .options, "/predict", headers: [.origin: "https://app.example.org", .accessControlRequestMethod: "POST"])
      #expect(preflight.status == 204)
      #expect(preflight.headers[.accessControlAllowMethods]?.contains("POST") == true)
      #expect(preflight.headers[.accessControlAllowCredentials] == nil)
      #expect(try await client.post("/predict", body, [.origin: "https://evil.example.org"]).status == 403)
    }
  }

  @Test(arguments: Way.allCases) func `every answer has the headers that protect browsers`(way: Way) async throws {
    try await withServer(way, [Echo().served()]) { (client) async throws in
      for path in ["/", "/nothing", "/metrics", "/models/%3Cscript%3E"] {
        let headers = try await client.get(path).headers
        #expect(headers[.xContentTypeOptions] == "nosniff" && headers[.cacheControl] == "no-store", "\(path)")
        #expect(headers[.contentSecurityPolicy] == "default-src 'none'; frame-ancestors 'none'")
        #expect(headers[.crossOriginResourcePolicy] == "same-origin" && headers[.referrerPolicy] == "no-referrer")
        #expect(headers[.server] == nil)
        #expect(headers[.contentType]?.hasPrefix("text/html") == false)
      }
    }
  }

  @Test func `slow, endless and countless`() async throws {
    var options = quietOptions()
    options.headTimeout = .milliseconds(200)
    options.idleTimeout = .seconds(30)
    options.maxConnectionsPerAddress = 3
    options.maxRequestsPerConnection = 2
    try await LiveServerTests.run([Echo().served()], options) { port, _ in
      // A head that trickles in, each byte in time.
      let slow = await RawClient.exchange(
        port: port, ["GET /health/live HTTP/1.1\r\nHost: a\r\n", "X-A: b\r\n"], pause: .milliseconds(30), repeatLast: 60)
      #expect(slow.isEmpty || slow.hasPrefix("HTTP/1.1 408"), "\(slow)")
      // The same in the second request of a connection.
      let second = await RawClient.exchange(
        port: port, ["GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n", "G"], pause: .milliseconds(500), repeatLast: 1)
      #expect(second.hasPrefix("HTTP/1.1 200"), "\(second)")
      #expect(second.hasSuffix("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"), "\(second)")
      // A connection ends after its requests.
      let many = String(repeating: "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n", count: 5)
      #expect(await RawClient.exchange(port: port, [many]).components(separatedBy: "HTTP/1.1 200").count == 3)
      // Of one address only so many at one time.
      let held = await withTaskGroup(of: String.self) { group in
        for _ in 0..<8 {
          group.addTask {
            await RawClient.exchange(port: port, ["GET /health/live HTTP/1.1\r\n", "Host: a\r\n"], pause: .milliseconds(60))
          }
        }
        return await group.reduce(into: [String]()) { $0.append($1) }
      }
      #expect(held.filter(\.isEmpty).count >= 5, "\(held)")
    }
    // The count goes down again.
    try await LiveServerTests.run([Echo().served()], options) { port, _ in
      for _ in 0..<12 { #expect(await RawClient.exchange(port: port, [Self.health]).hasPrefix("HTTP/1.1 200")) }
    }
  }

  @Test func `a body in millions of chunks`() async throws {
    try await LiveServerTests.run([Echo().served()]) { port, _ in
      let head = "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
      let answer = await RawClient.exchange(port: port, [head, String(repeating: "1\r\n \r\n", count: 1000)], repeatLast: 100)
      #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 400") && answer.contains("too many small chunks"), "\(answer.prefix(200))")
      // Large chunks may be many.
      let chunk = "400\r\n" + String(repeating: " ", count: 1024) + "\r\n"
      let fine = await RawClient.exchange(
        port: port,
        [
          head.replacing("\r\n\r\n", with: "\r\nConnection: close\r\n\r\n"), String(repeating: chunk, count: 1000),
          "c\r\n{\"input\": 1}\r\n0\r\n\r\n",
        ])
      #expect(fine.hasPrefix("HTTP/1.1 200"), "\(fine.prefix(200))")
    }
  }

  @Test(arguments: Way.allCases) func `what a client says does not become a header, a log line or a label`(way: Way) async throws {
    let log = LogLines()
    var options = quietOptions()
    options.logsRequests = true
    try await withServer(way, [Echo().served()], options: options, logger: log.logger) { (client) async throws in
      let answer = try await client.get("/models/a%0d%0aSet-Cookie:%20x=1")
      #expect(answer.status == 404 && answer.headers[.setCookie] == nil)
      #expect(try await client.get("/a%22%7d%0a%7b%22level%22:%22error%22").status == 404)
      #expect(try await client.get("/metrics").text.contains("Set-Cookie") == false)
    }
    for line in log.all { #expect((try? JSON.decode(JSONValue.self, from: Data(line.utf8), source: "line")) != nil, "\(line)") }
  }
}

private final class Answers: Sendable {
  private let texts = Mutex<[String]>([])

  var all: [String] { texts.withLock { $0 } }

  func add(_ text: String) { texts.withLock { $0.append(text) } }
}
