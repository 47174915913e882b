/// Where questions come from. A message counts as done when it is acknowledged; what is not is delivered again, here or to somebody else.
public protocol StreamSource: Sendable {
  /// Waits for a message, then for more until there are `count` or the delay is over.
  /// - Returns: none where the task was cancelled.
  /// - Throws: `StreamError` where the connection can no longer be used. One that may come back is waited for.
  func receive(_ count: Int, within delay: Duration) async throws -> [StreamMessage]

  /// Says that messages are done. Those of an earlier round are left to whoever has them now.
  func acknowledge(_ messages: [StreamMessage]) async throws

  /// Messages that wait at the broker, as far as that is known.
  func lag() -> Int?

  /// How the connection fares.
  var connection: StreamConnection { get }

  /// Confirms what was acknowledged, and lets go of the broker.
  func close() async
}

/// Where answers go.
public protocol StreamSink: Sendable {
  /// Sends messages.
  /// - Returns: for each, once the broker has confirmed or refused it, what is wrong; `nil` where nothing is.
  func send(_ messages: [OutgoingMessage]) async -> [SendFailure?]

  /// The ids among the messages sent last, by any process, that are of a model's versions; none where the broker cannot say.
  /// - Throws: `StreamError` where the broker does not answer, or does not let this user read.
  func recentIDs(_ limit: Int, of name: String) async throws -> [String]

  /// Lets go of the broker.
  func close() async
}

/// How the connection to a broker fares.
public struct StreamConnection: Sendable, Hashable {
  /// How often it could not be made, or broke.
  public private(set) var failures = 0
  /// Why it failed last, until something comes again.
  public private(set) var trouble: String?

  /// A connection without trouble.
  public init() {}

  /// One more failure.
  public mutating func failed(_ reason: String) {
    failures += 1
    trouble = reason
  }

  /// The trouble is over.
  public mutating func works() { trouble = nil }
}

/// Why a broker did not take a message.
public enum SendFailure: Sendable, Hashable {
  /// Trying again may help.
  case temporary(String)
  /// The broker will never take this message.
  case refused(String)
  /// The connection can no longer be used.
  case fatal(String)
}

/// Why a message has no answer.
public struct StreamFailure: Error, Sendable, Hashable {
  /// A word for machines: `bad-request`, `model-error` …
  public let kind: String
  public let reason: String
  /// Trying again may help: it is not the message's fault.
  public let isTemporary: Bool

  public init(kind: String, reason: String, isTemporary: Bool) {
    self.kind = kind
    self.reason = reason
    self.isTemporary = isTemporary
  }
}

/// Gives an answer, or the reason why there is none, for every message, in their order.
public typealias StreamAnswerer = @Sendable ([StreamMessage]) async -> [Result<[UInt8], StreamFailure>]
