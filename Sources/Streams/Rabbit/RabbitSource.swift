import CRabbit
import Foundation
import MartletCore
import Synchronization

/// Takes messages from a queue. A message's key is its `correlation_id`, its own name its `message_id`; headers that are no texts are
/// spelled out.
///
/// A thread of its own owns the connection, answers heartbeats and makes a new one when it breaks; the broker then delivers again what was
/// not acknowledged.
public final class RabbitSource: StreamSource {
  private let intake: RabbitIntake

  /// A broker that does not answer is waited for, one that refuses is told of by `receive`.
  public init(_ settings: RabbitSettings) {
    let intake = RabbitIntake(settings)
    self.intake = intake
    // librabbitmq reads nested headers by calling itself: one frame's worth of them, 26,000 levels, needs more than a thread's usual stack.
    BlockingThread.start("martlet.rabbit.source", stack: 32 << 20) { intake.loop() }
  }

  deinit { intake.inbox.stop(committing: false) }

  public func receive(_ count: Int, within delay: Duration) async throws -> [StreamMessage] {
    // More than the broker sends cannot be waited for.
    try await intake.inbox.receive(min(count, intake.prefetch), within: delay)
  }

  public func acknowledge(_ messages: [StreamMessage]) async throws {
    intake.inbox.state.withLock { state in
      for message in messages where message.round == state.round { state.own.done.append(UInt64(message.place.offset)) }
    }
  }

  public func lag() -> Int? { intake.inbox.state.withLock { state in state.own.waiting.map { $0 + state.ready.count } } }

  public var connection: StreamConnection { intake.inbox.state.withLock { $0.connection } }

  public func close() async { await intake.inbox.close(committing: true) }
}

/// Takes deliveries from the queue over one connection after the other, each of which is a round.
final class RabbitIntake: Sendable {
  struct Deliveries {
    /// Acknowledged here and not yet at the broker.
    var done: [UInt64] = []
    /// Messages in the queue that nobody has taken, when it was last asked.
    var waiting: Int?
  }

  let inbox = Inbox(Deliveries())
  let prefetch: Int
  private let settings: RabbitSettings
  private let place: String

  init(_ settings: RabbitSettings) {
    self.settings = settings
    prefetch = min(max(1, settings.prefetch), Int(UInt16.max))
    place = "the queue '\(settings.queue)' at \(settings.host):\(settings.port)"
  }

  // On the thread -------------------------------------------------------------------------------------------------------------------------

  func loop() {
    var connection: RabbitConnection?
    var reconnecting = Reconnecting()
    var lastCount = Date.distantPast
    while inbox.isWanted {
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
          inbox.state.withLock { $0.connection.works() }
          forgetDeliveries()
        }
      } catch {
        connection?.close(politely: false)
        connection = nil
        forgetDeliveries()
        if error.kind == .refused {
          inbox.state.withLock { $0.failure = error }
          break
        }
        inbox.state.withLock { $0.connection.failed(error.problem) }
        reconnecting.wait { inbox.isWanted }
      }
    }
    if let connection {
      let commits = inbox.state.withLock { $0.commits }
      if commits { try? acknowledge(connection) }
      connection.close(politely: commits)
    }
    // After a refusal the thread is over before anybody has asked for it.
    inbox.finish()
  }

  private func forgetDeliveries() {
    inbox.state.withLock { state in
      state.ready = []
      state.own = Deliveries()
      state.round += 1
    }
  }

  private func acknowledge(_ connection: RabbitConnection) throws(StreamError) {
    let tags = inbox.state.withLock { state in
      defer { state.own.done = [] }
      return state.own.done
    }
    for tag in tags { _ = try connection.call(place) { _, reason, size in cr_acknowledge(connection.raw, tag, reason, size) } }
  }

  private func next(_ connection: RabbitConnection) throws(StreamError) {
    var message = CRMessage()
    guard try connection.call(place, { _, reason, size in cr_next(connection.raw, 20, &message, reason, size) }) == 1 else { return }
    let headers = RabbitHeaders.texts(cr_headers(connection.raw))
    // Many senders leave it empty where they mean none.
    let key = Self.copy(message.correlation_id).flatMap { $0.isEmpty ? nil : $0 }
    let id = Self.name(Self.copy(message.message_id), key: key)
    let (value, tag) = (Self.copy(message.body) ?? [], Int64(message.tag))
    inbox.state.withLock { state in
      state.ready.append(
        StreamMessage(
          key: key, value: value, headers: headers, messageID: id, place: StreamPlace(source: settings.queue, partition: 0, offset: tag),
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
    inbox.state.withLock { $0.own.waiting = waiting }
  }

  private static func copy(_ bytes: CRBytes) -> [UInt8]? {
    bytes.bytes.map { [UInt8](UnsafeRawBufferPointer(start: $0, count: bytes.count)) }
  }
}
