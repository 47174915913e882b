import AsyncHTTPClient
import Foundation
import MartletCore
import NIOHTTP1

/// The hub's questions and answers about one repository.
struct HubAPI: Sendable {
  let transport: HubTransport
  let repository: HubRepository

  private var hasToken: Bool { transport.settings.token != nil }
  private var base: String { "\(transport.settings.endpoint)/api/\(repository.kind.rawValue)s/\(repository.id)" }

  /// The address of a file at a commit or another revision.
  func address(of path: String, at revision: String) -> String {
    "\(transport.settings.endpoint)/\(repository.addressPrefix)\(repository.id)/resolve/"
      + "\(HubPath.escape(revision, keepsSlashes: false))/\(HubPath.escape(path))"
  }

  private struct Information: Decodable { var sha: String }

  /// The commit that the revision is at.
  func commit() async throws -> String {
    do {
      return try await unexplainedCommit()
    } catch let error as HubError {
      throw await explained(error)
    }
  }

  private func unexplainedCommit() async throws -> String {
    if repository.isPinned { return repository.revision }
    let address = "\(base)/revision/\(HubPath.escape(repository.revision, keepsSlashes: false))"
    let answer = try await transport.document(Information.self, address) { refusal($0) }.value
    guard HubRepository.isCommit(answer.sha) else {
      throw HubError(.badAnswer(address: address, reason: "its commit is '\(answer.sha.prefix(80))'"))
    }
    return answer.sha
  }

  private struct Entry: Decodable {
    struct Large: Decodable {
      var oid: String
      var size: Int
    }

    var type: String
    var path: String
    var size: Int?
    var oid: String?
    var lfs: Large?
  }

  /// All files at a commit, page by page.
  func listing(commit: String) async throws -> HubListing {
    var next: String? = "\(base)/tree/\(commit)?recursive=true&expand=false"
    var files: [HubFile] = []
    var pages = 0
    while let address = next {
      pages += 1
      guard pages <= 1_000 else { throw HubError(.badAnswer(address: HubTransport.shown(address), reason: "it has more than 1000 pages")) }
      let (entries, headers) = try await transport.document([Entry].self, address) { refusal($0) }
      for entry in entries where entry.type == "file" {
        try HubPath.check(entry.path)
        let file = HubFile(path: entry.path, size: entry.lfs?.size ?? entry.size ?? -1, gitID: entry.oid ?? "", sha256: entry.lfs?.oid)
        guard file.size >= 0, HubChecksum(etag: file.checksum.name) != nil else { throw HubError(.noChecksum(path: entry.path)) }
        files.append(file)
      }
      next = try Self.nextPage(headers, after: address)
      if let next, !transport.isHub(next) {
        throw HubError(.badRedirect(from: HubTransport.shown(address), reason: "its next page is on another host"))
      }
    }
    return HubListing(commit: commit, files: files)
  }

  /// `Link: <…>; rel="next"` (RFC 8288), relative to the page.
  private static func nextPage(_ headers: HTTPHeaders, after address: String) throws -> String? {
    for link in headers["Link"].flatMap({ $0.split(separator: ",") }) {
      let parts = link.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
      guard let first = parts.first, first.hasPrefix("<"), first.hasSuffix(">"), parts.dropFirst().contains(#"rel="next""#) else {
        continue
      }
      guard let base = URL(string: address), let next = URL(string: String(first.dropFirst().dropLast()), relativeTo: base) else {
        throw HubError(.badAnswer(address: HubTransport.shown(address), reason: "its next page has no address"))
      }
      return next.absoluteString
    }
    return nil
  }

