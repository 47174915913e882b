import CRDKafka
import Foundation
import MartletCore
import Synchronization

/// Sends messages to a topic by Kafka's idempotent producer: what is sent again inside librdkafka is stored once.
public final class KafkaSink: StreamSink {
  private let client: KafkaClient
  private let deliveries: KafkaDeliveries
  private let topic: String
  private let settings: KafkaSettings

  /// - Throws: `StreamError` where the settings are wrong. Brokers that do not answer are waited for.
  public init(_ topic: String, settings: KafkaSettings) throws {
    let deliveries = KafkaDeliveries()
    let timeout = max(1000, Int(settings.delivery / .milliseconds(1)))
    client = try KafkaClient(
      RD_KAFKA_PRODUCER, settings,
      [
        ("enable.idempotence", "true"), ("message.timeout.ms", String(timeout)), ("linger.ms", "5"), ("compression.type", "lz4"),
        // The broker says what is too large: a limit here below its own would refuse questions that it has already taken.
        ("message.max.bytes", "104857600"),
      ]
    ) { configuration in
      rd_kafka_conf_set_opaque(configuration, Unmanaged.passUnretained(deliveries).toOpaque())
      rd_kafka_conf_set_dr_msg_cb(configuration) { _, message, opaque in
        guard let message, let opaque else { return }
        Unmanaged<KafkaDeliveries>.fromOpaque(opaque).takeUnretainedValue()
          .finish(UInt(bitPattern: message.pointee._private), message.pointee.err)
      }
      // Without it errors of the connection would go to standard error.
      rd_kafka_conf_set_error_cb(configuration) { _, _, _, _ in }
    }
    self.deliveries = deliveries
    self.topic = topic
    self.settings = settings
    BlockingThread.start("martlet.kafka.sink") { [client] in deliveries.loop(client) }
  }

  deinit { deliveries.stop(nil) }

  public func send(_ messages: [OutgoingMessage]) async -> [SendFailure?] {
    guard !messages.isEmpty else { return [] }
    return await withCheckedContinuation { continuation in
      let batch = KafkaBatch(messages.count, continuation)
      for (place, message) in messages.enumerated() {
        guard let ticket = deliveries.open(batch, place) else {
          batch.finish(place, .fatal("the connection is closed"))
          continue
        }
        let error = produce(message, ticket)
        if error != RD_KAFKA_RESP_ERR_NO_ERROR { deliveries.finish(ticket, error) }
      }
    }
  }

  /// Hands over one message; never waits.
  private func produce(_ message: OutgoingMessage, _ ticket: UInt) -> rd_kafka_resp_err_t {
    let headers = rd_kafka_headers_new(message.headers.count)
    for header in message.headers {
      header.value.withUnsafeBytes { value in
        _ = rd_kafka_header_add(headers, header.name, -1, value.baseAddress, value.count)
      }
    }
    let error = message.value.withUnsafeBytes { value in
      (message.key ?? []).withUnsafeBytes { key in
        crk_produce(
          client.handle, topic, message.key == nil ? nil : key.baseAddress, key.count, value.baseAddress, value.count, headers,
          UnsafeMutableRawPointer(bitPattern: ticket))
      }
    }
    if error != RD_KAFKA_RESP_ERR_NO_ERROR { rd_kafka_headers_destroy(headers) }
    return error
  }

  public func recentIDs(_ limit: Int, of name: String) async throws -> [String] {
    let (topic, settings) = (topic, settings)
    return try await BlockingThread.run("martlet.kafka.tail") { try KafkaTail.ids(topic, limit: limit, of: name, settings: settings) }
  }

  public func close() async { await withCheckedContinuation { continuation in deliveries.stop(continuation) } }
}

/// Messages that were handed over together.
final class KafkaBatch: Sendable {
  private struct State {
    var outcomes: [SendFailure?]
    var left: Int
    var continuation: CheckedContinuation<[SendFailure?], Never>?
  }

  private let state: Mutex<State>

  init(_ count: Int, _ continuation: CheckedContinuation<[SendFailure?], Never>) {
    state = Mutex(State(outcomes: Array(repeating: nil, count: count), left: count, continuation: continuation))
  }

  func finish(_ place: Int, _ failure: SendFailure?) {
    let done = state.withLock { state -> (CheckedContinuation<[SendFailure?], Never>, [SendFailure?])? in
      state.outcomes[place] = failure
      state.left -= 1
      guard state.left == 0, let continuation = state.continuation else { return nil }
      state.continuation = nil
      return (continuation, state.outcomes)
    }
    done?.0.resume(returning: done?.1 ?? [])
  }
}

/// Messages on their way, by ticket.
final class KafkaDeliveries: Sendable {
  private struct State {
    var last: UInt = 0
    var open: [UInt: (batch: KafkaBatch, place: Int)] = [:]
    var end = ThreadEnd()
  }

  private let state = Mutex(State())

  /// - Returns: `nil` after a stop.
  func open(_ batch: KafkaBatch, _ place: Int) -> UInt? {
    state.withLock { state in
      guard !state.end.isAsked else { return nil }
      state.last += 1
      state.open[state.last] = (batch, place)
      return state.last
    }
  }

  func finish(_ ticket: UInt, _ error: rd_kafka_resp_err_t) {
    guard let (batch, place) = state.withLock({ $0.open.removeValue(forKey: ticket) }) else { return }
    batch.finish(place, Self.failure(error))
  }

  private static func failure(_ error: rd_kafka_resp_err_t) -> SendFailure? {
    let reason = KafkaClient.text(error)
    switch error {
    case RD_KAFKA_RESP_ERR_NO_ERROR: return nil
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_INVALID_MSG, RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE,
      RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, RD_KAFKA_RESP_ERR_INVALID_RECORD:
      return .refused(reason)
    case RD_KAFKA_RESP_ERR__FATAL, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR__AUTHENTICATION,
      RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
      return .fatal(reason)
    default: return .temporary(reason)
    }
  }

  func stop(_ waiter: CheckedContinuation<Void, Never>?) { if state.withLock({ $0.end.ask(waiter) }) { waiter?.resume() } }

  /// Calls librdkafka until a stop; the delivery reports come from here.
  func loop(_ client: KafkaClient) {
    while !state.withLock({ $0.end.isAsked }) { rd_kafka_poll(client.handle, 100) }
    rd_kafka_flush(client.handle, 5000)
    // What is still on its way reports its failure now.
    rd_kafka_purge(client.handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
    rd_kafka_flush(client.handle, 1000)
    let (waiters, open) = state.withLock { state in
      defer { state.open = [:] }
      return (state.end.finish(), Array(state.open.values))
    }
    rd_kafka_destroy(client.handle)
    for (batch, place) in open { batch.finish(place, .fatal("the connection is closed")) }
    for waiter in waiters { waiter.resume() }
  }
}
