public import MartletCore

/// A tokenizer that cannot be trained as asked.
public struct TokenizerTrainingError: MartletError, Equatable {
  public let problem: String
  public let expected: String?
  public let remedy: String?

  public init(_ problem: String, expected: String? = nil, remedy: String? = nil) {
    self.problem = problem
    self.expected = expected
    self.remedy = remedy
  }
}
