import Foundation
import MartletCore

/// Where a message lay.
public struct StreamPlace: Sendable, Hashable, Codable {
  /// The topic or queue.
  public let source: String
  /// The topic's partition; 0 for a queue.
  public let partition: Int32
  /// The offset in the partition; the delivery's number for a queue.
  public let offset: Int64

  public init(source: String, partition: Int32, offset: Int64) {
    self.source = source
    self.partition = partition
    self.offset = offset
  }

  /// `questions/2/1041`
  public var text: String { "\(source)/\(partition)/\(offset)" }
}

/// A name and a value beside a message.
public struct StreamHeader: Sendable, Hashable {
  public let name: String
  public let value: [UInt8]

  public init(_ name: String, _ value: [UInt8]) {
    self.name = name
    self.value = value
  }

  public init(_ name: String, _ text: String) { self.init(name, Array(text.utf8)) }
}

/// A message as it came.
public struct StreamMessage: Sendable, Hashable {
  public let key: [UInt8]?
  public let value: [UInt8]
  public let headers: [StreamHeader]
  /// What the sender calls the message, where it says so.
  public let messageID: String?
  public let place: StreamPlace
  /// Counts how often places were given out: a message of an earlier round may belong to somebody else by now.
  let round: Int

  public init(
    key: [UInt8]?, value: [UInt8], headers: [StreamHeader] = [], messageID: String? = nil, place: StreamPlace, round: Int = 0
  ) {
    self.key = key
    self.value = value
    self.headers = headers
    self.messageID = messageID
    self.place = place
    self.round = round
  }
}

/// What makes two messages the same question.
public enum StreamIdentity: String, Sendable, Hashable, Codable, CaseIterable {
  /// The sender's own id; without one, equal keys and equal values; without a key, Kafka's place.
  case message
  /// Equal keys, whatever the values; without a key, as `message`.
  case key

  /// 32 hexadecimal digits that are the same however often the message is delivered.
  public func id(of message: StreamMessage) -> String {
    var digest = RunningDigest()
    func add(_ kind: String, _ parts: [UInt8]...) {
      digest.add(Data(kind.utf8))
      for part in parts { digest.add(Data("\(part.count):".utf8) + Data(part)) }
    }
    switch (self, message.messageID, message.key) {
    case (.message, let id?, _): add("id", Array(id.utf8))
    case (.key, _, let key?): add("key", key)
    case (.message, nil, let key?): add("message", key, message.value)
    case (.key, let id?, nil): add("id", Array(id.utf8))
    case (_, nil, nil): add("place", Array(message.place.text.utf8))
    }
    return String(digest.finish().prefix(32))
  }
}

/// A message to be sent.
public struct OutgoingMessage: Sendable, Hashable {
  public let key: [UInt8]?
  public let value: [UInt8]
  public let headers: [StreamHeader]
  /// The same for the same question.
  public let id: String

  public init(key: [UInt8]?, value: [UInt8], headers: [StreamHeader], id: String) {
    self.key = key
    self.value = value
    self.headers = headers
    self.id = id
  }
}

/// The names of the headers that answers and dead letters bring along.
public enum StreamHeaders {
  /// The question's id: whoever sees one twice has seen one answer twice.
  public static let id = "martlet-id"
  /// The version that answered, such as `churn@3`.
  public static let model = "martlet-model"
  /// Where the question lay: topic or queue, partition, offset.
  public static let source = "martlet-source"
  /// Of a dead letter: the kind of its error, its words, and how often it was tried.
  public static let error = "martlet-error", reason = "martlet-reason", attempts = "martlet-attempts"
  /// Of a question: what its sender calls it.
  public static let messageID = "message-id"
  /// Of a dead letter that its broker could not take as it came: the key where it has no other place, and what was left out.
  public static let key = "martlet-key", dropped = "martlet-dropped"

  /// The id of a question that a model has answered, by the headers of its answer or dead letter.
  ///
  /// Two streams may share a topic, and then see the same ids: each of them owes its own answer.
  /// - Returns: `nil` for what is not of this model.
  static func questionID(in headers: [StreamHeader], of name: String) -> String? {
    func text(_ header: String) -> String? { headers.last { $0.name == header }.map { String(decoding: $0.value, as: UTF8.self) } }
    guard let version = text(StreamHeaders.model), version.hasPrefix(name + "@") else { return nil }
    return text(StreamHeaders.id).flatMap { $0.isEmpty ? nil : $0 }
  }
}
