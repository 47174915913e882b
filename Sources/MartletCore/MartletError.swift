public import Foundation

/// An error that a person can act on.
///
/// Every error type of the package conforms: it names the thing and the value (`problem`), what was expected, and what to do about it.
/// `"\(error)"` and `error.localizedDescription` say all three.
public protocol MartletError: LocalizedError, CustomStringConvertible, Sendable {
  /// What is wrong: the thing and the value, in one sentence without a final full stop.
  var problem: String { get }
  /// What would have been right, or `nil` where the problem says it already.
  var expected: String? { get }
  /// What to do now, or `nil` where nothing can be said.
  var remedy: String? { get }
}

extension MartletError {
  public var expected: String? { nil }
  public var remedy: String? { nil }
  public var errorDescription: String? { description }
  public var failureReason: String? { problem }
  public var recoverySuggestion: String? { remedy }
  public var helpAnchor: String? { nil }
  public var description: String {
    [problem, expected.map { "expected \($0)" }, remedy.map { "try: \($0)" }].compactMap { $0 }.joined(separator: "; ")
  }
}

/// A file that cannot be read, written or understood.
public struct FileError: MartletError {
  /// The file's path as the user gave it.
  public let path: String
  public let problem: String
  public let expected: String?
  public let remedy: String?

  public init(path: String, problem: String, expected: String? = nil, remedy: String? = nil) {
    self.path = path
    self.problem = "\(path): \(problem)"
    self.expected = expected
    self.remedy = remedy
  }
}

/// A value given by the caller that a function cannot work with.
public struct ArgumentError: MartletError {
  public let problem: String
  public let expected: String?
  public let remedy: String?

  public init(_ problem: String, expected: String? = nil, remedy: String? = nil) {
    self.problem = problem
    self.expected = expected
    self.remedy = remedy
  }
}
