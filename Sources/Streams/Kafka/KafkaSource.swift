import CRDKafka
import Foundation
import MartletCore
import Synchronization

/// Takes messages from a topic as a member of a consumer group.
///
/// A thread of its own asks librdkafka all the time, so that the group keeps this member however long a model computes. While more
/// messages are ready than wanted, partitions are paused. Offsets are committed for acknowledged messages only.
public final class KafkaSource: StreamSource {
  private let client: KafkaClient
  private let intake: KafkaIntake
  private let topic: String
  private let prefetch: Int

  /// - Throws: `StreamError` where the settings are wrong. Brokers that do not answer are waited for.
  public init(_ topic: String, group: String, settings: KafkaSettings) throws {
    let intake = KafkaIntake(topic: topic)
    let client = try KafkaClient(
      RD_KAFKA_CONSUMER, settings,
      [
        ("group.id", group), ("enable.auto.commit", "false"), ("enable.auto.offset.store", "false"),
        // What came before this group was known is to be answered, too.
        ("auto.offset.reset", "earliest"), ("queued.max.messages.kbytes", "32768"), ("partition.assignment.strategy", "range,roundrobin"),
      ]
    ) { configuration in
      rd_kafka_conf_set_opaque(configuration, Unmanaged.passUnretained(intake).toOpaque())
      rd_kafka_conf_set_rebalance_cb(configuration) { handle, error, partitions, opaque in
        guard let handle, let opaque else { return }
        Unmanaged<KafkaIntake>.fromOpaque(opaque).takeUnretainedValue().rebalance(handle, error, partitions)
      }
      rd_kafka_conf_set_error_cb(configuration) { _, error, reason, opaque in
        guard let opaque else { return }
        let reason = reason.map { String(cString: $0) } ?? ""
        Unmanaged<KafkaIntake>.fromOpaque(opaque).takeUnretainedValue().failed(rd_kafka_resp_err_t(rawValue: error), reason)
      }
    }
    rd_kafka_poll_set_consumer(client.handle)
    let wanted = KafkaClient.list(topic, [(partition: -1, offset: KafkaClient.noOffset)])
    let error = rd_kafka_subscribe(client.handle, wanted)
    rd_kafka_topic_partition_list_destroy(wanted)
    guard error == RD_KAFKA_RESP_ERR_NO_ERROR else {
      rd_kafka_destroy(client.handle)
      throw StreamError(.configuration, "Kafka's client does not take the topic '\(topic)': \(KafkaClient.text(error))")
    }
    self.client = client
    self.intake = intake
    self.topic = topic
    let prefetch = max(1, settings.prefetch)
    self.prefetch = prefetch
    // The thread keeps the intake alive for the callbacks, and is the only one that ends the client.
    BlockingThread.start("martlet.kafka.source") { intake.loop(client, prefetch: prefetch) }
  }

  deinit { intake.inbox.stop(committing: false) }

  public func receive(_ count: Int, within delay: Duration) async throws -> [StreamMessage] {
    // More than is kept ready cannot be waited for.
    try await intake.inbox.receive(min(count, prefetch), within: delay)
  }

  public func acknowledge(_ messages: [StreamMessage]) async throws { intake.acknowledge(messages) }

  public func lag() -> Int? { intake.lag(client) }

  public var connection: StreamConnection { intake.inbox.state.withLock { $0.connection } }

  public func close() async { await close(committing: true) }

  /// - Parameter committing: `false` leaves the group as a killed process would, with what was acknowledged and not yet committed lost.
  func close(committing: Bool) async { await intake.inbox.close(committing: committing) }
}

/// Asks librdkafka for messages, and tells it which of them are done.
final class KafkaIntake: Sendable {
  /// What is known of the topic's partitions. A round ends when some come or go.
  struct Partitions {
    var assigned: [Int32] = []
    /// The offset after the last acknowledged message, by partition.
    var next: [Int32: Int64] = [:]
    /// Partitions whose `next` is not committed yet.
    var uncommitted: Set<Int32> = []
    /// The first offset that came, by partition.
    var first: [Int32: Int64] = [:]
    var isPaused = false
  }

  let inbox = Inbox(Partitions())
  private let topic: String

  init(topic: String) { self.topic = topic }

  // For those who take --------------------------------------------------------------------------------------------------------------------

  func acknowledge(_ messages: [StreamMessage]) {
    inbox.state.withLock { state in
      for message in messages where message.round == state.round {
        let partition = message.place.partition
        state.own.next[partition] = max(state.own.next[partition] ?? 0, message.place.offset + 1)
        state.own.uncommitted.insert(partition)
      }
    }
  }

  func lag(_ client: KafkaClient) -> Int? {
    inbox.state.withLock { state in
      guard !state.end.isOver, !state.own.assigned.isEmpty else { return nil }
      var lag = 0
      for partition in state.own.assigned {
        var low: Int64 = 0, high: Int64 = 0
        guard let place = state.own.next[partition] ?? state.own.first[partition],
          rd_kafka_get_watermark_offsets(client.handle, topic, partition, &low, &high) == RD_KAFKA_RESP_ERR_NO_ERROR, high >= 0
        else { continue }
        lag += max(0, Int(high - place))
      }
      return lag
    }
  }

