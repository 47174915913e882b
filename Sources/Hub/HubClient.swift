import Foundation
import MartletCore
import Synchronization

/// Fetches models and data from a hub that speaks Hugging Face's HTTP, into the cache that Python's `huggingface_hub` uses, too.
///
/// ```swift
/// let hub = HubClient(.fromEnvironment())
/// let model = try await hub.snapshot(of: HubRepository("sentence-transformers/all-MiniLM-L6-v2"))
/// print(model.folder)
/// ```
///
/// What is in the cache is never fetched again; what was cut off goes on where it stopped; nothing gets its name before its checksum is
/// right. Without network the cache answers.
public struct HubClient: Sendable {
  public let settings: HubSettings
  private let freeBytes: @Sendable (String) -> Int?
  private let sleep: @Sendable (Duration) async throws -> Void

  /// A client; nothing is opened before something is asked for.
  public init(_ settings: HubSettings) {
    self.init(settings, freeBytes: HubDisk.free) { try await Task.sleep(for: $0) }
  }

  init(
    _ settings: HubSettings, freeBytes: @escaping @Sendable (String) -> Int?, sleep: @escaping @Sendable (Duration) async throws -> Void
  ) {
    self.settings = settings
    self.freeBytes = freeBytes
    self.sleep = sleep
  }

  /// What a repository has, as the hub says now.
  /// - Throws: `HubError`.
  public func listing(of repository: HubRepository) async throws -> HubListing {
    guard !settings.isOffline else {
      throw HubError(.notCached(what: "\(repository)", missing: [], reason: "the network is not to be used"))
    }
    return try await HubTransport.with(settings, sleep: sleep) { transport in
      let api = HubAPI(transport: transport, repository: repository)
      return try await api.listing(commit: api.commit())
    }
  }

  /// Fetches all files of a repository that the patterns want.
  /// - Parameter progress: is called from several tasks, often.
  /// - Throws: `HubError`, `FileError` for the cache's folder, `CancellationError`. What has come stays in the cache.
  public func snapshot(
    of repository: HubRepository, _ patterns: HubPatterns = HubPatterns(), progress: @escaping @Sendable (HubProgress) -> Void = { _ in }
  ) async throws -> HubSnapshot {
    let cache = HubCache(root: settings.cache, repository: repository)
    if settings.isOffline { return try cached(cache, patterns, reason: "the network is not to be used") }
    // A commit does not change: whoever has it all need not ask.
    if repository.isPinned, cache.listing(repository.revision) != nil, var whole = try? cached(cache, patterns, reason: "") {
      whole = HubSnapshot(folder: whole.folder, commit: whole.commit, files: whole.files, staleness: nil)
      return whole
    }
    do {
      return try await HubTransport.with(settings, sleep: sleep) { transport in
        let api = HubAPI(transport: transport, repository: repository)
        let commit = try await api.commit()
        var listing = cache.listing(commit)
        if listing == nil { listing = try await api.listing(commit: commit) }
        guard let listing else { return try cached(cache, patterns, reason: "") }
        let wanted = try wanted(listing, patterns, repository)
        try cache.prepare()
        try cache.remember(listing)
        try cache.remember(commit: commit)
        try await fetch(wanted, commit, api, cache, progress)
        return HubSnapshot(folder: cache.snapshot(commit), commit: commit, files: wanted.map(\.path), staleness: nil)
      }
    } catch let error as HubError where Self.isPassing(error) {
      // Yesterday's answer is better than none.
      if let known = try? cached(cache, patterns, reason: error.problem) { return known }
      throw error
    }
  }

  /// Fetches one file.
  /// - Returns: its path in the cache.
  /// - Throws: as ``snapshot(of:_:progress:)``, and `HubError.Kind.pickle`.
  public func file(
    _ path: String, of repository: HubRepository, allowsPickles: Bool = false,
    progress: @escaping @Sendable (HubProgress) -> Void = { _ in }
  ) async throws -> String {
    try HubPath.check(path)
    guard allowsPickles || !HubPatterns.isPickle(path) else { throw HubError(.pickle(path)) }
    let cache = HubCache(root: settings.cache, repository: repository)
    func known(_ reason: String) throws -> String {
      guard let file = cache.knownCommit.flatMap({ cache.file(path, commit: $0) }) else {
        throw HubError(.notCached(what: "\(repository)/\(path)", missing: [], reason: reason))
      }
      return file
    }
    if settings.isOffline { return try known("the network is not to be used") }
    if repository.isPinned, let file = cache.file(path, commit: repository.revision) { return file }
    do {
      return try await HubTransport.with(settings, sleep: sleep) { transport in
        let api = HubAPI(transport: transport, repository: repository)
        let (commit, file) = try await api.metadata(of: path)
        try cache.prepare()
        try cache.remember(commit: commit)
        try await fetch([file], commit, api, cache, progress)
        return cache.snapshot(commit) + "/" + path
      }
    } catch let error as HubError where Self.isPassing(error) {
      if let file = try? known("") { return file }
      throw error
    }
  }

