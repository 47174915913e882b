import Access
import HTTPTypes
package import Hummingbird
import Logging
package import NIOCore
import Synchronization

/// What Hummingbird hands to the responder beside the request.
package struct WebContext: InitializableFromSource {
  package let channel: any Channel

  package init(source: ApplicationRequestContextSource) { channel = source.channel }
}

/// One request under way, as a handler sees it.
package final class Exchange: Sendable {
  package let request: Request
  package let channel: any Channel
  package let id: String
  package let parameters: [String: String]
  /// Who asks.
  package let caller: Caller
  let limits: BodyLimits
  private let received = Mutex(Received())
  private let object = Mutex<[String: String]>([:])

  private struct Received {
    var bytes = 0
    /// Counted in `BodyLimits.held` until the request is over: what waits for a model still fills memory.
    var held = 0
    var isComplete = false
  }

  /// - Parameter caller: nobody where it is not known yet, or does not matter any more.
  package init(
    request: Request, channel: any Channel, id: String, parameters: [String: String], limits: BodyLimits, caller: Caller = Caller(.nobody)
  ) {
    self.request = request
    self.channel = channel
    self.id = id
    self.parameters = parameters
    self.caller = caller
    self.limits = limits
  }

  deinit { limits.held.subtract(received.withLock { $0.held }) }

  /// Says what the request is about where its path does not: for the audit log.
  package func concerns(_ names: [String: String]) { object.withLock { $0.merge(names) { _, new in new } } }

  /// What the request is about, by its path and by its handler: `name`, `version` …
  var subject: [String: String] { parameters.merging(object.withLock { $0 }) { path, _ in path } }

  package var bytesReceived: Int { received.withLock { $0.bytes } }

  /// So much of the body may still be on its way that it is better to end the connection than to read on.
  package var hasLongUnreadBody: Bool {
    guard !received.withLock({ $0.isComplete }) else { return false }
    return request.headers[.transferEncoding] != nil || request.headers[.contentLength].map { (Int($0) ?? .max) > 65536 } ?? false
  }

  /// Reads the whole body.
  /// - Throws: `HTTPProblem` 413 as soon as it is clear that the body is too long, 408 where it does not arrive in time, 503 where bodies
  ///   of other requests fill the server's memory already.
  package func body() async throws -> ByteBuffer {
    let declared = request.headers[.contentLength].map { Int($0) ?? Int.max }
    if let declared, declared > limits.maxBytes { throw HTTPProblem.bodyTooLarge(limit: limits.maxBytes, declared: declared) }
    let deadline = BodyDeadline(channel: channel, timeout: limits.timeout)
    defer { deadline.cancel() }
    var body = ByteBuffer()
    var chunks = 0
    do {
      for try await chunk in request.body {
        let size = chunk.readableBytes
        chunks += 1
        received.withLock {
          $0.bytes += size
          $0.held += size
        }
        let all = limits.held.add(size)
        guard body.readableBytes + size <= limits.maxBytes else { throw HTTPProblem.bodyTooLarge(limit: limits.maxBytes, declared: nil) }
        guard all <= limits.maxBytesInFlight else { throw busy }
        // Each chunk costs more than its bytes: millions of tiny ones are work without a body.
        guard chunks <= 4096 || body.readableBytes > chunks * 16 else { throw tooManyChunks }
        if body.readableBytes == 0 { body = chunk } else { body.writeImmutableBuffer(chunk) }
        if body.readableBytes == declared { continue }
        deadline.start()
      }
    } catch let problem as HTTPProblem {
      throw problem
    } catch {
      if deadline.hasPassed { throw tooSlow }
      throw error
    }
    if deadline.hasPassed, declared.map({ body.readableBytes < $0 }) ?? true { throw tooSlow }
    received.withLock { $0.isComplete = true }
    return body
  }

  /// Counts bytes that were made of the body, such as what it unpacks to, until the request is over.
  /// - Throws: `HTTPProblem` 503 where bodies of other requests fill the server's memory already.
  package func hold(_ bytes: Int) throws {
    received.withLock { $0.held += bytes }
    guard limits.held.add(bytes) <= limits.maxBytesInFlight else { throw busy }
  }

  private var tooSlow: HTTPProblem {
    var problem = HTTPProblem(.requestTimeout, "the body did not arrive within \(limits.timeout.seconds) s")
    problem.closesConnection = true
    return problem
  }

  private var tooManyChunks: HTTPProblem {
    var problem = HTTPProblem(.badRequest, "the body comes in too many small chunks", expected: "16 bytes a chunk or more")
    problem.closesConnection = true
    return problem
  }

  private var busy: HTTPProblem {
    var problem = HTTPProblem(.serviceUnavailable, "the bodies of other requests fill the server's memory", remedy: "again later")
    problem.headers = [(.retryAfter, "1")]
    problem.closesConnection = true
    return problem
  }

  /// Hands the body on piece by piece, for what is longer than a server wants to hold in memory. The next piece is read when `take` is done
  /// with the one before.
  /// - Throws: `HTTPProblem` 413 as soon as it is clear that the body is too long, 408 where a piece does not arrive in time; what `take`
  ///   throws.
  package func forEachPiece(limit: Int, _ take: (ByteBuffer) async throws -> Void) async throws {
    let declared = request.headers[.contentLength].map { Int($0) ?? Int.max }
    if let declared, declared > limit { throw HTTPProblem.bodyTooLarge(limit: limit, declared: declared) }
    var deadline = BodyDeadline(channel: channel, timeout: limits.timeout)
    defer { deadline.cancel() }
    var count = 0
    deadline.start()
    do {
      for try await piece in request.body {
        deadline.cancel()
        count += piece.readableBytes
        received.withLock { $0.bytes += piece.readableBytes }
        guard count <= limit else { throw HTTPProblem.bodyTooLarge(limit: limit, declared: nil) }
        try await take(piece)
        if count == declared { continue }
        deadline = BodyDeadline(channel: channel, timeout: limits.timeout)
        deadline.start()
      }
    } catch  where deadline.hasPassed {
      throw tooSlow
    }
    if deadline.hasPassed, declared.map({ count < $0 }) ?? true { throw tooSlow }
    received.withLock { $0.isComplete = true }
  }
}

