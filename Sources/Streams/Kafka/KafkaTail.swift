import CRDKafka
import Foundation
import MartletCore

/// Reads the end of a topic of answers, where the ids of the questions answered last are.
enum KafkaTail {
  private static let patience: Int32 = 5000

  /// Waits; not for Swift's own threads.
  /// - Parameter name: the model whose answers count.
  /// - Returns: the ids among the last messages, at most `limit`, as many of each partition; none where there is no such topic yet.
  /// - Throws: `StreamError`: `refused` where rights are missing, `unavailable` where the brokers do not answer.
  static func ids(_ topic: String, limit: Int, of name: String, settings: KafkaSettings) throws -> [String] {
    try read(topic, limit: limit, settings: settings) { StreamHeaders.questionID(in: $0.headers, of: name) }
  }

  /// As `ids`, the messages themselves, of all models.
  static func messages(_ topic: String, limit: Int, settings: KafkaSettings) throws -> [StreamMessage] {
    try read(topic, limit: limit, settings: settings) { $0 }
  }

  /// What keeps the end of a topic from being read.
  static func failure(_ error: rd_kafka_resp_err_t, _ topic: String) -> StreamError {
    let problem = "Kafka does not say what the topic '\(topic)' holds: \(KafkaClient.text(error))"
    switch error {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
      RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR__AUTHENTICATION:
      // Waiting does not give rights.
      return StreamError(
        .refused, problem, remedy: "give the right to read the places of --to and --dead, too: what was answered is looked up there")
    default: return StreamError(.unavailable, problem)
    }
  }

  /// Only what `pick` takes of each message is kept: the messages may be many and large.
  private static func read<Value>(
    _ topic: String, limit: Int, settings: KafkaSettings, _ pick: (StreamMessage) -> Value?
  ) throws -> [Value] {
    let client = try KafkaClient(
      RD_KAFKA_CONSUMER, settings,
      // No member of the group: partitions are chosen, not given, and nothing is committed.
      [("group.id", "martlet-tail"), ("enable.auto.commit", "false"), ("enable.partition.eof", "true"), ("auto.offset.reset", "earliest")]
    ) { configuration in rd_kafka_conf_set_error_cb(configuration) { _, _, _, _ in } }
    defer {
      rd_kafka_consumer_close(client.handle)
      rd_kafka_destroy(client.handle)
    }
    func silent(_ error: rd_kafka_resp_err_t) -> StreamError { failure(error, topic) }
    var starts: [(partition: Int32, offset: Int64)] = [], ends: [Int32: Int64] = [:]
    let all = try partitions(client, topic, silent)
    let each = max(1, Int64(limit / max(1, all.count)))
    for partition in all {
      var low: Int64 = 0, high: Int64 = 0
      let error = rd_kafka_query_watermark_offsets(client.handle, topic, partition, &low, &high, patience)
      guard error == RD_KAFKA_RESP_ERR_NO_ERROR else { throw silent(error) }
      guard high > low else { continue }
      starts.append((partition, max(low, high - each)))
      ends[partition] = high
    }
    guard !starts.isEmpty, let list = KafkaClient.list(topic, starts) else { return [] }
    rd_kafka_assign(client.handle, list)
    rd_kafka_topic_partition_list_destroy(list)
    var values: [Value] = []
    var last = ContinuousClock.now
    while !ends.isEmpty {
      guard let raw = rd_kafka_consumer_poll(client.handle, 100) else {
        guard ContinuousClock.now - last < .seconds(10) else { throw silent(RD_KAFKA_RESP_ERR__TIMED_OUT) }
        continue
      }
      defer { rd_kafka_message_destroy(raw) }
      last = .now
      let partition = raw.pointee.partition
      switch raw.pointee.err {
      case RD_KAFKA_RESP_ERR_NO_ERROR:
        let message = KafkaClient.message(raw, topic: topic, round: 0)
        if let value = pick(message) { values.append(value) }
        if let end = ends[partition], message.place.offset + 1 >= end { ends[partition] = nil }
      case RD_KAFKA_RESP_ERR__PARTITION_EOF: ends[partition] = nil
      default: throw silent(raw.pointee.err)
      }
    }
    return values
  }

  private static func partitions(
    _ client: KafkaClient, _ topic: String, _ silent: (rd_kafka_resp_err_t) -> StreamError
  ) throws -> [Int32] {
    guard let asked = rd_kafka_topic_new(client.handle, topic, nil) else { throw silent(rd_kafka_last_error()) }
    defer { rd_kafka_topic_destroy(asked) }
    var found: UnsafePointer<rd_kafka_metadata_t>?
    let error = rd_kafka_metadata(client.handle, 0, asked, &found, patience)
    guard error == RD_KAFKA_RESP_ERR_NO_ERROR, let found else { throw silent(error) }
    defer { rd_kafka_metadata_destroy(found) }
    guard found.pointee.topic_cnt > 0 else { return [] }
    let description = found.pointee.topics[0]
    switch description.err {
    case RD_KAFKA_RESP_ERR_NO_ERROR: return (0..<Int(description.partition_cnt)).map { description.partitions[$0].id }
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART: return []
    default: throw silent(description.err)
    }
  }
}
