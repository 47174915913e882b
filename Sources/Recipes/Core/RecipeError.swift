public import MartletCore

/// Something about a recipe, or about rows given to it, that cannot be done.
public struct RecipeError: MartletError, Hashable {
  public let problem: String
  public let expected: String?
  public let remedy: String?
  /// The step's name, where the error is one step's.
  public var step: String?
  /// The column that does not fit.
  public let column: String?
  /// The row of the given table, from 0.
  public let row: Int?
  /// The value that does not fit, as text.
  public let value: String?

  public init(
    _ problem: String, expected: String? = nil, remedy: String? = nil, step: String? = nil, column: String? = nil, row: Int? = nil,
    value: String? = nil
  ) {
    self.problem = problem
    self.expected = expected
    self.remedy = remedy
    self.step = step
    self.column = column
    self.row = row
    self.value = value
  }

  public var description: String {
    let text = [problem, expected.map { "expected \($0)" }, remedy.map { "try: \($0)" }].compactMap { $0 }.joined(separator: "; ")
    return step.map { "\($0): \(text)" } ?? text
  }
}

/// Lists for messages: all where few, else the first.
func listed(_ names: some Collection<String>, limit: Int = 12) -> String {
  names.count <= limit ? names.joined(separator: ", ") : names.prefix(limit).joined(separator: ", ") + " and \(names.count - limit) more"
}
