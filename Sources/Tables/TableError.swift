public import MartletCore

/// Something about a table that cannot be done: names the column, the row or the value.
public struct TableError: MartletError {
  public let problem: String
  public let expected: String?
  public let remedy: String?

  public init(_ problem: String, expected: String? = nil, remedy: String? = nil) {
    self.problem = problem
    self.expected = expected
    self.remedy = remedy
  }
}
