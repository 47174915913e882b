/// Why the generator cannot go on: the operator or file, what is wrong with it, and what would be right.
public struct GeneratorError: Error, CustomStringConvertible, Equatable {
  /// The operator, file or group.
  public let subject: String
  /// What is wrong with it.
  public let problem: String

  init(_ subject: String, _ problem: String) {
    self.subject = subject
    self.problem = problem
  }

  /// Subject and problem in one line.
  public var description: String { "\(subject): \(problem)" }
}
