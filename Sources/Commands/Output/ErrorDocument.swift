public import MartletCore
import Project
import Registry

/// What `--json` prints when a command fails.
public struct ErrorDocument: Codable, Sendable, Hashable {
  /// The error's own words.
  public struct Detail: Codable, Sendable, Hashable {
    public var problem: String
    public var expected: String?
    public var remedy: String?
    /// For a project file, each problem with its place.
    public var problems: [JSONValue]?
  }

  public var error: Detail
  /// 1 failed, 2 wrong usage, 3 a gate said no.
  public var exitCode: Int32
}

/// A command line that makes no sense.
package struct UsageError: MartletError {
  package let problem: String
  package var expected: String?
  package var remedy: String?

  package init(problem: String, expected: String? = nil, remedy: String? = nil) {
    self.problem = problem
    self.expected = expected
    self.remedy = remedy
  }
}

extension ErrorDocument {
  /// The document and exit code for any error.
  init(_ error: any Error) {
    self.exitCode = Self.exitCode(for: error)
    guard let known = error as? any MartletError else {
      self.error = Detail(problem: error is CancellationError ? "interrupted" : "\(error)")
      return
    }
    self.error = Detail(problem: known.problem, expected: known.expected, remedy: known.remedy)
    if let project = error as? ProjectError, let data = try? JSON.encode(project.problems) {
      self.error.problems = (try? JSON.decode(JSONValue.self, from: data, source: "problems"))?.arrayValue
    }
  }

  private static func exitCode(for error: any Error) -> Int32 {
    switch error {
    case is UsageError, is ProjectError: ExitStatus.usage
    case let error as RegistryError where [.invalidName, .invalidQuery].contains(error.kind): ExitStatus.usage
    case let error as RegistryError where [.gate, .protected].contains(error.kind): ExitStatus.refused
    default: ExitStatus.failed
    }
  }
}

/// The meaning of the process's exit codes.
public enum ExitStatus {
  /// Done.
  public static let done: Int32 = 0
  /// Failed.
  public static let failed: Int32 = 1
  /// Wrong usage: the command line or `martlet.yml`.
  public static let usage: Int32 = 2
  /// A gate said no.
  public static let refused: Int32 = 3
}
