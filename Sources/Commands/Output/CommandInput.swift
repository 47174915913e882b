import Dispatch
import MartletCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What a person, or another program, tells a running command.
public protocol CommandInput: Sendable {
  /// A person sits at a terminal.
  var isInteractive: Bool { get }

  /// The next line without its end, or `nil` when there are no more.
  func readLine() async -> String?

  /// Everything up to the end.
  /// - Throws: `FileError` if it cannot be read, or is not UTF-8.
  func readAll() async throws -> String

  /// One element for each Ctrl-C, which does not end the process as long as the stream is there.
  func interrupts() -> AsyncStream<Void>
}

/// The process's own standard input.
public struct StandardInput: CommandInput {
  /// The input of this process.
  public init() {}

  public var isInteractive: Bool { isatty(STDIN_FILENO) == 1 }

  public func readLine() async -> String? {
    // Waiting for a person must not take a thread away from the tasks.
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(returning: Swift.readLine()) }
    }
  }

  public func readAll() async throws -> String {
    let bytes = await withCheckedContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(returning: Self.bytes()) }
    }
    guard let bytes else { throw FileError(path: "standard input", problem: "cannot be read: \(AtomicFile.systemReason())") }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw FileError(path: "standard input", problem: "is not UTF-8") }
    return text
  }

  private static func bytes() -> [UInt8]? {
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(STDIN_FILENO, &buffer, buffer.count)
      if count == 0 { return all }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return nil }
      all += buffer[..<count]
    }
  }

  public func interrupts() -> AsyncStream<Void> {
    AsyncStream { continuation in
      signal(SIGINT, SIG_IGN)
      // It may be cancelled from any thread.
      nonisolated(unsafe) let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
      source.setEventHandler { continuation.yield() }
      source.resume()
      continuation.onTermination = { _ in
        source.cancel()
        signal(SIGINT, SIG_DFL)
      }
    }
  }
}
