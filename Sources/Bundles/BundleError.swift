import Glibc
public import MartletCore

/// One thing that is wrong with a bundle.
public struct BundleProblem: Sendable, Hashable, Codable, CustomStringConvertible {
  /// What sort of thing is wrong.
  public enum Kind: String, Sendable, Hashable, Codable {
    /// Listed in the manifest, not there.
    case missing
    /// There, not listed in the manifest.
    case extra
    /// Its SHA-256 is another one.
    case changed
    /// Its size is another one.
    case size
    /// A symbolic link, at the file or on the way to it.
    case link
    /// A pipe, a socket, a device, or a folder where a file should be.
    case special
    /// A name that leaves the bundle or means something else on another system.
    case unsafePath
    /// Two entries for one file.
    case duplicate
    /// The system refuses to read it.
    case unreadable
    /// The manifest itself says something impossible.
    case manifest
  }

  /// The file's name in the bundle.
  public let file: String
  /// What sort of thing is wrong.
  public let kind: Kind
  /// A sentence without a subject: "is missing".
  public let detail: String

  /// Makes a problem; `detail` is a sentence without a subject.
  public init(file: String, kind: Kind, detail: String) {
    self.file = file
    self.kind = kind
    self.detail = detail
  }

  /// The file and the sentence, fit for a terminal.
  public var description: String { "\(printable(file)) \(detail)" }
}

/// A bundle that cannot be written, read or trusted.
public struct BundleError: MartletError {
  /// What sort of error it is.
  public enum Kind: String, Sendable, Hashable {
    case notFound, exists, invalid, newerFormat, tampered, limit, io, diskFull, usage
  }

  /// What sort of error it is.
  public let kind: Kind
  /// What is wrong, in one sentence.
  public let problem: String
  /// What would have been right.
  public let expected: String?
  /// What to do now.
  public let remedy: String?
  /// Everything that is wrong, where the bundle's content is.
  public let problems: [BundleProblem]

  /// Makes an error; `problems` lists everything that is wrong with the content.
  public init(_ kind: Kind, _ problem: String, expected: String? = nil, remedy: String? = nil, problems: [BundleProblem] = []) {
    self.kind = kind
    self.problem = problem
    self.expected = expected
    self.remedy = remedy
    self.problems = problems
  }

  init(_ failure: SystemFailure, _ doing: String) {
    self.init(
      failure.isDiskFull ? .diskFull : failure.code == ENOENT ? .notFound : .io, "\(failure.path): \(doing): \(failure.reason)",
      remedy: failure.isDiskFull ? "free space on the disk" : failure.isNotWritable ? "choose a folder that you may write to" : nil)
  }

  init(_ kind: Kind, bundle location: String, problems: [BundleProblem], remedy: String) {
    let shown = problems.prefix(5).map(\.description).joined(separator: ", ")
    let rest = problems.count > 5 ? " and \(problems.count - 5) more problems" : ""
    self.init(kind, "the bundle \(location) cannot be trusted: \(shown)\(rest)", remedy: remedy, problems: problems)
  }
}

/// A name from outside, fit for a terminal: control characters become visible escapes.
func printable(_ text: String) -> String {
  text.unicodeScalars.map { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? "\\u{\(String($0.value, radix: 16))}" : String($0) }
    .joined()
}
