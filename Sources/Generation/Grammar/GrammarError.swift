public import MartletCore

/// A grammar or a JSON schema that cannot be used to constrain output.
public struct GrammarError: MartletError, Equatable {
  public enum Kind: Sendable, Equatable {
    /// The grammar's or the pattern's text is wrong.
    case syntax
    /// The schema asks for something that cannot be held to while writing, or that nothing fulfils.
    case schema
    /// The grammar grew beyond its bounds.
    case limit
    /// A token that may not come next.
    case token
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
