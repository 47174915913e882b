/// A repository of a model hub at one revision, as `hf:ORG/NAME@REVISION` says it.
public struct HubRepository: Sendable, Hashable, CustomStringConvertible {
  /// What a repository holds; the hub keeps them under different addresses.
  public enum Kind: String, Sendable, Hashable, Codable { case model, dataset }

  /// `ORG/NAME`, or `NAME` alone for the hub's oldest models.
  public let id: String
  public let kind: Kind
  /// A branch, a tag, or a commit's 40 hexadecimal digits.
  public let revision: String

  /// - Throws: `HubError.Kind.invalidName` where a name could leave its folder or its place in an address.
  public init(_ id: String, kind: Kind = .model, revision: String = "main") throws(HubError) {
    let parts = id.split(separator: "/", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), parts.allSatisfy(Self.isName), !id.contains("--"), id.utf8.count <= 96 * 2 else {
      throw HubError(.invalidName(what: "repository", name: id, expected: "ORG/NAME of letters, digits, '-', '_' and '.'"))
    }
    guard HubPath.isSafe(revision), revision.utf8.count <= 200 else {
      throw HubError(.invalidName(what: "revision", name: revision, expected: "a branch, a tag or a commit"))
    }
    self.id = id
    self.kind = kind
    self.revision = revision
  }

  /// The revision is a commit, which never changes.
  public var isPinned: Bool { Self.isCommit(revision) }

  /// The same repository at a commit.
  func at(commit: String) throws(HubError) -> HubRepository { try HubRepository(id, kind: kind, revision: commit) }

  /// `hf:ORG/NAME@REVISION`
  public var description: String { "hf:\(kind == .dataset ? "datasets/" : "")\(id)\(revision == "main" ? "" : "@" + revision)" }

  /// The folder in the cache: `models--ORG--NAME`.
  var folderName: String { "\(kind.rawValue)s--" + id.split(separator: "/").joined(separator: "--") }

  /// What stands before the id in addresses of files.
  var addressPrefix: String { kind == .dataset ? "datasets/" : "" }

  static func isCommit(_ text: String) -> Bool { text.utf8.count == 40 && HubPath.isHexadecimal(text) }

  private static func isName(_ part: Substring) -> Bool {
    guard let first = part.utf8.first, let last = part.utf8.last, part.utf8.count <= 96 else { return false }
    let isWord = part.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
        true
      default: false
      }
    }
    let edges: Set<UInt8> = [UInt8(ascii: "."), UInt8(ascii: "-")]
    return isWord && !edges.contains(first) && !edges.contains(last) && !part.contains("..")
  }
}

/// Something on a hub that a person names: a repository, or one file of it.
public struct HubReference: Sendable, Hashable, CustomStringConvertible {
  public let repository: HubRepository
  /// The file's path in the repository; `nil` is the whole.
  public let file: String?

  /// What every reference begins with.
  public static let scheme = "hf:"

  /// Whether a text means something on a hub rather than a file here.
  public static func isReference(_ text: String) -> Bool { text.hasPrefix(scheme) }

  /// Reads `hf:ORG/NAME`, `hf:ORG/NAME@REVISION`, `hf:ORG/NAME[@REVISION]/PATH/FILE`, and the same after `hf:datasets/`.
  ///
  /// A revision with slashes (`refs/pr/1`) is written with `%2F`.
  /// - Throws: `HubError.Kind.invalidName`.
  public init(_ text: String) throws(HubError) {
    var rest = text.hasPrefix(Self.scheme) ? text.dropFirst(Self.scheme.count) : text[...]
    if rest.hasPrefix("//") { rest = rest.dropFirst(2) }
    var kind = HubRepository.Kind.model
    if rest.hasPrefix("datasets/") {
      kind = .dataset
      rest = rest.dropFirst(9)
    }
    let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count >= 2 else {
      throw HubError(.invalidName(what: "reference", name: text, expected: "hf:ORG/NAME, hf:ORG/NAME@REVISION or hf:ORG/NAME/FILE"))
    }
    let name = parts[1].split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    let revision = name.count == 2 ? name[1].split(separator: "%2F", omittingEmptySubsequences: false).joined(separator: "/") : "main"
    repository = try HubRepository("\(parts[0])/\(name[0])", kind: kind, revision: revision)
    guard parts.count > 2 else {
      file = nil
      return
    }
    let path = parts[2...].joined(separator: "/")
    try HubPath.check(path)
    file = path
  }

  /// `hf:ORG/NAME@REVISION/FILE`
  public var description: String { file.map { "\(repository)/\($0)" } ?? "\(repository)" }
}
