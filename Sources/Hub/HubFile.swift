/// A file of a repository at one commit.
public struct HubFile: Sendable, Hashable {
  /// Relative to the repository.
  public let path: String
  /// Bytes.
  public let size: Int
  /// The name of git's object: SHA-1 of the content behind git's own header, or that of the pointer to a large file.
  public let gitID: String
  /// SHA-256 of the content of a large file.
  public let sha256: String?

  /// A file by its parts.
  public init(path: String, size: Int, gitID: String, sha256: String? = nil) {
    self.path = path
    self.size = size
    self.gitID = gitID
    self.sha256 = sha256
  }

  /// What its content must have.
  var checksum: HubChecksum { sha256.map { .sha256($0) } ?? .gitBlob(gitID) }
}

/// What a repository has at one commit.
public struct HubListing: Sendable, Hashable {
  /// 40 hexadecimal digits.
  public let commit: String
  /// By path.
  public let files: [HubFile]

  /// A listing by its parts.
  public init(commit: String, files: [HubFile]) {
    self.commit = commit
    self.files = files.sorted { $0.path < $1.path }
  }
}

/// Where the wanted files of a repository lie.
public struct HubSnapshot: Sendable, Hashable {
  /// The folder with the files by their own names; each is a link into the cache.
  public let folder: String
  public let commit: String
  /// Those that were wanted, by path relative to the folder.
  public let files: [String]
  /// Why the cache was taken as it is and the hub not asked; `nil` where it was, or did not have to be.
  public let staleness: String?
}

/// How far a fetch is.
public struct HubProgress: Sendable, Hashable {
  /// The file that went on.
  public let file: String
  /// Files that are there.
  public let finishedFiles: Int
  /// Files that are wanted.
  public let files: Int
  /// Bytes that are there.
  public let bytes: Int
  /// Bytes that are wanted.
  public let totalBytes: Int
}
