public import MartletCore

/// What keeps a model from generating.
public struct GenerationError: MartletError, Equatable {
  public enum Kind: Sendable, Equatable {
    /// The weights or settings of a model do not fit the runtime.
    case model
    /// A request that cannot be served: empty, too long, a token outside the vocabulary.
    case request
    /// Too many requests wait already.
    case queueFull
    /// The engine was shut down.
    case stopped
    /// The machine has no memory left.
    case memory
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
