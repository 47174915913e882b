public import MartletCore
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Where a command's words go.
public protocol CommandOutput: Sendable {
  /// The result, on standard output.
  /// - Throws: `FileError` if it cannot be written.
  func write(_ text: String) throws(FileError)

  /// Remarks and errors, on standard error.
  func note(_ text: String)
}

/// The process's own streams. A reader that has gone away is no error: `martlet models | head` ends quietly.
public struct StandardOutput: CommandOutput {
  /// The streams of this process; from now on a closed pipe is an error code and not the end.
  public init() { signal(SIGPIPE, SIG_IGN) }

  public func write(_ text: String) throws(FileError) {
    var text = text
    do {
      try text.withUTF8 { bytes in try AtomicFile.writeAll(UnsafeRawBufferPointer(bytes), to: STDOUT_FILENO, path: "standard output") }
    } catch let error as FileError {
      if errno != EPIPE { throw error }
    } catch {
      throw FileError(path: "standard output", problem: "cannot be written: \(error)")
    }
  }

  public func note(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      // There is nobody left to tell when standard error cannot be written.
      _ = try? AtomicFile.writeAll(UnsafeRawBufferPointer(bytes), to: STDERR_FILENO, path: "standard error")
    }
  }
}

/// Keeps everything in memory, for tests.
public final class CapturedOutput: CommandOutput {
  private let texts = Mutex((output: "", notes: ""))

  /// Nothing yet.
  public init() {}

  public func write(_ text: String) { texts.withLock { $0.output += text } }
  public func note(_ text: String) { texts.withLock { $0.notes += text } }

  /// What came on standard output so far.
  public var output: String { texts.withLock { $0.output } }
  /// What came on standard error so far.
  public var notes: String { texts.withLock { $0.notes } }
}
