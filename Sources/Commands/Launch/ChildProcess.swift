import Foundation
import MartletCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// How a process ended.
enum ProcessEnd: Sendable, Hashable {
  case code(Int32)
  case signal(Int32)

  init(status: Int32) {
    let signal = status & 0x7f
    self = signal == 0 ? .code((status >> 8) & 0xff) : .signal(signal)
  }

  /// As a shell would say it.
  var exitCode: Int32 {
    switch self {
    case .code(let code): code
    case .signal(let number): 128 + number
    }
  }

  var text: String {
    switch self {
    case .code(let code): "ended with exit code \(code)"
    case .signal(let number): "was killed by signal \(number)\(Self.names[number].map { " (\($0))" } ?? "")"
    }
  }

  static let names: [Int32: String] = [
    SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL", SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE",
    SIGKILL: "SIGKILL", SIGSEGV: "SIGSEGV", SIGPIPE: "SIGPIPE", SIGTERM: "SIGTERM",
  ]
}

/// A process that was started, with what it writes.
final class ChildProcess {
  let rank: Int
  let identifier: pid_t
  /// Read ends of its standard output and standard error; -1 once they are at their end.
  private(set) var streams: [Int32]
  private(set) var end: ProcessEnd?
  private var rests: [[UInt8]] = [[], []]

  /// Starts a process in a group of its own, so that Ctrl-C reaches the launcher alone.
  /// - Throws: `FileError` if it cannot be started.
  init(_ program: LaunchedProgram, rank: Int, variables: [String: String]) throws {
    self.rank = rank
    let output = try Self.makePipe(for: program)
    let errors: [Int32]
    do {
      errors = try Self.makePipe(for: program)
    } catch {
      for number in output { close(number) }
      throw error
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, errors[1], STDERR_FILENO)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    // What the launcher ignores or blocks, its children do not.
    var none = sigset_t(), standard = sigset_t()
    sigemptyset(&none)
    sigemptyset(&standard)
    for number in [SIGINT, SIGTERM, SIGPIPE] { sigaddset(&standard, number) }
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &standard)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
      close(output[1])
      close(errors[1])
    }
    var words: [UnsafeMutablePointer<CChar>?] = ([program.path] + program.arguments).map { strdup($0) }
    var environment: [UnsafeMutablePointer<CChar>?] = variables.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") }
    words.append(nil)
    environment.append(nil)
    defer { for word in words + environment { free(word) } }
    var identifier: pid_t = 0
    let status = posix_spawn(&identifier, program.path, &actions, &attributes, words, environment)
    guard status == 0 else {
      close(output[0])
      close(errors[0])
      throw FileError(path: program.path, problem: "cannot be started: \(String(cString: strerror(status)))")
    }
    self.identifier = identifier
    streams = [output[0], errors[0]]
    for stream in streams { _ = fcntl(stream, F_SETFL, O_NONBLOCK) }
  }

  /// Two ends that children do not inherit: a process that outlives another would keep its streams open.
  private static func makePipe(for program: LaunchedProgram) throws -> [Int32] {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw FileError(path: program.path, problem: "has no pipe: \(AtomicFile.systemReason())") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return ends
  }

  deinit { for stream in streams where stream >= 0 { close(stream) } }

  /// Everything has been read and the process is gone.
  var isOver: Bool { end != nil }

  /// Asks the system whether the process has ended.
  func look() {
    guard end == nil else { return }
    var status: Int32 = 0
    if waitpid(identifier, &status, WNOHANG) == identifier { end = ProcessEnd(status: status) }
  }

  /// Sends a signal to the process and what it started.
  func send(_ signal: Int32) { if end == nil { kill(-identifier, signal) } }

  /// Whole lines that were written since the last call; what is left without a line's end when the process has gone.
  func read(_ write: (_ line: String, _ isError: Bool) -> Void) {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    for number in streams.indices where streams[number] >= 0 {
      while true {
        let count = systemRead(streams[number], &buffer, buffer.count)
        if count > 0 {
          rests[number] += buffer[..<count]
          continue
        }
        if count == 0 || (errno != EAGAIN && errno != EINTR) {
          close(streams[number])
          streams[number] = -1
        }
        if count < 0, errno == EINTR { continue }
        break
      }
      while let newline = rests[number].firstIndex(of: UInt8(ascii: "\n")) {
        write(String(decoding: rests[number][..<newline], as: UTF8.self), number == 1)
        rests[number].removeSubrange(...newline)
      }
      if streams[number] < 0 { flush(number, write) }
    }
  }

  /// Gives out what has no line's end.
  func flush(_ write: (_ line: String, _ isError: Bool) -> Void) { for number in rests.indices { flush(number, write) } }

  private func flush(_ number: Int, _ write: (_ line: String, _ isError: Bool) -> Void) {
    guard !rests[number].isEmpty else { return }
    write(String(decoding: rests[number], as: UTF8.self), number == 1)
    rests[number] = []
  }
}

// A method of the same name hides the system's function.
private func systemRead(_ file: Int32, _ buffer: inout [UInt8], _ count: Int) -> Int { read(file, &buffer, count) }
