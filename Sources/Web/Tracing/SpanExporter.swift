import AsyncHTTPClient
package import Logging
import MartletCore
import NIOCore
import NIOHTTP1
import Synchronization

/// Sends spans to a collector by OTLP over HTTP, in batches. What cannot be sent is dropped and counted: a collector that is away must not
/// take the server along.
package final class SpanExporter: Sendable {
  package struct Settings: Sendable, Hashable {
    /// `http://127.0.0.1:4318/v1/traces`
    package var endpoint: String
    package var service = "martlet"
    /// The share of requests to trace where the caller has not decided.
    package var share = 1.0
    /// The most spans that wait.
    package var capacity = 4096
    package var batch = 512
    package var interval: Duration = .seconds(2)

    package init(endpoint: String) { self.endpoint = endpoint }
  }

  package let settings: Settings
  private let logger: Logger
  private let state = Mutex(State())

  private struct State {
    var waiting: [Span] = []
    var sent: UInt64 = 0
    var dropped: UInt64 = 0
    var hasFailed = false
  }

  package init(_ settings: Settings, logger: Logger) {
    self.settings = settings
    self.logger = logger
  }

  package var sent: UInt64 { state.withLock { $0.sent } }
  package var dropped: UInt64 { state.withLock { $0.dropped } }

  /// Never waits.
  package func add(_ spans: [Span]) {
    state.withLock { state in
      let room = max(0, settings.capacity - state.waiting.count)
      state.waiting += spans.prefix(room)
      state.dropped += UInt64(max(0, spans.count - room))
    }
  }

  /// Sends until the task is cancelled, and once more then.
  package func run() async {
    let client = HTTPClient(
      eventLoopGroupProvider: .singleton, configuration: .init(redirectConfiguration: .disallow, timeout: .init(connect: .seconds(3))))
    while !Task.isCancelled {
      try? await Task.sleep(for: settings.interval)
      await flush(client)
    }
    // A cancelled task can send nothing itself.
    await Task { await self.flush(client) }.value
    try? await client.shutdown()
  }

  private func flush(_ client: HTTPClient) async {
    while true {
      let batch = state.withLock { state in
        let batch = Array(state.waiting.prefix(settings.batch))
        state.waiting.removeFirst(batch.count)
        return batch
      }
      guard !batch.isEmpty else { return }
      let problem = await send(batch, client)
      let isNews = state.withLock { state in
        if problem == nil { state.sent += UInt64(batch.count) } else { state.dropped += UInt64(batch.count) }
        defer { state.hasFailed = problem != nil }
        return problem != nil && !state.hasFailed
      }
      if let problem, isNews { logger.warning("traces cannot be sent", metadata: ["detail": .string(problem)]) }
      if problem != nil { return }
    }
  }

  /// - Returns: why it failed, or `nil`.
  private func send(_ spans: [Span], _ client: HTTPClient) async -> String? {
    var request = HTTPClientRequest(url: settings.endpoint)
    request.method = .POST
    request.headers.add(name: "content-type", value: "application/json")
    request.body = .bytes(ByteBuffer(bytes: document(spans)))
    do {
      let response = try await client.execute(request, timeout: .seconds(5))
      return (200..<300).contains(response.status.code) ? nil : "\(settings.endpoint) answers \(response.status.code)"
    } catch {
      return "\(error)"
    }
  }

  func document(_ spans: [Span]) -> [UInt8] {
    var writer = JSONWriter(capacity: 512 + spans.count * 512)
    writer.raw("{\"resourceSpans\":[{\"resource\":{\"attributes\":")
    Span.write([("service.name", .string(settings.service)), ("service.version", .string(MartletVersion.current))], to: &writer)
    writer.raw("},\"scopeSpans\":[{\"scope\":{\"name\":\"martlet\"},\"spans\":")
    writer.array(spans) { $1.write(to: &$0) }
    writer.raw("}]}]}")
    return writer.bytes
  }
}
