public import MartletCore

/// A sampling setting out of range, or logits that no token can be drawn from.
public struct SamplingError: MartletError, Equatable {
  public enum Kind: Sendable, Equatable {
    /// A setting is out of its range, or two settings exclude each other.
    case setting
    /// A token id lies outside the vocabulary.
    case token
    /// The logits hold NaN or positive infinity, or their number is wrong.
    case logits
    /// Every token is forbidden.
    case nothingAllowed
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