  /// A file's commit, size and checksum without its content.
  func metadata(of path: String) async throws -> (commit: String, file: HubFile) {
    let address = self.address(of: path, at: repository.revision)
    let response: HTTPClientResponse
    do {
      response = try await transport.retrying {
        let response = try await transport.send(.HEAD, address, staysOnHub: true)
        if let error = refusal(response, path: path) { throw error }
        return response
      }
    } catch let error as HubError {
      throw await explained(error)
    }
    let headers = response.headers
    guard let commit = headers.first(name: "X-Repo-Commit"), HubRepository.isCommit(commit) else {
      throw HubError(.badAnswer(address: address, reason: "it names no commit (X-Repo-Commit)"))
    }
    let isRedirect = (300..<400).contains(Int(response.status.code))
    let tag = headers.first(name: "X-Linked-Etag") ?? headers.first(name: "ETag") ?? ""
    guard let checksum = HubChecksum(etag: Self.plain(tag)) else { throw HubError(.noChecksum(path: path)) }
    let length = headers.first(name: "X-Linked-Size") ?? (isRedirect ? nil : headers.first(name: "Content-Length"))
    guard let size = length.flatMap({ Int($0) }), size >= 0 else {
      throw HubError(.badAnswer(address: address, reason: "it names no size (X-Linked-Size, Content-Length)"))
    }
    let file =
      switch checksum {
      case .gitBlob(let digits): HubFile(path: path, size: size, gitID: digits)
      case .sha256(let digits): HubFile(path: path, size: size, gitID: "", sha256: digits)
      }
    return (commit, file)
  }

  /// An entity tag without quotes and without the sign of a weak one.
  private static func plain(_ tag: String) -> String {
    (tag.hasPrefix("W/") ? tag.dropFirst(2) : tag[...]).trimmingCharacters(in: CharacterSet(charactersIn: "\""))
  }

  // MARK: Refusals

  /// What a status says that is not a good one; `nil` for good ones and redirects.
  func refusal(_ response: HTTPClientResponse, path: String? = nil) -> HubError? {
    let status = Int(response.status.code)
    guard status >= 400 else { return nil }
    let message = response.headers.first(name: "X-Error-Message") ?? ""
    let address = path.map { self.address(of: $0, at: repository.revision) } ?? base
    switch response.headers.first(name: "X-Error-Code") ?? "" {
    case "RevisionNotFound": return HubError(.revisionNotFound(repository: repository.id, revision: repository.revision, known: []))
    case "EntryNotFound": return HubError(.fileNotFound(repository: repository.id, path: path ?? "", known: []))
    case "GatedRepo":
      let page = "\(transport.settings.endpoint)/\(repository.addressPrefix)\(repository.id)"
      return HubError(.gated(repository: repository.id, page: page, hasToken: hasToken))
    case "RepoNotFound" where status == 404 && hasToken: return HubError(.repositoryNotFound(repository.id))
    default: break
    }
    switch status {
    case 401: return HubError(.unauthorized(repository: repository.id, hasToken: hasToken))
    case 403: return HubError(.forbidden(repository: repository.id, message: message))
    case 404:
      return HubError(path.map { .fileNotFound(repository: repository.id, path: $0, known: []) } ?? .repositoryNotFound(repository.id))
    default: return HubError(.failed(status: status, address: address, message: message))
    }
  }

  private struct References: Decodable {
    struct Name: Decodable { var name: String }
    var branches: [Name]?
    var tags: [Name]?
  }

  /// The same error with what there is instead, as far as the hub tells. What goes wrong in asking is not explained again.
  private func explained(_ error: HubError) async -> HubError {
    switch error.kind {
    case .revisionNotFound(let id, let revision, _):
      let known = try? await transport.document(References.self, "\(base)/refs") { refusal($0) }.value
      let names = ((known?.branches ?? []) + (known?.tags ?? [])).map(\.name)
      return HubError(.revisionNotFound(repository: id, revision: revision, known: names))
    case .fileNotFound(let id, let path, _):
      guard let commit = try? await unexplainedCommit(), let listing = try? await listing(commit: commit) else { return error }
      return HubError(.fileNotFound(repository: id, path: path, known: listing.files.map(\.path)))
    default: return error
    }
  }
}
