public import MartletCore

/// Why a stream cannot be read, written or gone on with.
public struct StreamError: MartletError, Hashable {
  /// What kind of reason it is.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// The address or an option is wrong.
    case configuration
    /// The broker does not answer; it may later.
    case unavailable
    /// The broker refuses: credentials, rights, a topic that is not there.
    case refused
    /// The connection can no longer be used.
    case fatal
    /// It was told to stop, and the broker did not confirm in time. What is not confirmed is delivered again.
    case stopped
  }

  public let kind: Kind
  public let problem: String
  public let expected: String?
  public let remedy: String?

  public init(_ kind: Kind, _ problem: String, expected: String? = nil, remedy: String? = nil) {
    self.kind = kind
    self.problem = problem
    self.expected = expected
    self.remedy = remedy
  }
}
