public import Project

/// `martlet stream`
public struct StreamRequest: Codable, Sendable, Hashable {
  /// `NAME`, `NAME@3`, `NAME@production`.
  public var reference: String
  /// Addresses: `kafka://HOST:PORT/TOPIC`, `amqp://HOST:PORT/QUEUE`.
  public var from: String
  public var to: String
  public var dead: String
  /// Kafka's consumer group; `nil` is `martlet-NAME`.
  public var group: String?
  /// Messages that are answered together, at most.
  public var batch: Int
  /// How long the first of them waits for the others, in milliseconds.
  public var batchDelay: Int
  /// How often a message is tried whose failure may pass.
  public var attempts: Int
  /// Messages that are kept ready, at most.
  public var prefetch: Int
  /// What makes two messages one question.
  public var identity: ProjectStream.Identity
  /// A file for Prometheus' text format.
  public var metrics: String?
  public var surroundings: Surroundings
}

/// The document of `martlet stream --json`, printed when it has stopped.
public struct StreamSummary: Codable, Sendable, Hashable {
  /// The version that answered.
  public var model: String
  /// Messages taken from the broker.
  public var consumed: Int
  /// Answers that the broker has confirmed.
  public var answered: Int
  /// Dead letters that the broker has confirmed.
  public var dead: Int
  /// Messages that had been answered before.
  public var duplicates: Int
  /// Second and later attempts at an answer.
  public var retries: Int
  /// Messages that waited at the end; `nil` where the broker does not say.
  public var lag: Int?
  public var seconds: Double

  /// A stream that has stopped.
  public init(
    model: String, consumed: Int, answered: Int, dead: Int, duplicates: Int, retries: Int, lag: Int?, seconds: Double
  ) {
    self.model = model
    self.consumed = consumed
    self.answered = answered
    self.dead = dead
    self.duplicates = duplicates
    self.retries = retries
    self.lag = lag
    self.seconds = seconds
  }
}
