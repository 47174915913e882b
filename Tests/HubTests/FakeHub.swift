import Crypto
import Foundation
import NIOHTTP1
import Synchronization

@testable import Hub

/// A hub with one repository, written by Hugging Face's documentation of its HTTP, and with whatever faults a test wants.
final class FakeHub: Sendable {
  struct Content: Sendable {
    var bytes: [UInt8]
    var isLarge: Bool

    var sha256: String { SHA256.hash(data: bytes).map(Self.hex).joined() }
    var gitID: String {
      var hasher = Insecure.SHA1()
      hasher.update(data: Data("blob \(bytes.count)\0".utf8))
      hasher.update(data: bytes)
      return hasher.finalize().map(Self.hex).joined()
    }
    private static func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
  }

  /// What goes wrong, in order of the requests that it fits.
  struct Faults: Sendable {
    /// Each is given once, to the first request whose target contains the text.
    var once: [(target: String, answer: LocalAnswer)] = []
    /// Offsets at which the contents of large files are cut off, one for each request.
    var cuts: [Int] = []
    /// Files whose content is not what was announced.
    var wrong: Set<String> = []
    /// Large files come from this address instead.
    var elsewhere: String?
    /// The server ignores ranges.
    var ignoresRanges = false
    /// The token without which nothing is given.
    var token: String?
    var isGated = false
    var pageSize = 1_000
    /// Names that the listing shows besides the true ones.
    var strangeNames: [String] = []
    var givesChecksums = true
  }

  static let id = "org/small-model"
  let commit = String(repeating: "0123456789", count: 4)
  let files: [String: Content]
  let faults: Mutex<Faults>

  init(_ files: [String: Content], _ faults: Faults = Faults()) {
    self.files = files
    self.faults = Mutex(faults)
  }

  /// A model with a folder, a large file and a pickle.
  static func standard(_ faults: Faults = Faults()) -> FakeHub {
    func content(_ text: String) -> Content { Content(bytes: Array(text.utf8), isLarge: false) }
    let weights = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 7) }
    return FakeHub(
      [
        "config.json": content("{\"model_type\": \"bert\"}"), "1_Pooling/config.json": content("{}"), "README.md": content("# A model\n"),
        "empty.txt": content(""), "a name with %25 and ü.txt": content("odd"),
        "model.safetensors": Content(bytes: weights, isLarge: true), "pytorch_model.bin": Content(bytes: [0x80, 2], isLarge: true),
      ], faults)
  }

  func answer(_ request: SeenRequest) -> LocalAnswer {
    let fault = faults.withLock { faults -> LocalAnswer? in
      guard let place = faults.once.firstIndex(where: { request.target.contains($0.target) }) else { return nil }
      return faults.once.remove(at: place).answer
    }
    if let fault { return fault }
    let now = faults.withLock { $0 }
    if let token = now.token, request.headers.first(name: "Authorization") != "Bearer \(token)" {
      return now.isGated
        ? LocalAnswer(401, [("X-Error-Code", "GatedRepo"), ("X-Error-Message", "Access is restricted.")])
        : LocalAnswer(401, [("X-Error-Code", "RepoNotFound"), ("X-Error-Message", "Repository not found")])
    }
    let api = "/api/models/\(Self.id)"
    switch request.path {
    case "\(api)/revision/main", "\(api)/revision/refs%2Fpr%2F1":
      return .json("{\"id\": \"\(Self.id)\", \"sha\": \"\(commit)\", \"gated\": false}")
    case "\(api)/refs": return .json("{\"branches\": [{\"name\": \"main\"}], \"tags\": [{\"name\": \"v1.0\"}], \"converts\": []}")
    case "\(api)/tree/\(commit)": return tree(request, now)
    case let path where path.hasPrefix("\(api)/"): return LocalAnswer(404, [("X-Error-Code", "RevisionNotFound")])
    case let path where path.hasPrefix("/\(Self.id)/resolve/"): return resolve(request, now)
    case let path where path.hasPrefix("/cdn/"): return file(String(path.dropFirst(5)), request, now)
    default: return LocalAnswer(404, [("X-Error-Code", "RepoNotFound")])
    }
  }

  private func tree(_ request: SeenRequest, _ now: Faults) -> LocalAnswer {
    let start = request.target.range(of: "cursor=").flatMap { Int(request.target[$0.upperBound...]) } ?? 0
    let names = files.keys.sorted() + now.strangeNames
    let page = names.dropFirst(start).prefix(now.pageSize)
    let entries = page.map { name -> String in
      let content = files[name] ?? Content(bytes: [], isLarge: false)
      let large =
        content.isLarge ? ", \"lfs\": {\"oid\": \"\(content.sha256)\", \"size\": \(content.bytes.count), \"pointerSize\": 131}" : ""
      return "{\"type\": \"file\", \"oid\": \"\(content.gitID)\", \"size\": \(content.bytes.count), \"path\": \"\(name)\"\(large)}"
    }
    let folder = "{\"type\": \"directory\", \"oid\": \"\(commit)\", \"size\": 0, \"path\": \"1_Pooling\"}"
    let next = start + page.count
    let link = "<\(request.path)?recursive=true&cursor=\(next)>; rel=\"next\""
    return .json("[\((entries + [folder]).joined(separator: ", "))]", next < names.count ? [("Link", link)] : [])
  }

  private func resolve(_ request: SeenRequest, _ now: Faults) -> LocalAnswer {
    let parts = request.path.dropFirst("/\(Self.id)/resolve/".count).split(separator: "/", maxSplits: 1)
    guard parts.count == 2, ["main", commit].contains(String(parts[0])) else {
      return LocalAnswer(404, [("X-Error-Code", "RevisionNotFound")])
    }
    let name = String(parts[1]).removingPercentEncoding ?? ""
    guard let content = files[name] else {
      return LocalAnswer(404, [("X-Error-Code", "EntryNotFound"), ("X-Repo-Commit", commit)])
    }
    let common = [("X-Repo-Commit", commit)]
    guard content.isLarge else {
      var answer = LocalAnswer(200, common, now.wrong.contains(name) ? content.bytes.map { $0 ^ 1 } : content.bytes)
      if now.givesChecksums { answer.headers.append(("ETag", "\"\(content.gitID)\"")) }
      return answer
    }
    let place = (now.elsewhere ?? "") + "/cdn/\(parts[1])?X-Amz-Signature=secret"
    return LocalAnswer(
      302,
      common + [
        ("X-Linked-Etag", "\"\(content.sha256)\""), ("X-Linked-Size", "\(content.bytes.count)"), ("ETag", "\"\(content.gitID)\""),
        ("Location", place),
      ])
  }

  /// The storage behind the hub, with tags of its own.
  func file(_ path: String, _ request: SeenRequest, _ now: Faults) -> LocalAnswer {
    let name = path.removingPercentEncoding ?? ""
    guard let content = files[name] else { return LocalAnswer(404) }
    let bytes = now.wrong.contains(name) ? content.bytes.map { $0 ^ 1 } : content.bytes
    var answer = LocalAnswer(200, [("ETag", "\"storage-\(content.gitID)\""), ("Accept-Ranges", "bytes")], bytes)
    let sameTag = request.headers.first(name: "If-Range").map { $0 == "\"storage-\(content.gitID)\"" } ?? true
    if !now.ignoresRanges, sameTag, let range = request.headers.first(name: "Range"), range.hasPrefix("bytes="), range.hasSuffix("-"),
      let start = Int(range.dropFirst(6).dropLast())
    {
      guard start < bytes.count else { return LocalAnswer(416, [("Content-Range", "bytes */\(bytes.count)")]) }
      answer.status = 206
      answer.headers.append(("Content-Range", "bytes \(start)-\(bytes.count - 1)/\(bytes.count)"))
      answer.body = Array(bytes[start...])
    }
    answer.cutAfter = faults.withLock { $0.cuts.isEmpty ? nil : $0.cuts.removeFirst() }
    return answer
  }
}

