import CRabbit
import Foundation
import MartletCore
import Synchronization

/// Sends messages to a queue and waits for the broker's confirmations.
///
/// A thread of its own owns the connection. Where it breaks while confirmations are due, these messages are sent again by whoever asked,
/// so that the queue may hold one twice, with one `message_id`.
public final class RabbitSink: StreamSink {
  private let outlet: RabbitOutlet

  /// A broker that does not answer, or refuses, is told of by `send`.
  public init(_ settings: RabbitSettings) {
    let outlet = RabbitOutlet(settings)
    self.outlet = outlet
    BlockingThread.start("martlet.rabbit.sink") { outlet.loop() }
  }

  deinit { outlet.stop(nil) }

  public func send(_ messages: [OutgoingMessage]) async -> [SendFailure?] {
    guard !messages.isEmpty else { return [] }
    return await withCheckedContinuation { continuation in outlet.add(RabbitOutlet.Batch(messages: messages, continuation: continuation)) }
  }

  /// RabbitMQ's queues cannot be read without taking.
  public func recentIDs(_ limit: Int, of name: String) async throws -> [String] { [] }

  public func close() async { await withCheckedContinuation { continuation in outlet.stop(continuation) } }
}

/// Batches that wait for the thread of the connection.
final class RabbitOutlet: Sendable {
  struct Batch: Sendable {
    let messages: [OutgoingMessage]
    let continuation: CheckedContinuation<[SendFailure?], Never>
  }

  private struct State {
    var waiting: [Batch] = []
    var end = ThreadEnd()
  }

  /// A connection and how many messages went over it.
  private final class Line {
    let connection: RabbitConnection
    var sent: UInt64 = 0

    init(_ connection: RabbitConnection) { self.connection = connection }
  }

  private let state = Mutex(State())
  private let signal = DispatchSemaphore(value: 0)
  private let settings: RabbitSettings
  private let place: String

  init(_ settings: RabbitSettings) {
    self.settings = settings
    place = "the queue '\(settings.queue)' at \(settings.host):\(settings.port)"
  }

  func add(_ batch: Batch) {
    let isLate = state.withLock { state in
      if !state.end.isAsked { state.waiting.append(batch) }
      return state.end.isAsked
    }
    if isLate { batch.continuation.resume(returning: batch.messages.map { _ in .fatal("the connection is closed") }) }
    signal.signal()
  }

  func stop(_ waiter: CheckedContinuation<Void, Never>?) {
    if state.withLock({ $0.end.ask(waiter) }) { waiter?.resume() }
    signal.signal()
  }

  // On the thread -------------------------------------------------------------------------------------------------------------------------

  func loop() {
    var line: Line?
    while true {
      // A second without work is time for a heartbeat.
      _ = signal.wait(timeout: .now() + 1)
      let (batch, isClosing) = state.withLock { state in
        (state.waiting.isEmpty ? nil : state.waiting.removeFirst(), state.end.isAsked)
      }
      if let batch {
        batch.continuation.resume(returning: send(batch.messages, &line))
        signal.signal()
      } else if isClosing {
        break
      } else if let open = line, !isAlive(open) {
        open.connection.close(politely: false)
        line = nil
      }
    }
    line?.connection.close(politely: true)
    for waiter in state.withLock({ $0.end.finish() }) { waiter.resume() }
  }

  /// A message's headers have to fit into one frame beside its other properties; a frame has 131,072 bytes.
  private static let headerBytes = 120_000
  /// AMQP's short texts, which names and ids are.
  private static let shortBytes = 255

