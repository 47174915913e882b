import Foundation
import Hub
import MartletCore
import Synchronization

/// A model on a hub, brought into the cache so that it can be imported like one that lies here.
struct HubSource {
  /// The folder or the GGUF file.
  let path: String
  /// What the model is called after: the repository's name, or the file's.
  let name: String
  /// `hf:ORG/NAME@COMMIT`, whatever branch was asked for.
  let origin: String

  /// What a model that is imported may be made of: plain data, and not the copies for other programs that some repositories have.
  static let patterns = HubPatterns(
    allow: ["*.json", "*.safetensors", "*.model", "*.txt", "*.jinja", "*.tiktoken"],
    ignore: [".*", "*/.*", "onnx/*", "openvino/*", "coreml/*", "original/*"])

  /// - Throws: `HubError`, `FileError` for the cache's folder.
  static func fetch(_ text: String, _ settings: HubSettings, quiet: Bool) async throws -> HubSource {
    let reference = try HubReference(text)
    let client = HubClient(settings), repository = reference.repository
    let line = HubLine(quiet: quiet)
    defer { line.end() }
    if let file = reference.file {
      guard file.lowercased().hasSuffix(".gguf") else {
        throw ArgumentError("'\(file)' of \(repository)", expected: "a .gguf file", remedy: "\(repository) for all files of the model")
      }
      let path = try await client.file(file, of: repository) { line.show($0) }
      let commit = Self.commit(of: path, file)
      return HubSource(
        path: Self.resolved(path), name: (file as NSString).lastPathComponent, origin: "hf:\(repository.id)@\(commit)/\(file)")
    }
    let snapshot = try await client.snapshot(of: repository, patterns) { line.show($0) }
    guard snapshot.files.contains(where: { $0.hasSuffix(".safetensors") }) else {
      let known = (try? await client.listing(of: repository))?.files.map(\.path) ?? snapshot.files
      throw HubError(.nothingMatches(repository: repository.id, known: known.filter { $0.hasSuffix(".gguf") } + known))
    }
    if let reason = snapshot.staleness, !quiet { Terminal.note("from the cache, as it was last time: \(reason)") }
    return HubSource(
      path: snapshot.folder, name: String(repository.id.split(separator: "/").last ?? "model"),
      origin: "hf:\(repository.id)@\(snapshot.commit)")
  }

  /// What a link of the cache leads to: bundles take no links.
  static func resolved(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }

  /// The cache's folder of a commit is named by it.
  private static func commit(of path: String, _ file: String) -> String {
    (String(path.dropLast(file.count + 1)) as NSString).lastPathComponent
  }
}

/// One line in a terminal that says how far a fetch is; elsewhere a line at its end.
private final class HubLine: Sendable {
  private let quiet: Bool
  private let state = Mutex((last: ContinuousClock.Instant?.none, isShown: false))

  init(quiet: Bool) { self.quiet = quiet }

  func show(_ progress: HubProgress) {
    guard !quiet, Terminal.isInteractive else { return }
    let now = ContinuousClock.now
    let isDue = state.withLock { state in
      if let last = state.last, now - last < .milliseconds(200), progress.finishedFiles < progress.files { return false }
      state = (now, true)
      return true
    }
    guard isDue else { return }
    let share = progress.totalBytes > 0 ? 100 * progress.bytes / progress.totalBytes : 100
    let text = "fetching: \(share) % of \(progress.totalBytes >> 20) MiB, \(progress.finishedFiles) of \(progress.files) files"
    Terminal.note("\r" + text + "\u{1B}[K", terminator: "")
  }

  func end() { if state.withLock({ $0.isShown }) { Terminal.note("") } }
}
