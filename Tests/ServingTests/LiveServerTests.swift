import Access
import Foundation
import Logging
import MartletCore
import ServiceLifecycle
import Synchronization
import Testing

@testable import Serving
@testable import Web

@Suite struct LiveServerTests {
  /// Runs a server on a free port, hands over the port and the order to stop, and waits until it has stopped.
  static func run(
    _ models: [ServedModel], _ options: ServerOptions = quietOptions(), _ body: @Sendable (Int, ServiceGroup) async throws -> Void
  ) async throws {
    try await serve(models, options) { server, group in try await body(server.address?.port ?? 0, group) }
  }

  /// The same with the server itself.
  static func run(
    _ models: [ServedModel], _ options: ServerOptions, server body: @Sendable (ModelServer) async throws -> Void
  ) async throws {
    try await serve(models, options) { server, _ in try await body(server) }
  }

  private static func serve(
    _ models: [ServedModel], _ options: ServerOptions, _ body: @Sendable (ModelServer, ServiceGroup) async throws -> Void
  ) async throws {
    var options = options
    options.port = 0
    let (ports, continuation) = AsyncStream<Int>.makeStream()
    let server = try ModelServer(models: models, options: options, logger: LogLines().logger) { continuation.yield($0.port) }
    let group = ServiceGroup(configuration: .init(services: [server], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask {
        defer { continuation.finish() }
        try await group.run()
      }
      var iterator = ports.makeAsyncIterator()
      let port = await iterator.next()
      #expect(server.address?.port == port)
      if port != nil { try await body(server, group) }
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
    }
  }

  private static func request(_ body: String, close: Bool = true) -> String {
    "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
      + (close ? "Connection: close\r\n" : "") + "\r\n" + body
  }

  @Test func `a body that is declared too long is refused before it comes`() async throws {
    try await Self.run([Echo().served()]) { port, _ in
      let answer = await RawClient.exchange(
        port: port, ["POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1073741824\r\n\r\n"])
      #expect(answer.hasPrefix("HTTP/1.1 413"))
      #expect(answer.contains("1073741824 bytes long; expected at most 67108864 bytes"))
      #expect(answer.lowercased().contains("connection: close"))
    }
  }

  @Test func `a body without end is cut off at the limit`() async throws {
    var options = quietOptions()
    options.maxBodyBytes = 1 << 20
    try await Self.run([Echo().served()], options) { port, _ in
      let chunk = "8000\r\n" + String(repeating: " ", count: 0x8000) + "\r\n"
      for path in ["/predict", "/nothing"] {
        let head = "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        let answer = await RawClient.exchange(port: port, [head, chunk], repeatLast: 2000)
        // The answer may be lost where the client goes on writing into a closed connection; the server must go on, though.
        #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 413") || answer.hasPrefix("HTTP/1.1 404"), "\(answer)")
      }
      let answer = await RawClient.exchange(port: port, [Self.request(#"{"input": 1}"#)])
      #expect(answer.hasPrefix("HTTP/1.1 200"))
    }
  }

  @Test func `a body that trickles in is a 408`() async throws {
    var options = quietOptions()
    options.bodyTimeout = .milliseconds(150)
    try await Self.run([Echo().served()], options) { port, _ in
      let head = "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
      let answer = await RawClient.exchange(port: port, [head, " "], pause: .milliseconds(20), repeatLast: 20)
      #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 408"), "\(answer)")
      #expect(await RawClient.exchange(port: port, [Self.request(#"{"input": 1}"#)]).hasPrefix("HTTP/1.1 200"))
    }
  }

  @Test func `silent and broken connections are closed`() async throws {
    var options = quietOptions()
    options.idleTimeout = .milliseconds(200)
    try await Self.run([Echo().served()], options) { port, _ in
      #expect(await RawClient.exchange(port: port, [""]).isEmpty)
      #expect(await RawClient.exchange(port: port, ["POST /predict HT"]).isEmpty)
      let field = "GET / HTTP/1.1\r\nX-A: " + String(repeating: "a", count: 100_000) + "\r\n\r\n"
      let fields = "GET / HTTP/1.1\r\n" + String(repeating: "A: b\r\n", count: 10_000) + "\r\n"
      for text in ["hello\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\u{0}\u{1}\u{2}\r\n\r\n", field, fields] {
        let answer = await RawClient.exchange(port: port, [text])
        #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"), "\(text.prefix(30)): \(answer)")
      }
      // Two lengths are an attempt at smuggling.
      let smuggled =
        "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /models HTTP/1.1\r\n\r\n"
      #expect(!(await RawClient.exchange(port: port, [smuggled]).contains("\"models\"")))
      #expect(await RawClient.exchange(port: port, [Self.request(#"{"input": 1}"#)]).hasPrefix("HTTP/1.1 200"))
    }
  }

  @Test func `stopping lets requests in flight finish`() async throws {
    let echo = Echo(held: true)
    try await Self.run([echo.served()]) { port, group in
      async let answer = RawClient.exchange(port: port, [Self.request(#"{"input": 1}"#, close: false)])
      while echo.waiting == 0 { try await Task.sleep(for: .milliseconds(2)) }
      await group.triggerGracefulShutdown()
      // New connections are refused while the old one goes on.
      let health = "GET /health/ready HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
      for _ in 0..<500 {
        if await RawClient.exchange(port: port, [health]) == "no connection" { break }
        try await Task.sleep(for: .milliseconds(5))
      }
      #expect(await RawClient.exchange(port: port, [health]) == "no connection")
      echo.release()
      #expect(await answer.contains(#"{"prediction":1.0,"model":"echo","version":"1"}"#))
      // The client learns that it needs another connection.
      #expect(await answer.lowercased().contains("\r\nconnection: close\r\n"))
    }
  }

  @Test func `a long answer arrives whole, though the order to stop comes while it is written`() async throws {
    // More than the system takes in for both sides.
    let scroll = Scroll(bytes: 24 << 20)
    let model = ServedModel(
      name: "scroll", version: "1", predictor: scroll, columns: [ServedColumn(name: "x", datatype: "FP64", isOptional: true)],
      batching: Batching.off, isCacheable: false)
    try await Self.run([model]) { port, group in
      async let answer = RawClient.exchange(port: port, [Self.request("{}", close: false)], window: 32768)
      while !scroll.wasAsked { try await Task.sleep(for: .milliseconds(1)) }
      await group.triggerGracefulShutdown()
      let text = await answer
      #expect(text.hasPrefix("HTTP/1.1 200"))
      let head = try #require(text.prefix(2000).range(of: "\r\n\r\n"))
      #expect(text.utf8.distance(from: head.upperBound, to: text.endIndex) == 24 << 20)
    }
  }

  @Test func `connections of HTTP 1.0 end with the answer, and so do those whose client says so`() async throws {
    try await Self.run([Echo().served()]) { port, _ in
      for head in ["GET /health/live HTTP/1.0\r\nHost: a\r\n", "GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: TE, Close\r\n"] {
        let answer = await RawClient.exchange(port: port, [head + "\r\n"])
        #expect(
          answer.contains(" 200 ") && answer.lowercased().contains("\r\nconnection: close\r\n") && answer.hasSuffix("{\"live\":true}"),
          "\(answer)")
      }
      let both = await RawClient.exchange(
        port: port, ["GET /health/live HTTP/1.1\r\nHost: a\r\n\r\nGET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"])
      #expect(both.components(separatedBy: "{\"live\":true}").count == 3)
    }
  }

  @Test func `what does not finish in time is answered with 503`() async throws {
    var options = quietOptions()
    options.drainTimeout = .milliseconds(100)
    let echo = Echo(held: true)
    try await Self.run([echo.served()], options) { port, group in
      async let answer = RawClient.exchange(port: port, [Self.request(#"{"input": 1}"#)])
      while echo.waiting == 0 { try await Task.sleep(for: .milliseconds(2)) }
      await group.triggerGracefulShutdown()
      #expect(await answer.hasPrefix("HTTP/1.1 503"))
    }
    echo.release()
  }

  @Test func `a port that is taken, a host that is none`() async throws {
    try await Self.run([Echo().served()]) { port, _ in
      var options = quietOptions()
      options.port = port
      let second = try ModelServer(models: [Echo().served()], options: options, logger: LogLines().logger)
      let error = await #expect(throws: ServerError.self) { try await second.run() }
      #expect(error?.kind == .portTaken(port))
      #expect(error?.description.contains("another program listens on port \(port); try: --port 0") == true)
      options.host = "203.0.113.7"
      options.access.allowsAnyone = true
      let third = try ModelServer(models: [Echo().served()], options: options, logger: LogLines().logger)
      let unknown = await #expect(throws: ServerError.self) { try await third.run() }
      #expect(unknown?.kind == .unknownHost("203.0.113.7"))
    }
  }
}

/// Answers with so many bytes.
private final class Scroll: Predictor {
  let signature = ServedDocument.signature
  private let bytes: [UInt8]
  private let asked = Mutex(false)

  init(bytes: Int) { self.bytes = [UInt8](repeating: UInt8(ascii: "a"), count: bytes) }

  var wasAsked: Bool { asked.withLock { $0 } }

  func predict(_ inputs: [String: HostArray]) async throws -> [String: HostArray] {
    asked.withLock { $0 = true }
    return [ServedDocument.answer: try HostArray(bytes)]
  }
}
