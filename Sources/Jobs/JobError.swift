public import MartletCore

/// Why a job cannot go on.
public struct JobError: MartletError, Hashable {
  /// What kind of reason it is.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// The input is not what the job was begun with.
    case inputChanged
    /// The model is not the one that the job was begun with.
    case modelChanged
    /// An option that the rows or the answers follow from is another one.
    case optionsChanged
    /// More rows than allowed have no answer.
    case tooManyFailures
    /// Another process works on it.
    case inUse
    /// The folder is no job's, or what lies in it is not what was written there.
    case damaged
    /// The job was finished, and its output is not what it wrote.
    case outputChanged
  }

  public let kind: Kind
  public let problem: String
  public let expected: String?
  public let remedy: String?

  init(_ kind: Kind, _ problem: String, expected: String? = nil, remedy: String? = nil) {
    self.kind = kind
    self.problem = problem
    self.expected = expected
    self.remedy = remedy
  }
}
