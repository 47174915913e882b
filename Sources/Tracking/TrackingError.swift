public import MartletCore

/// Something that the tracking of runs cannot do.
public struct TrackingError: MartletError {
  /// What sort of error it is.
  public enum Kind: String, Sendable, Hashable {
    /// No experiment, run, model or file of that name.
    case notFound
    /// There already.
    case exists
    /// A value that cannot be used.
    case invalid
    /// Not possible while the thing is in its present state.
    case state
    /// Not allowed here.
    case forbidden
    /// Not offered.
    case unsupported
    /// Another writer holds the database, or its server cannot be reached.
    case busy
    /// Nobody said where the files of runs are to lie.
    case place
    case diskFull
    case io
  }

  /// What sort of error it is.
  public let kind: Kind
  /// What is wrong, in one sentence.
  public let problem: String
  /// What would have been right.
  public let expected: String?
  /// What to do now.
  public let remedy: String?

  /// Makes an error; the words are shown to a person.
  public init(_ kind: Kind, _ problem: String, expected: String? = nil, remedy: String? = nil) {
    self.kind = kind
    self.problem = problem
    self.expected = expected
    self.remedy = remedy
  }
}

/// A text from outside, cut to what fits a message.
func excerpt(_ text: some StringProtocol, limit: Int = 100) -> String {
  let kept = text.unicodeScalars.prefix(limit).map { $0.value < 0x20 || $0.value == 0x7F ? "\u{FFFD}" : Character($0) }
  return String(kept) + (text.unicodeScalars.count > limit ? "…" : "")
}
