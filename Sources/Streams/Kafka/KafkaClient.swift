import CRDKafka
import Foundation
import MartletCore

/// How a client of Kafka is reached and behaves.
public struct KafkaSettings: Sendable, Hashable {
  /// `host:port`, one or more.
  public var brokers: [String]
  public var isSecure = false
  public var security = StreamSecurity()
  /// Messages that are kept ready, at most; while there are so many, partitions are paused.
  public var prefetch = 1000
  /// How long the broker may take to confirm what is sent, before it is tried again.
  public var delivery: Duration = .seconds(30)
  /// More properties of librdkafka, by its own names.
  public var properties: [String: String] = [:]

  public init(brokers: [String]) { self.brokers = brokers }

  /// What librdkafka is told, apart from what only consumers or producers know.
  func common() -> [(String, String)] {
    var list = [("bootstrap.servers", brokers.joined(separator: ",")), ("client.id", "martlet")]
    let hasCredentials = security.user != nil
    list.append(("security.protocol", isSecure ? (hasCredentials ? "sasl_ssl" : "ssl") : hasCredentials ? "sasl_plaintext" : "plaintext"))
    if let user = security.user, let password = security.password {
      list += [("sasl.mechanism", security.mechanism), ("sasl.username", user), ("sasl.password", password)]
    }
    if isSecure {
      if let path = security.authority { list.append(("ssl.ca.location", path)) }
      if let path = security.certificate { list.append(("ssl.certificate.location", path)) }
      if let path = security.key { list.append(("ssl.key.location", path)) }
    }
    return list
  }
}

/// A client of librdkafka.
///
/// `@unchecked Sendable`: librdkafka's handles may be used from any thread until they are destroyed, which their one owner does last.
struct KafkaClient: @unchecked Sendable {
  let handle: OpaquePointer
  /// Where an offset has to be given and means nothing.
  static let noOffset: Int64 = -1001

  /// - Parameter prepare: sets callbacks.
  /// - Throws: `StreamError` naming the property that is wrong, never its value.
  init(
    _ type: rd_kafka_type_t, _ settings: KafkaSettings, _ more: [(String, String)], prepare: (OpaquePointer) -> Void
  ) throws(StreamError) {
    guard let configuration = rd_kafka_conf_new() else { throw StreamError(.fatal, "no memory for a client of Kafka") }
    var reason = [CChar](repeating: 0, count: 512)
    for (name, value) in settings.common() + more + settings.properties.sorted(by: { $0.key < $1.key }) {
      guard rd_kafka_conf_set(configuration, name, value, &reason, reason.count) == RD_KAFKA_CONF_OK else {
        rd_kafka_conf_destroy(configuration)
        let isSecret = name.contains("password")
        throw StreamError(.configuration, "Kafka's client does not take \(name): \(isSecret ? "its value" : Self.text(reason))")
      }
    }
    // Its own log would go to standard error beside ours.
    rd_kafka_conf_set_log_cb(configuration) { _, _, _, _ in }
    prepare(configuration)
    guard let handle = rd_kafka_new(type, configuration, &reason, reason.count) else {
      rd_kafka_conf_destroy(configuration)
      throw StreamError(.configuration, "Kafka's client cannot be made: \(Self.text(reason))")
    }
    self.handle = handle
  }

  static func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  static func text(_ error: rd_kafka_resp_err_t) -> String {
    rd_kafka_err2str(error).map { String(cString: $0) } ?? "error \(error.rawValue)"
  }

  /// A list of a topic's partitions with offsets; the caller destroys it.
  static func list(
    _ topic: String, _ offsets: [(partition: Int32, offset: Int64)]
  ) -> UnsafeMutablePointer<rd_kafka_topic_partition_list_t>? {
    guard let list = rd_kafka_topic_partition_list_new(Int32(offsets.count)) else { return nil }
    for (partition, offset) in offsets { rd_kafka_topic_partition_list_add(list, topic, partition)?.pointee.offset = offset }
    return list
  }

  /// Copies what librdkafka hands out.
  static func message(_ raw: UnsafePointer<rd_kafka_message_t>, topic: String, round: Int) -> StreamMessage {
    let message = raw.pointee
    let value = message.payload.map { [UInt8](UnsafeRawBufferPointer(start: $0, count: message.len)) } ?? []
    let key = message.key.map { [UInt8](UnsafeRawBufferPointer(start: $0, count: message.key_len)) }
    let headers = headers(raw)
    // An empty one names nothing.
    let id = headers.first { $0.name.lowercased() == StreamHeaders.messageID && !$0.value.isEmpty }.map {
      String(decoding: $0.value, as: UTF8.self)
    }
    return StreamMessage(
      key: key, value: value, headers: headers, messageID: id,
      place: StreamPlace(source: topic, partition: message.partition, offset: message.offset), round: round)
  }

  private static func headers(_ raw: UnsafePointer<rd_kafka_message_t>) -> [StreamHeader] {
    var list: OpaquePointer?
    guard rd_kafka_message_headers(raw, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return [] }
    var headers: [StreamHeader] = [], index = 0
    var name: UnsafePointer<CChar>?
    var value: UnsafeRawPointer?
    var size = 0
    while rd_kafka_header_get_all(list, index, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR, let name {
      headers.append(StreamHeader(String(cString: name), value.map { [UInt8](UnsafeRawBufferPointer(start: $0, count: size)) } ?? []))
      index += 1
    }
    return headers
  }
}
