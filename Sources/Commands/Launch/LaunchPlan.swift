import ArgumentParser
import Foundation
import MartletCore

/// Which processes `martlet launch` starts on this machine, and with which variables.
struct LaunchPlan: Sendable {
  /// Processes on this machine.
  let processes: Int
  /// Machines.
  let nodes: Int
  /// This machine's number, from 0.
  let nodeRank: Int
  /// Where rank 0 can be reached; a free port of this machine if `nil`.
  let master: (host: String, port: Int)?
  /// Seconds that a collective may take; the processes' own default if `nil`.
  let timeout: Int?
  let restarts: Int
  /// Cores of this machine.
  var cores = ProcessInfo.processInfo.activeProcessorCount

  /// All processes on all machines.
  var size: Int { processes * nodes }
  /// The rank of this machine's first process.
  var firstRank: Int { nodeRank * processes }

  /// The variables of one process, as torchrun sets them, on top of those that are there.
  /// - Parameters:
  ///   - local: the process's number on this machine.
  ///   - place: where rank 0 can be reached.
  ///   - attempt: how often all were started again.
  ///   - note: a file that rank 0 writes the run's folder to.
  func variables(
    local: Int, place: (host: String, port: Int), attempt: Int, note: String, inherited: [String: String]
  ) -> [String: String] {
    var variables = inherited
    variables["RANK"] = String(firstRank + local)
    variables["LOCAL_RANK"] = String(local)
    variables["WORLD_SIZE"] = String(size)
    variables["LOCAL_WORLD_SIZE"] = String(processes)
    variables["GROUP_RANK"] = String(nodeRank)
    variables["MASTER_ADDR"] = place.host
    variables["MASTER_PORT"] = String(place.port)
    variables["TORCHELASTIC_RESTART_COUNT"] = String(attempt)
    variables["TORCHELASTIC_MAX_RESTARTS"] = String(restarts)
    // Another launcher's meeting place is not ours.
    variables["TORCHELASTIC_USE_AGENT_STORE"] = nil
    variables["MARTLET_LAUNCH_NOTE"] = note
    if let timeout { variables["MARTLET_TIMEOUT"] = String(timeout) }
    if variables["OMP_NUM_THREADS"] == nil { variables["OMP_NUM_THREADS"] = String(max(1, cores / processes)) }
    return variables
  }

  /// `host:port`, with brackets around an IPv6 address.
  static func address(_ text: String) -> (host: String, port: Int)? {
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), (1...65_535).contains(port) else {
      return nil
    }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() } else if host.contains(":") { return nil }
    return host.isEmpty ? nil : (String(host), port)
  }
}

/// What is started: a program and its arguments.
struct LaunchedProgram: Sendable {
  var path: String
  var arguments: [String]
  /// A command of `martlet` that can go on with an interrupted run.
  let isResumable: Bool

  /// Words that begin with a command of `martlet` mean this program, others a program on the path or a file.
  /// - Throws: `ArgumentError` if there is no such program.
  init(_ words: [String], own: String, path variable: String?) throws {
    var words = words
    if words.first == "--" { words.removeFirst() }
    guard let first = words.first else {
      throw UsageError(
        problem: "there is nothing to launch", expected: "a command, such as run or train, or a program",
        remedy: "martlet launch --processes 2 -- run")
    }
    let commands = Martlet.configuration.groupedSubcommands.flatMap(\.subcommands).map { $0._commandName }
    isResumable = ["run", "train"].contains(first)
    if commands.contains(first) {
      guard first != "launch" else { throw UsageError(problem: "launch cannot launch itself", expected: "another command") }
      path = own
      arguments = words
      return
    }
    arguments = Array(words.dropFirst())
    let candidates = first.contains("/") ? [first] : (variable ?? "/usr/bin:/bin").split(separator: ":").map { "\($0)/\(first)" }
    guard let found = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
      throw ArgumentError(
        "there is no program '\(first)'", expected: "a command of martlet, a file, or a program on the PATH",
        remedy: NearestName.of(first, among: commands).map { "martlet launch … -- \($0)" })
    }
    path = found
  }

  /// The same going on with a run, if it can and does not already.
  func resuming(_ run: String?) -> LaunchedProgram {
    guard isResumable, let run, !arguments.contains("--resume") else { return self }
    var copy = self
    copy.arguments += ["--resume", run]
    return copy
  }
}
