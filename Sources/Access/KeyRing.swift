public import Foundation
import MartletCore
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Why a key is refused.
public enum KeyRefusal: Error, Sendable, Hashable {
  /// It is none of the server's keys.
  case unknown
  case expired(Date)
  case revoked(Date)
}

/// The keys of a running server. Looks whether the file has changed, once a second at most, so that a revoked key is refused soon.
public final class KeyRing: Sendable {
  private let file: KeyFile
  private let onProblem: @Sendable (any Error) -> Void
  private let state: Mutex<State>

  private struct State {
    var keys: [String: APIKey]
    var version: FileVersion?
    var lastLook: ContinuousClock.Instant
  }

  private struct FileVersion: Equatable {
    let inode: UInt64
    let size: Int64
    let seconds: Int
    let nanoseconds: Int
  }

  /// - Parameter onProblem: is told when the file can no longer be read or understood; the keys stay as they were until it can.
  /// - Throws: `FileError` if the file cannot be read now.
  public init(file: KeyFile, onProblem: @escaping @Sendable (any Error) -> Void = { _ in }) throws {
    self.file = file
    self.onProblem = onProblem
    // The version is read before the content: a change in between is found at the next look.
    let version = Self.version(of: file)
    let keys = try file.load()
    state = Mutex(State(keys: Dictionary(keys.map { ($0.id, $0) }, uniquingKeysWith: { $1 }), version: version, lastLook: .now))
  }

  public var keys: [APIKey] { state.withLock { Array($0.keys.values) } }

  /// Who comes with a key.
  public func principal(of secret: String, now: Date = Date()) throws(KeyRefusal) -> Principal {
    lookAgain()
    // A text that is no key is compared all the same, so that the time tells nothing about ids.
    let id = KeyText.id(in: secret)
    let found = id.flatMap { id in state.withLock { $0.keys[id] } }
    let isRight = (found ?? Self.dummy).isMade(of: secret)
    guard let found, isRight else { throw .unknown }
    if let revoked = found.revoked { throw .revoked(revoked) }
    if let expires = found.expires, expires <= now { throw .expired(expires) }
    return found.principal
  }

  /// Reads the file if it has changed since the last look.
  /// - Parameters:
  ///   - interval: at most once in so long.
  ///   - always: also where the file seems unchanged: one that could not be read may be readable now.
  public func lookAgain(every interval: Duration = .seconds(1), always: Bool = false) {
    let isDue = state.withLock { state in
      guard state.lastLook.duration(to: .now) >= interval else { return false }
      state.lastLook = .now
      return true
    }
    guard isDue else { return }
    let version = Self.version(of: file)
    guard always || version != state.withLock({ $0.version }) else { return }
    do {
      let keys = try file.load()
      state.withLock { state in
        state.keys = Dictionary(keys.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
        state.version = version
      }
    } catch {
      // Told once for each state of the file.
      state.withLock { $0.version = version }
      onProblem(error)
    }
  }

  private static let dummy = APIKey(
    id: "", name: "", hash: String(repeating: "0", count: 64), roles: [], models: [], limits: UsageLimits(), created: .distantPast)

  private static func version(of file: KeyFile) -> FileVersion? {
    var status = stat()
    guard stat(file.path, &status) == 0 else { return nil }
    return FileVersion(
      inode: UInt64(status.st_ino), size: Int64(status.st_size), seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
  }
}
