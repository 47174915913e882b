import MartletCore

/// Where a model's messages come from and go to; what is left out is said on the command line, or the command's own.
public struct ProjectStream: Codable, Sendable, Hashable {
  /// What makes two messages one question.
  public enum Identity: String, Codable, Sendable, Hashable, CaseIterable {
    /// The sender's id; without one, key and value.
    case message
    case key
  }

  /// Where questions come from: `kafka://HOST:PORT/TOPIC`, `amqp://HOST:PORT/QUEUE`.
  public var from: String?
  /// Where answers go.
  public var to: String?
  /// Where messages go that have no answer.
  public var dead: String?
  /// Kafka's consumer group.
  public var group: String?
  /// Messages that are answered together, at most.
  public var batch: Int?
  /// Milliseconds that the first of them waits for the others.
  public var batchDelay: Int?
  /// How often a message is tried whose failure may pass.
  public var attempts: Int?
  /// Messages that are kept ready, at most.
  public var prefetch: Int?
  /// What makes two messages one question.
  public var identity: Identity?
  /// A file for Prometheus' text format, relative to the project file.
  public var metrics: String?

  /// Nothing is said.
  public init() {}

  private enum CodingKeys: String, CodingKey {
    case from, to, dead, group, batch, attempts, prefetch, identity, metrics
    case batchDelay = "batch-delay"
  }

  /// What `batch`, `batchDelay`, `attempts` and `prefetch` may be.
  public static let batches = 1...10_000, batchDelays = 0...60_000, attemptCounts = 1...100, prefetches = 1...1_000_000

  static let shape = MappingShape([
    .optional("from", .text(.any), "Where questions come from: kafka://HOST:PORT/TOPIC or amqp://HOST:PORT/QUEUE, without credentials."),
    .optional("to", .text(.any), "Where answers go."),
    .optional("dead", .text(.any), "Where messages go that have no answer, with the reason."),
    .optional("group", .text(.any), "Kafka's consumer group. (default: martlet-NAME)"),
    .optional("batch", .whole(batches), "Messages that are answered together, at most. (default: 32)"),
    .optional("batch-delay", .whole(batchDelays), "Milliseconds that the first of them waits for the others. (default: 20)"),
    .optional("attempts", .whole(attemptCounts), "How often a message is tried whose failure may pass. (default: 5)"),
    .optional("prefetch", .whole(prefetches), "Messages that are kept ready, at most. (default: 1000)"),
    .optional(
      "identity", .word(Identity.allCases.map(\.rawValue)),
      "What makes two messages one question: message (id, or key and value) or key. (default: message)"),
    .optional("metrics", .text(.path), "A file to write figures for Prometheus to every few seconds."),
  ])
}
