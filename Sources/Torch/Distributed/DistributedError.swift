public import MartletCore

/// Why several processes could not work together.
public struct DistributedError: MartletError, Hashable {
  /// The case, for `catch` clauses that handle one of them.
  public enum Kind: Sendable, Hashable {
    /// An environment variable is missing or makes no sense.
    case environment
    /// The processes did not find one another.
    case rendezvous
    /// A process has gone while others were waiting for it.
    case peerLost
    /// A collective took longer than it may.
    case timeout
    /// The processes do not agree on what they do.
    case mismatch
    /// This libtorch cannot do it.
    case unavailable
    /// Everything else that libtorch says.
    case engine
  }

  /// What happened.
  public let kind: Kind
  /// What was being done: `all-reduce of float32[25000]`.
  public let operation: String?
  /// The process that tells of it.
  public let rank: Int?
  /// The number of processes.
  public let size: Int?
  /// The processes that have gone or disagree, where that is known.
  public let peers: [Int]
  /// How long was waited at most.
  public let timeout: Duration?
  /// What was found, in libtorch's words or our own.
  public let message: String
  public let expected: String?
  private let advice: String?

  /// An error about a group or its making.
  public init(
    _ kind: Kind, _ message: String, operation: String? = nil, rank: Int? = nil, size: Int? = nil, peers: [Int] = [],
    timeout: Duration? = nil, expected: String? = nil, remedy: String? = nil
  ) {
    self.kind = kind
    self.message = message
    self.operation = operation
    self.rank = rank
    self.size = size
    self.peers = peers
    self.timeout = timeout
    self.expected = expected
    advice = remedy
  }

  public var problem: String {
    let who = rank.map { "rank \($0)\(size.map { " of \($0)" } ?? ""): " } ?? ""
    let what = operation.map { "\($0): " } ?? ""
    let gone = peers.map { "rank \($0)" }.joined(separator: ", ")
    switch kind {
    case .peerLost: return "\(who)\(what)\(gone.isEmpty ? "another process" : gone) has gone (\(message))"
    case .timeout:
      let limit = timeout.map { "not done within \($0.inWords)" } ?? "not done in time"
      return "\(who)\(what)\(limit)\(gone.isEmpty ? "" : ", waiting for \(gone)") (\(message))"
    default: return who + what + message
    }
  }

  public var remedy: String? {
    if let advice { return advice }
    switch kind {
    case .peerLost: return "the output of that process says why it ended; then resume from the newest checkpoint"
    case .timeout: return "a look at what the other processes are doing, or a longer timeout if they are only slow"
    default: return nil
    }
  }
}

extension Duration {
  /// `60 s`, `0.25 s`.
  var inWords: String {
    let seconds = self / .seconds(1)
    return seconds == seconds.rounded() ? "\(Int(seconds)) s" : "\(seconds) s"
  }

  /// Whole milliseconds, at least one.
  var milliseconds: Int64 { max(1, Int64((self / .milliseconds(1)).rounded())) }
}
