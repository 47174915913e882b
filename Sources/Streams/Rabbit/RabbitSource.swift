import CRabbit
import Foundation
import MartletCore
import Synchronization

/// Takes messages from a queue. A message's key is its `correlation_id`, its own name its `message_id`.
///
/// A thread of its own owns the connection, answers heartbeats and makes a new one when it breaks; the broker then delivers again what was
/// not acknowledged.
public final class RabbitSource: StreamSource {
  private let intake: RabbitIntake

  /// - Throws: nothing yet: a broker that does not answer is waited for, one that refuses is told of by `receive`.
  public init(_ settings: RabbitSettings) throws {
    let intake = RabbitIntake(settings)
    self.intake = intake
    BlockingThread.start("martlet.rabbit.source") { intake.loop() }
  }

  deinit { intake.stop(committing: false, nil) }

  public func receive(_ count: Int, within delay: Duration) async throws -> [StreamMessage] {
    // More than the broker sends cannot be waited for.
    let wanted = min(count, intake.prefetch)
    let isThere = try await BatchWaiting.wait(wanted, within: delay) { intake.state.withLock { ($0.ready.count, $0.failure) } }
    return isThere ? intake.take(count) : []
  }

  public func acknowledge(_ messages: [StreamMessage]) async throws {
    intake.state.withLock { state in
      for message in messages where message.round == state.round { state.done.append(UInt64(message.place.offset)) }
    }
  }

  public func lag() -> Int? { intake.state.withLock { state in state.waiting.map { $0 + state.ready.count } } }

  public func close() async { await close(committing: true) }

  /// - Parameter committing: `false` drops the connection as a killed process would.
  func close(committing: Bool) async {
    await withCheckedContinuation { continuation in intake.stop(committing: committing, continuation) }
  }
}

/// What the thread of the connection and those who take messages have in common.
final class RabbitIntake: Sendable {
  struct State {
    var ready: [StreamMessage] = []
    /// Grows with each connection: what an earlier one delivered can no longer be acknowledged.
    var round = 0
    /// Acknowledged here and not yet at the broker.
    var done: [UInt64] = []
    /// Messages in the queue that nobody has taken, when it was last asked.
    var waiting: Int?
    var isClosing = false
    var isClosed = false
    var commits = true
    var failure: StreamError?
    var closers: [CheckedContinuation<Void, Never>] = []
  }

  let state = Mutex(State())
  let prefetch: Int
  private let settings: RabbitSettings
  private let place: String

  init(_ settings: RabbitSettings) {
    self.settings = settings
    prefetch = min(max(1, settings.prefetch), Int(UInt16.max))
    place = "the queue '\(settings.queue)' at \(settings.host):\(settings.port)"
  }

  func take(_ count: Int) -> [StreamMessage] {
    state.withLock { state in
      let taken = Array(state.ready.prefix(count))
      state.ready.removeFirst(taken.count)
      return taken
    }
  }

  func stop(committing: Bool, _ continuation: CheckedContinuation<Void, Never>?) {
    let isClosed = state.withLock { state in
      if !state.isClosing { state.commits = committing }
      state.isClosing = true
      if let continuation, !state.isClosed { state.closers.append(continuation) }
      return state.isClosed
    }
    if isClosed { continuation?.resume() }
  }

  private var isWanted: Bool { state.withLock { !$0.isClosing } }

  // On the thread -------------------------------------------------------------------------------------------------------------------------

  func loop() {
    var connection: RabbitConnection?
    var reconnecting = Reconnecting()
    var lastCount = Date.distantPast
    while isWanted {
      do throws(StreamError) {
        if let connection {
          try acknowledge(connection)
          try next(connection)
          if lastCount.timeIntervalSinceNow < -2 {
            lastCount = Date()
            try count(connection)
          }
        } else {
          let made = try RabbitConnection(settings)
          do throws(StreamError) {
            _ = try made.call(place) { cr_consume(made.raw, settings.queue, UInt16(prefetch), $0, $1, $2) }
          } catch {
            made.close(politely: false)
            throw error
          }
          connection = made
          reconnecting.succeeded()
          forgetDeliveries()
        }
      } catch {
        connection?.close(politely: false)
        connection = nil
        forgetDeliveries()
        if error.kind == .refused {
          state.withLock { $0.failure = error }
          break
        }
        reconnecting.wait { isWanted }
      }
    }
    if let connection {
      let commits = state.withLock { $0.commits }
      if commits { try? acknowledge(connection) }
      connection.close(politely: commits)
    }
    // After a refusal the thread is over before anybody has asked for it.
    let closers = state.withLock { state in
      state.isClosed = true
      defer { state.closers = [] }
      return state.closers
    }
    for closer in closers { closer.resume() }
  }

  private func forgetDeliveries() {
    state.withLock { state in
      state.ready = []
      state.done = []
      state.waiting = nil
      state.round += 1
    }
  }

  private func acknowledge(_ connection: RabbitConnection) throws(StreamError) {
    let tags = state.withLock { state in
      defer { state.done = [] }
      return state.done
    }
    for tag in tags { _ = try connection.call(place) { _, reason, size in cr_acknowledge(connection.raw, tag, reason, size) } }
  }

  private func next(_ connection: RabbitConnection) throws(StreamError) {
    var message = CRMessage()
    guard try connection.call(place, { _, reason, size in cr_next(connection.raw, 20, &message, reason, size) }) == 1 else { return }
    var headers: [StreamHeader] = []
    for number in 0..<cr_header_count(connection.raw) {
      var header = CRHeader()
      guard cr_header(connection.raw, number, &header) else { continue }
      headers.append(StreamHeader(String(decoding: Self.copy(header.name) ?? [], as: UTF8.self), Self.copy(header.value) ?? []))
    }
    // Many senders leave it empty where they mean none.
    let key = Self.copy(message.correlation_id).flatMap { $0.isEmpty ? nil : $0 }
    let id = Self.name(Self.copy(message.message_id), key: key)
    let (value, tag) = (Self.copy(message.body) ?? [], Int64(message.tag))
    let found = headers
    state.withLock { state in
      state.ready.append(
        StreamMessage(
          key: key, value: value, headers: found, messageID: id, place: StreamPlace(source: settings.queue, partition: 0, offset: tag),
          round: state.round))
    }
  }

  /// What a message is called: by its sender, or `nil` where it has a key; else by a new name. The delivery's number begins anew with each
  /// connection, and would make it the duplicate of another message.
  static func name(_ given: [UInt8]?, key: [UInt8]?) -> String? {
    if let given, !given.isEmpty { return String(decoding: given, as: UTF8.self) }
    return key?.isEmpty == false ? nil : UUID().uuidString
  }

  private func count(_ connection: RabbitConnection) throws(StreamError) {
    var count: UInt32 = 0
    _ = try connection.call(place) { _, reason, size in cr_count(connection.raw, settings.queue, &count, reason, size) }
    let waiting = Int(count)
    state.withLock { $0.waiting = waiting }
  }

  private static func copy(_ bytes: CRBytes) -> [UInt8]? {
    bytes.bytes.map { [UInt8](UnsafeRawBufferPointer(start: $0, count: bytes.count)) }
  }
}