  // On the thread -------------------------------------------------------------------------------------------------------------------------

  func loop(_ client: KafkaClient, prefetch: Int) {
    while inbox.isWanted {
      flow(client, prefetch: prefetch)
      commit(client.handle, waits: false)
      guard let raw = rd_kafka_consumer_poll(client.handle, 50) else { continue }
      defer { rd_kafka_message_destroy(raw) }
      guard raw.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR else {
        failed(raw.pointee.err, KafkaClient.text(raw.pointee.err))
        continue
      }
      let round = inbox.state.withLock { $0.round }
      let message = KafkaClient.message(raw, topic: topic, round: round)
      inbox.state.withLock { state in
        state.ready.append(message)
        state.connection.works()
        if state.own.first[message.place.partition] == nil { state.own.first[message.place.partition] = message.place.offset }
      }
    }
    commit(client.handle, waits: true)
    // Leaves the group, which calls `rebalance` on this thread.
    rd_kafka_consumer_close(client.handle)
    // Nobody asks a client that is gone for its lag.
    let waiters = inbox.state.withLock { $0.end.finish() }
    rd_kafka_destroy(client.handle)
    for waiter in waiters { waiter.resume() }
  }

  /// Pauses what would bring more messages than wanted, and lets it go on when half of them are taken.
  private func flow(_ client: KafkaClient, prefetch: Int) {
    let change = inbox.state.withLock { state -> (pause: Bool, partitions: [Int32])? in
      if !state.own.isPaused, state.ready.count >= prefetch, !state.own.assigned.isEmpty {
        state.own.isPaused = true
        return (true, state.own.assigned)
      }
      if state.own.isPaused, state.ready.count <= prefetch / 2 {
        state.own.isPaused = false
        return (false, state.own.assigned)
      }
      return nil
    }
    guard let change, let list = KafkaClient.list(topic, change.partitions.map { ($0, KafkaClient.noOffset) }) else { return }
    defer { rd_kafka_topic_partition_list_destroy(list) }
    if change.pause { rd_kafka_pause_partitions(client.handle, list) } else { rd_kafka_resume_partitions(client.handle, list) }
  }

  /// Commits what was acknowledged. A commit that fails is no loss: the messages come again and are known.
  private func commit(_ handle: OpaquePointer, waits: Bool) {
    let offsets = inbox.state.withLock { state -> [(partition: Int32, offset: Int64)] in
      guard state.commits else { return [] }
      defer { state.own.uncommitted = [] }
      return state.own.uncommitted.sorted().compactMap { partition in state.own.next[partition].map { (partition, $0) } }
    }
    guard !offsets.isEmpty, let list = KafkaClient.list(topic, offsets) else { return }
    rd_kafka_commit(handle, list, waits ? 0 : 1)
    rd_kafka_topic_partition_list_destroy(list)
  }

  func rebalance(
    _ handle: OpaquePointer, _ error: rd_kafka_resp_err_t, _ partitions: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
  ) {
    let isAssigned = error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS
    if !isAssigned {
      commit(handle, waits: true)
      // librdkafka remembers a pause beyond the assignment: a partition that came back would stay silent.
      if let partitions, inbox.state.withLock({ $0.own.isPaused }) { rd_kafka_resume_partitions(handle, partitions) }
    }
    var numbers: [Int32] = []
    if isAssigned, let partitions {
      for place in 0..<Int(partitions.pointee.cnt) { numbers.append(partitions.pointee.elems[place].partition) }
    }
    inbox.state.withLock { state in
      // Messages of partitions that went belong to others; they come again from the last commit if they come back.
      state.ready = []
      state.own = Partitions(assigned: numbers)
      state.round += 1
      if isAssigned { state.connection.works() }
    }
    rd_kafka_assign(handle, isAssigned ? partitions : nil)
  }

  /// Most errors pass, and librdkafka tries again by itself; they are counted, and told of until something comes again.
  func failed(_ error: rd_kafka_resp_err_t, _ reason: String) {
    let failure: StreamError? =
      switch error {
      case RD_KAFKA_RESP_ERR__FATAL: StreamError(.fatal, "Kafka's client cannot go on: \(reason)", remedy: "start it again")
      case RD_KAFKA_RESP_ERR__AUTHENTICATION:
        StreamError(.refused, "Kafka refuses the credentials: \(reason)", remedy: "check MARTLET_STREAM_USER and MARTLET_STREAM_PASSWORD")
      case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
        StreamError(.refused, "Kafka does not let this user read the topic '\(topic)': \(reason)")
      case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
        StreamError(.refused, "Kafka knows no topic '\(topic)'", remedy: "make the topic, or check its name")
      default: nil
      }
    inbox.state.withLock { state in
      // A topic that was there is being moved.
      let isMoving = [RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC].contains(error) && state.round > 0
      if let failure, !isMoving {
        if state.failure == nil { state.failure = failure }
      } else if error != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN {
        // That all are down follows from each being down, which was told.
        state.connection.failed(Self.lasting(reason))
      }
    }
  }

  /// What librdkafka says of a failure without how long that one took, so that equal failures are told once.
  static func lasting(_ reason: String) -> String { reason.range(of: " (after ").map { String(reason[..<$0.lowerBound]) } ?? reason }
}