  private static func size(_ headers: [StreamHeader]) -> Int { headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.count + 6 } }

  /// - Returns: why AMQP cannot carry a message, however often it is tried.
  static func obstacle(_ message: OutgoingMessage) -> SendFailure? {
    if let key = message.key, key.count > shortBytes {
      return .refused("its key has \(key.count) bytes; AMQP takes \(shortBytes)")
    }
    if message.id.utf8.count > shortBytes || message.headers.contains(where: { $0.name.utf8.count > shortBytes }) {
      return .refused("its id or a header's name has more than \(shortBytes) bytes")
    }
    let bytes = size(message.headers)
    return bytes > headerBytes ? .refused("its headers have \(bytes) bytes; AMQP takes \(headerBytes)") : nil
  }

  /// A dead letter is the last place where a message can go, so it leaves out what AMQP cannot carry, and says so.
  static func fitted(_ message: OutgoingMessage) -> OutgoingMessage {
    guard message.headers.contains(where: { $0.name == StreamHeaders.error }), obstacle(message) != nil else { return message }
    var key = message.key, headers = message.headers.filter { $0.name.utf8.count <= shortBytes }, dropped: [String] = []
    if headers.count < message.headers.count || size(headers) > headerBytes * 2 / 3 {
      dropped.append("headers")
      if size(headers) > headerBytes * 2 / 3 { headers = headers.filter { $0.name.hasPrefix("martlet-") } }
    }
    if let long = key, long.count > shortBytes {
      key = nil
      if long.count <= headerBytes / 4 { headers.append(StreamHeader(StreamHeaders.key, long)) } else { dropped.append("key") }
    }
    if !dropped.isEmpty { headers.append(StreamHeader(StreamHeaders.dropped, dropped.joined(separator: ","))) }
    return OutgoingMessage(key: key, value: message.value, headers: headers, id: message.id)
  }

  private func send(_ messages: [OutgoingMessage], _ line: inout Line?) -> [SendFailure?] {
    let messages = messages.map { Self.fitted($0) }
    let obstacles = messages.map { Self.obstacle($0) }
    let outcomes = transmit(zip(messages, obstacles).filter { $0.1 == nil }.map { $0.0 }, &line)
    var next = 0
    return obstacles.map { obstacle -> SendFailure? in
      if let obstacle { return obstacle }
      next += 1
      return outcomes[next - 1]
    }
  }

  private func transmit(_ messages: [OutgoingMessage], _ line: inout Line?) -> [SendFailure?] {
    guard !messages.isEmpty else { return [] }
    var outcomes = [SendFailure??](repeating: nil, count: messages.count)
    do throws(StreamError) {
      let open: Line
      if let line { open = line } else { open = try connect() }
      line = open
      let first = open.sent + 1
      for message in messages { try publish(message, open) }
      try confirm(messages, open, first, &outcomes)
    } catch {
      line?.connection.close(politely: false)
      line = nil
      let failure: SendFailure = error.kind == .refused ? .fatal(error.problem) : .temporary(error.problem)
      for place in outcomes.indices where outcomes[place] == nil { outcomes[place] = .some(failure) }
    }
    return outcomes.map { $0 ?? nil }
  }

  private func connect() throws(StreamError) -> Line {
    let connection = try RabbitConnection(settings)
    do throws(StreamError) {
      _ = try connection.call(place) { cr_confirm(connection.raw, settings.queue, $0, $1, $2) }
      return Line(connection)
    } catch {
      connection.close(politely: false)
      throw error
    }
  }

  private func publish(_ message: OutgoingMessage, _ line: Line) throws(StreamError) {
    var owned: [UnsafeMutableRawBufferPointer] = []
    defer { for buffer in owned { buffer.deallocate() } }
    func bytes(_ value: [UInt8]) -> CRBytes {
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, value.count), alignment: 1)
      buffer.copyBytes(from: value)
      owned.append(buffer)
      return CRBytes(bytes: buffer.baseAddress, count: value.count)
    }
    let headers = message.headers.map { CRHeader(name: bytes(Array($0.name.utf8)), value: bytes($0.value)) }
    let body = bytes(message.value), key = message.key.map { bytes($0) } ?? CRBytes(bytes: nil, count: 0)
    _ = try line.connection.call(place) { _, reason, size in
      cr_publish(line.connection.raw, settings.queue, body, message.id, key, headers, headers.count, reason, size)
    }
    line.sent += 1
  }

  /// Waits until the broker has said something of every message.
  private func confirm(
    _ messages: [OutgoingMessage], _ line: Line, _ first: UInt64, _ outcomes: inout [SendFailure??]
  ) throws(StreamError) {
    var returned: Set<String> = []
    var last = ContinuousClock.now
    while outcomes.contains(where: { $0 == nil }) {
      guard let said = try confirmation(line, milliseconds: 100) else {
        guard ContinuousClock.now - last < settings.timeout else {
          throw StreamError(.unavailable, "\(place) does not confirm within \(settings.timeout)")
        }
        continue
      }
      last = ContinuousClock.now
      if said.verdict == CR_RETURN {
        returned.insert(Self.messageID(said))
        continue
      }
      let range = (said.multiple ? first : said.tag)...max(said.tag, first)
      for number in range where number >= first && number < first + UInt64(messages.count) {
        let place = Int(number - first)
        guard outcomes[place] == nil else { continue }
        if said.verdict == CR_NACK {
          outcomes[place] = .some(.temporary("the broker could not keep it"))
        } else if returned.contains(messages[place].id) {
          outcomes[place] = .some(.fatal("there is no queue '\(settings.queue)'"))
        } else {
          outcomes[place] = .some(nil)
        }
      }
    }
  }

  /// - Returns: `nil` where nothing came in time.
  private func confirmation(_ line: Line, milliseconds: Int32) throws(StreamError) -> CRConfirmation? {
    var said = CRConfirmation()
    let found = try line.connection.call(place) { _, reason, size in
      cr_confirmation(line.connection.raw, milliseconds, &said, reason, size)
    }
    return found == 1 ? said : nil
  }

  /// Answers heartbeats, and sees a connection that broke.
  private func isAlive(_ line: Line) -> Bool {
    do throws(StreamError) {
      _ = try confirmation(line, milliseconds: 0)
      return true
    } catch { return false }
  }

  private static func messageID(_ said: CRConfirmation) -> String {
    var said = said
    return withUnsafeBytes(of: &said.message_id) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