/// A hub, its server and a cache of its own, gone afterwards.
struct HubStage: Sendable {
  let hub: FakeHub
  let server: LocalServer
  let cache: String
  let pauses = Recorder()

  final class Recorder: Sendable {
    private let all = Mutex<[Duration]>([])
    var values: [Duration] { all.withLock { $0 } }
    func add(_ duration: Duration) { all.withLock { $0.append(duration) } }
  }

  static func with(_ hub: FakeHub = .standard(), _ body: (HubStage) async throws -> Void) async throws {
    let server = try await LocalServer { hub.answer($0) }
    let cache = FileManager.default.temporaryDirectory.appendingPathComponent("hub-tests-\(UUID().uuidString)").path
    do {
      try await body(HubStage(hub: hub, server: server, cache: cache))
    } catch {
      try? FileManager.default.removeItem(atPath: cache)
      try? await server.stop()
      throw error
    }
    try? FileManager.default.removeItem(atPath: cache)
    try await server.stop()
  }

  func client(
    token: String? = nil, isOffline: Bool = false, free: Int? = nil, _ change: (inout HubSettings) -> Void = { _ in }
  ) -> HubClient {
    var settings = HubSettings(endpoint: server.url, token: token, cache: cache, isOffline: isOffline)
    settings.firstPause = .milliseconds(1)
    change(&settings)
    let pauses = pauses
    return HubClient(settings, freeBytes: { free ?? HubDisk.free($0) }) { pauses.add($0) }
  }

  func repository(_ revision: String = "main") throws -> HubRepository { try HubRepository(FakeHub.id, revision: revision) }

  func content(_ path: String) -> [UInt8]? { FileManager.default.contents(atPath: path).map { Array($0) } }

  /// Requests for contents.
  var fetches: [SeenRequest] { server.requests.filter { $0.method == "GET" && $0.path.hasPrefix("/cdn/") } }
}

/// The error's kind, or `nil` where none comes or another.
func hubError(_ body: () async throws -> Void) async -> HubError.Kind? {
  do {
    try await body()
    return nil
  } catch let error as HubError {
    return error.kind
  } catch {
    return nil
  }
}