  /// Errors of the network and of the server rather than of what was asked for.
  private static func isPassing(_ error: HubError) -> Bool {
    switch error.kind {
    case .noNetwork, .rateLimited, .badAnswer: true
    case .failed(let status, _, _): status >= 500 || status == 408 || status == 429
    default: false
    }
  }

  private func wanted(_ listing: HubListing, _ patterns: HubPatterns, _ repository: HubRepository) throws -> [HubFile] {
    let files = listing.files.filter { patterns.matches($0.path) }
    guard !files.isEmpty else { throw HubError(.nothingMatches(repository: repository.id, known: listing.files.map(\.path))) }
    return files
  }

  /// The wanted files of the commit that is known, all of them.
  private func cached(_ cache: HubCache, _ patterns: HubPatterns, reason: String) throws -> HubSnapshot {
    let name = "\(cache.repository)"
    guard let commit = cache.knownCommit, FileManager.default.fileExists(atPath: cache.snapshot(commit)) else {
      throw HubError(.notCached(what: name, missing: [], reason: reason))
    }
    let folder = cache.snapshot(commit)
    guard let listing = cache.listing(commit) else {
      // Another program fetched it, and did not write down what there is: what is there must do.
      let files = (try FileManager.default.subpathsOfDirectory(atPath: folder)).filter {
        patterns.matches($0) && cache.file($0, commit: commit) != nil && !Self.isFolder(folder + "/" + $0)
      }
      guard !files.isEmpty else { throw HubError(.notCached(what: name, missing: [], reason: reason)) }
      return HubSnapshot(folder: folder, commit: commit, files: files.sorted(), staleness: reason)
    }
    let wanted = try wanted(listing, patterns, cache.repository)
    let missing = wanted.map(\.path).filter { cache.file($0, commit: commit) == nil }
    guard missing.isEmpty else { throw HubError(.notCached(what: name, missing: missing, reason: reason)) }
    return HubSnapshot(folder: folder, commit: commit, files: wanted.map(\.path), staleness: reason)
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  /// Fetches what is missing, several files at a time, and links everything.
  private func fetch(
    _ files: [HubFile], _ commit: String, _ api: HubAPI, _ cache: HubCache, _ progress: @escaping @Sendable (HubProgress) -> Void
  ) async throws {
    let missing = files.filter { !cache.hasBlob($0.checksum, size: $0.size) }
    // Two files of one content are one blob.
    let needed = Dictionary(missing.map { ($0.checksum, $0.size) }, uniquingKeysWith: max).values.reduce(0, +)
    if let free = freeBytes(settings.cache), free < needed {
      throw HubError(.diskFull(folder: settings.cache, needed: needed, free: free))
    }
    let counter = HubCounter(files, missing: missing, report: progress)
    try await withThrowingTaskGroup(of: Void.self) { group in
      var rest = files[...]
      func addNext() {
        guard let file = rest.popFirst() else { return }
        group.addTask {
          if !cache.hasBlob(file.checksum, size: file.size) {
            let download = HubDownload(api: api, cache: cache, commit: commit, file: file) { counter.add($0, to: file.path) }
            try await download.run()
          }
          _ = try cache.link(file.checksum, as: file.path, commit: commit)
          counter.finish(file.path)
        }
      }
      for _ in 0..<max(1, settings.parallelFiles) { addNext() }
      while try await group.next() != nil { addNext() }
    }
  }
}

/// Adds up what several downloads report.
private final class HubCounter: Sendable {
  private struct State {
    var finished = 0
    var bytes: Int
  }

  private let state: Mutex<State>
  private let files: Int
  private let total: Int
  private let report: @Sendable (HubProgress) -> Void

  init(_ files: [HubFile], missing: [HubFile], report: @escaping @Sendable (HubProgress) -> Void) {
    self.files = files.count
    total = files.reduce(0) { $0 + $1.size }
    state = Mutex(State(bytes: total - missing.reduce(0) { $0 + $1.size }))
    self.report = report
  }

  func add(_ bytes: Int, to file: String) { change(file) { $0.bytes += bytes } }

  func finish(_ file: String) { change(file) { $0.finished += 1 } }

  private func change(_ file: String, _ body: (inout State) -> Void) {
    let now = state.withLock { state in
      body(&state)
      return state
    }
    report(HubProgress(file: file, finishedFiles: now.finished, files: files, bytes: now.bytes, totalBytes: total))
  }
}