/// How much of a body the server takes.
package struct BodyLimits: Sendable {
  package let maxBytes: Int
  package let maxBytesInFlight: Int
  package let timeout: TimeAmount
  /// Bytes of bodies that have been read, over all requests that are under way.
  package let held = HeldBytes()

  package init(maxBytes: Int, maxBytesInFlight: Int, timeout: TimeAmount) {
    self.maxBytes = maxBytes
    self.maxBytesInFlight = maxBytesInFlight
    self.timeout = timeout
  }
}

package final class HeldBytes: Sendable {
  private let count = Atomic<Int>(0)

  /// - Returns: the bytes that are held now.
  package func add(_ bytes: Int) -> Int { count.add(bytes, ordering: .relaxed).newValue }

  package func subtract(_ bytes: Int) { count.subtract(bytes, ordering: .relaxed) }
}

/// Ends the reading of a body that trickles in. Costs nothing for a body that arrives in one piece.
private final class BodyDeadline: Sendable {
  private let channel: any Channel
  private let timeout: TimeAmount
  private let state = Mutex(State())

  private struct State {
    var timer: Scheduled<Void>?
    var hasPassed = false
  }

  init(channel: any Channel, timeout: TimeAmount) {
    self.channel = channel
    self.timeout = timeout
  }

  var hasPassed: Bool { state.withLock { $0.hasPassed } }

  func start() {
    guard state.withLock({ $0.timer == nil }) else { return }
    let timer = channel.eventLoop.scheduleTask(in: timeout) {
      self.state.withLock { $0.hasPassed = true }
      self.channel.close(mode: .input, promise: nil)
    }
    state.withLock { $0.timer = timer }
  }

  func cancel() { state.withLock { $0.timer }?.cancel() }
}
