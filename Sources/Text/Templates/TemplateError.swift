public import MartletCore

/// A chat template that cannot be read or rendered.
public struct TemplateError: MartletError, Equatable {
  public enum Kind: Sendable, Equatable {
    /// The template's text is wrong.
    case syntax
    /// Something that is not there was used.
    case undefined
    /// A value of the wrong kind, or an argument that a function does not take.
    case type
    /// The template itself refused the conversation by `raise_exception`.
    case raised
    /// The template did more than the limits allow.
    case limit
    /// The template tried to change what it was given, or to reach what it must not.
    case forbidden
  }

  public let kind: Kind
  /// What went wrong, without the place.
  public let message: String
  /// The line of the template, from 1; `nil` where there is none.
  public internal(set) var line: Int?
  public let expected: String?
  public let remedy: String?

  public var problem: String {
    kind == .raised ? "the chat template refuses: \(message)" : "chat template\(line.map { ", line \($0)" } ?? ""): \(message)"
  }

  init(_ kind: Kind, _ message: String, line: Int? = nil, expected: String? = nil, remedy: String? = nil) {
    self.kind = kind
    self.message = message
    self.line = line
    self.expected = expected
    self.remedy = remedy
  }
}
