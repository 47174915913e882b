public import MartletCore

/// What is wrong with a picture, a set of pictures, or what was asked of them.
public struct ImageError: MartletError, Hashable {
  /// The kind of failure, for programs; the sentences are for people.
  public enum Kind: String, Sendable, Hashable, Codable {
    /// The file is missing, a folder, or may not be read.
    case unreadable
    /// The bytes are something else: text, an archive, nothing.
    case notAnImage
    /// A picture in a format or variant that is not supported.
    case unsupported
    /// The file ends too early.
    case truncated
    /// The file contradicts itself or its checksums.
    case corrupt
    /// More pixels, bytes or metadata than the limits allow.
    case tooLarge
    /// Memory ran out.
    case outOfMemory
    /// The caller asked for something impossible (a crop outside the picture, a size of zero).
    case invalidArgument
    /// A folder, list or IDX file does not describe a usable set of pictures.
    case invalidDataset
  }

  /// The kind of failure.
  public let kind: Kind
  /// The file, folder or thing that it is about, as the user gave it.
  public let source: String
  public let problem: String
  public let expected: String?
  public let remedy: String?

  /// - Parameters:
  ///   - source: what it is about; the problem's sentence starts with it.
  ///   - problem: what is wrong with it, without the source's name.
  public init(_ kind: Kind, source: String, problem: String, expected: String? = nil, remedy: String? = nil) {
    self.kind = kind
    self.source = source
    self.problem = "\(source): \(problem)"
    self.expected = expected
    self.remedy = remedy
  }

  static func argument(_ problem: String, expected: String? = nil, remedy: String? = nil) -> ImageError {
    ImageError(.invalidArgument, source: "image", problem: problem, expected: expected, remedy: remedy)
  }
}
