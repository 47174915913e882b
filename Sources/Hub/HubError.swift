public import MartletCore

/// Why something cannot be had from a hub.
public struct HubError: MartletError, Hashable {
  /// What is wrong.
  public enum Kind: Sendable, Hashable {
    case invalidName(what: String, name: String, expected: String)
    /// 401: nobody is logged in, or the token is not taken. The hub says the same of repositories that do not exist.
    case unauthorized(repository: String, hasToken: Bool)
    /// The repository's owner wants to be asked first.
    case gated(repository: String, page: String, hasToken: Bool)
    /// 403 of another kind, with the hub's words.
    case forbidden(repository: String, message: String)
    case repositoryNotFound(String)
    case revisionNotFound(repository: String, revision: String, known: [String])
    case fileNotFound(repository: String, path: String, known: [String])
    /// No file fits what was asked for.
    case nothingMatches(repository: String, known: [String])
    /// What came is not what the hub announced.
    case wrongChecksum(path: String, expected: String, found: String)
    case wrongSize(path: String, expected: Int, found: Int)
    /// The hub does not say what the file's content must be.
    case noChecksum(path: String)
    case diskFull(folder: String, needed: Int, free: Int)
    /// The hub cannot be reached.
    case noNetwork(host: String, reason: String)
    /// The hub wants so many seconds of silence.
    case rateLimited(seconds: Int)
    /// A status that says nothing else, after all attempts.
    case failed(status: Int, address: String, message: String)
    /// An answer that is no answer.
    case badAnswer(address: String, reason: String)
    case badRedirect(from: String, reason: String)
    /// A name that could leave its folder.
    case unsafePath(String)
    /// A file that runs code when it is read.
    case pickle(String)
    /// The network is not to be used, and the cache does not have it.
    case notCached(what: String, missing: [String], reason: String)
  }

  public let kind: Kind

  /// An error of the kind.
  public init(_ kind: Kind) { self.kind = kind }

  public var problem: String {
    switch kind {
    case .invalidName(let what, let name, _): "'\(Self.shown(name))' is no name of a \(what)"
    case .unauthorized(let repository, let hasToken):
      hasToken
        ? "the hub does not let this token read \(repository), or there is no such repository"
        : "the hub shows \(repository) to nobody without a token, or there is no such repository"
    case .gated(let repository, _, let hasToken):
      hasToken
        ? "\(repository) is gated, and the account behind the token was not let in" : "\(repository) is gated, and no token was sent"
    case .forbidden(let repository, let message):
      "the hub refuses \(repository)\(message.isEmpty ? "" : ": " + Self.shown(message))"
    case .repositoryNotFound(let repository): "there is no repository \(repository)"
    case .revisionNotFound(let repository, let revision, _): "\(repository) has no revision '\(Self.shown(revision))'"
    case .fileNotFound(let repository, let path, _): "\(repository) has no file '\(Self.shown(path))'"
    case .nothingMatches(let repository, _): "\(repository) has no file of the kinds that are wanted"
    case .wrongChecksum(let path, let expected, let found): "'\(path)' came with the checksum \(found), and the hub says \(expected)"
    case .wrongSize(let path, let expected, let found): "'\(path)' came with \(found) bytes, and the hub says \(expected)"
    case .noChecksum(let path): "the hub gives no checksum for '\(path)', so nobody can tell whether it comes whole"
    case .diskFull(let folder, let needed, let free): "\(folder) has room for \(free) bytes, and \(needed) are to come"
    case .noNetwork(let host, let reason): "\(host) cannot be reached: \(reason)"
    case .rateLimited(let seconds): "the hub wants \(seconds) seconds of silence"
    case .failed(let status, let address, let message):
      "\(address) answered \(status)\(message.isEmpty ? "" : ": " + Self.shown(message))"
    case .badAnswer(let address, let reason): "\(address) gave an answer that cannot be read: \(reason)"
    case .badRedirect(let from, let reason): "\(from) redirects to where no file is fetched from: \(reason)"
    case .unsafePath(let path): "the file name '\(Self.shown(path))' could leave its folder"
    case .pickle(let path): "'\(path)' is a pickle, which runs code when it is read"
    case .notCached(let what, let missing, let reason):
      "\(what) is not \(missing.isEmpty ? "" : "wholly ")in the cache, and \(reason)"
        + (missing.isEmpty ? "" : "; missing: " + Self.list(missing))
    }
  }

  public var expected: String? {
    switch kind {
    case .invalidName(_, _, let expected): expected
    case .revisionNotFound(_, _, let known) where !known.isEmpty: "one of \(Self.list(known))"
    case .fileNotFound(_, _, let known) where !known.isEmpty: "one of \(Self.list(known))"
    case .nothingMatches(_, let known) where !known.isEmpty: "safetensors or GGUF; it has \(Self.list(known))"
    default: nil
    }
  }

  public var remedy: String? {
    switch kind {
    case .unauthorized(_, let hasToken):
      hasToken
        ? "check the spelling, or a token with read access from https://huggingface.co/settings/tokens in HF_TOKEN"
        : "check the spelling, or set HF_TOKEN to a token from https://huggingface.co/settings/tokens"
    case .gated(_, let page, let hasToken):
      "ask for access at \(page)" + (hasToken ? "" : ", then set HF_TOKEN to a token from https://huggingface.co/settings/tokens")
    case .forbidden: "a token with read access to it in HF_TOKEN"
    case .repositoryNotFound: "check the spelling; a repository's name is ORG/NAME"
    case .revisionNotFound(_, let revision, let known): NearestName.of(revision, among: known).map { "@\($0)" }
    case .fileNotFound(_, let path, let known): NearestName.of(path, among: known)
    case .wrongChecksum, .wrongSize, .badAnswer: "again later; what was kept of it is gone"
    case .diskFull: "free space, or another folder in HF_HUB_CACHE"
    case .noNetwork: "check the network and HF_ENDPOINT; what was fetched so far is kept"
    case .rateLimited(let seconds): "again after \(seconds) seconds; with a token in HF_TOKEN the hub allows more"
    case .failed: "again later; what was fetched so far is kept"
    case .pickle: "the safetensors of the same model, or allow pickles explicitly"
    case .notCached: "once with network and without HF_HUB_OFFLINE"
    default: nil
    }
  }

  /// A few names of many.
  private static func list(_ names: [String]) -> String {
    names.prefix(12).map(shown).joined(separator: ", ") + (names.count > 12 ? " and \(names.count - 12) more" : "")
  }

  /// Foreign text, short and without control characters.
  private static func shown(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.prefix(200).map { $0.value < 0x20 || $0.value == 0x7F ? "\u{FFFD}" : $0 }))
  }
}
