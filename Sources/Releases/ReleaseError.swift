public import MartletCore

/// Something that a release cannot be or do.
public struct ReleaseError: MartletError {
  /// What sort of error it is.
  public enum Kind: String, Sendable, Hashable {
    /// A plan that cannot be carried out.
    case badPlan
    /// The model has a release under way.
    case underWay
    /// There is no such release.
    case notFound
    /// What was asked does not fit the release's state.
    case wrongPhase
    /// The release's record cannot be read or written.
    case store
  }

  /// What sort of error it is.
  public let kind: Kind
  public let problem: String
  public let expected: String?
  public let remedy: String?

  /// Makes an error; the words are shown to a person.
  public init(_ kind: Kind, _ problem: String, expected: String? = nil, remedy: String? = nil) {
    self.kind = kind
    self.problem = problem
    self.expected = expected
    self.remedy = remedy
  }
}
