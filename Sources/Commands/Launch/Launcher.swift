import Foundation
import MartletCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Starts processes, passes on what they write, and sees to it that they end together.
///
/// Blocking by nature: it runs on the thread that calls it.
final class Launcher {
  let plan: LaunchPlan
  let output: any CommandOutput
  /// Seconds between being told to end and being killed.
  let grace: Double
  /// Standard output belongs to something else: everything goes to standard error.
  let keepsOutput: Bool

  init(_ plan: LaunchPlan, output: any CommandOutput, grace: Double, keepsOutput: Bool) {
    self.plan = plan
    self.output = output
    self.grace = grace
    self.keepsOutput = keepsOutput
  }

  /// What became of one attempt.
  struct Attempt: Sendable {
    /// The process that failed first.
    var failure: (rank: Int, process: pid_t, end: ProcessEnd)?
    /// How each process ended, by rank.
    var ends: [Int: ProcessEnd] = [:]
    /// The signal by which somebody stopped the launcher.
    var stoppedBy: Int32?
    /// The run's folder, where the processes said so.
    var run: String?
  }

  /// Starts all processes and waits for their end.
  /// - Parameter number: how often they were started before.
  /// - Throws: `FileError` if one cannot be started; those that were are ended.
  func run(_ program: LaunchedProgram, attempt number: Int) throws -> Attempt {
    let place = try plan.master ?? ("127.0.0.1", Self.freePort())
    let note = NSTemporaryDirectory() + "martlet-launch-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: note) }
    let previous = SignalBox.watch()
    defer { SignalBox.unwatch(previous) }
    var children: [ChildProcess] = []
    do {
      for local in 0..<plan.processes {
        let variables = plan.variables(
          local: local, place: place, attempt: number, note: note, inherited: ProcessInfo.processInfo.environment)
        children.append(try ChildProcess(program, rank: plan.firstRank + local, variables: variables))
      }
    } catch {
      for child in children { child.send(SIGKILL) }
      throw error
    }
    var attempt = watchOver(children)
    attempt.run = FileManager.default.contents(atPath: note).map { String(decoding: $0, as: UTF8.self) }
    return attempt
  }

  private func watchOver(_ children: [ChildProcess]) -> Attempt {
    var attempt = Attempt()
    var deadline: ContinuousClock.Instant?
    var isKilled = false
    while children.contains(where: { !$0.isOver }) {
      var files = children.flatMap(\.streams).filter { $0 >= 0 }.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      poll(&files, nfds_t(files.count), 20)
      for child in children {
        child.read(pass(child.rank))
        child.look()
      }
      let now = ContinuousClock.now
      if attempt.failure == nil, let failed = Self.failed(children) {
        attempt.failure = failed
        for child in children { child.send(SIGTERM) }
        deadline = deadline ?? now + .seconds(grace)
      }
      for signal in SignalBox.take() {
        // Asked twice is asked in earnest.
        let isSecond = attempt.stoppedBy != nil
        attempt.stoppedBy = attempt.stoppedBy ?? signal
        for child in children { child.send(isSecond ? SIGKILL : signal) }
        if !isSecond { deadline = deadline ?? now + .seconds(max(grace, 60)) }
      }
      if !isKilled, let deadline, now > deadline {
        isKilled = true
        for child in children { child.send(SIGKILL) }
      }
    }
    for child in children {
      child.read(pass(child.rank))
      child.flush(pass(child.rank))
      attempt.ends[child.rank] = child.end
    }
    return attempt
  }

  /// The process to blame: one that was killed goes before those that only noticed it.
  private static func failed(_ children: [ChildProcess]) -> (rank: Int, process: pid_t, end: ProcessEnd)? {
    let failed = children.filter { $0.end.map { $0 != .code(0) } ?? false }
    let first = failed.first { if case .signal? = $0.end { true } else { false } } ?? failed.first
    return first.flatMap { child in child.end.map { (child.rank, child.identifier, $0) } }
  }

  private func pass(_ rank: Int) -> (String, Bool) -> Void {
    { [output, keepsOutput] line, isError in
      let text = "[\(rank)] \(line)\n"
      if isError || keepsOutput {
        output.note(text)
      } else {
        // Whoever read along has gone; the processes go on.
        try? output.write(text)
      }
    }
  }

  /// A TCP port that nobody uses now.
  static func freePort() throws -> Int {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && getsockname(listener, $0, &length) == 0
      }
    }
    guard isBound else { throw FileError(path: "127.0.0.1", problem: "no port is free: \(AtomicFile.systemReason())", remedy: "--master") }
    return Int(UInt16(bigEndian: address.sin_port))
  }
}

/// SIGINT and SIGTERM on their way to whoever asks. There is one launch in a process at a time.
enum SignalBox {
  private static let numbers = [SIGINT, SIGTERM]
  /// How often each arrived. A handler may do hardly anything else than count.
  nonisolated(unsafe) private static let counts: UnsafeMutablePointer<Int32> = {
    let counts = UnsafeMutablePointer<Int32>.allocate(capacity: 64)
    counts.initialize(repeating: 0, count: 64)
    return counts
  }()

  /// What arrived since the last call.
  static func take() -> [Int32] {
    numbers.flatMap { number -> [Int32] in
      let count = counts[Int(number)]
      counts[Int(number)] -= count
      return Array(repeating: number, count: Int(count))
    }
  }

  /// Counts signals instead of ending the process, until the result is given to `unwatch`.
  static func watch() -> [(Int32, sigaction)] {
    _ = take()
    return numbers.map { number in
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { number in SignalBox.counts[Int(number)] += 1 }
      var previous = sigaction()
      sigaction(number, &action, &previous)
      return (number, previous)
    }
  }

  /// Puts back what was done about signals before.
  static func unwatch(_ previous: [(Int32, sigaction)]) {
    for (number, action) in previous {
      var action = action
      sigaction(number, &action, nil)
    }
  }
}
