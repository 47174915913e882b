import ArgumentParser
import Foundation
import MartletCore

struct Launch: Command {
  static let configuration = CommandConfiguration(
    abstract: "Start a command in many processes that train together.",
    discussion: """
      run and train share out every batch, so that the settings of the project stay as they are: the batch is that of all processes together.
      On several machines start it on each, with the same --master. Any other program gets torchrun's environment variables, too.
      Exit code: that of the process that failed first.
      """)

  @Option(help: ArgumentHelp("Processes on this machine.", valueName: "number"))
  var processes: Int

  @Option(help: ArgumentHelp("Machines.", valueName: "number"))
  var nodes = 1

  @Option(help: ArgumentHelp("This machine's number, from 0.", valueName: "number"))
  var nodeRank = 0

  @Option(help: ArgumentHelp("Where machine 0 can be reached.", valueName: "host:port"))
  var master: String?

  @Option(
    help: ArgumentHelp("How often to start again after a failure; run and train go on from their newest checkpoint.", valueName: "number"))
  var maxRestarts = 0

  @Option(help: ArgumentHelp("Seconds that processes wait for one another. (default: 60)", valueName: "seconds"))
  var timeout: Int?

  @Option(help: ArgumentHelp("Seconds between asking processes to end and killing them.", valueName: "seconds"))
  var grace = 10.0

  @OptionGroup var global: GlobalOptions

  @Argument(parsing: .captureForPassthrough, help: "run, train, or any program, with its arguments.")
  var command: [String] = []

  func validate() throws {
    guard (1...1024).contains(processes) else { throw ValidationError("--processes is \(processes); expected 1 to 1024") }
    guard (1...65_536).contains(nodes) else { throw ValidationError("--nodes is \(nodes); expected 1 or more") }
    guard (0..<nodes).contains(nodeRank) else { throw ValidationError("--node-rank is \(nodeRank); expected 0 to \(nodes - 1)") }
    guard nodes == 1 || master != nil else { throw ValidationError("--nodes \(nodes) needs --master host:port, the same on all machines") }
    if let master, LaunchPlan.address(master) == nil { throw ValidationError("--master is '\(master)'; expected host:port") }
    guard (0...1000).contains(maxRestarts) else { throw ValidationError("--max-restarts is \(maxRestarts); expected 0 to 1000") }
    if let timeout, !(1...86_400).contains(timeout) { throw ValidationError("--timeout is \(timeout); expected 1 to 86400 seconds") }
    guard grace >= 0, grace <= 86_400 else { throw ValidationError("--grace is \(grace); expected 0 to 86400 seconds") }
  }

  func execute(_ context: CommandContext) async throws -> CommandResult {
    let plan = LaunchPlan(
      processes: processes, nodes: nodes, nodeRank: nodeRank, master: master.flatMap(LaunchPlan.address), timeout: timeout,
      restarts: maxRestarts)
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "martlet"
    var program = try LaunchedProgram(command, own: own, path: ProcessInfo.processInfo.environment["PATH"])
    let launcher = Launcher(plan, output: context.output, grace: grace, keepsOutput: global.json)
    var number = 0
    while true {
      let attempt = try launcher.run(program, attempt: number)
      guard let failure = attempt.failure, attempt.stoppedBy == nil, number < maxRestarts else {
        return result(attempt, restarts: number, program)
      }
      number += 1
      let run = Self.resumable(attempt.run)
      program = program.resuming(run)
      context.output.note(
        "rank \(failure.rank) (process \(failure.process)) \(failure.end.text); starting again (\(number) of \(maxRestarts))"
          + (run.map { ", going on with \($0)" } ?? "") + "\n")
    }
  }

  private func result(_ attempt: Launcher.Attempt, restarts: Int, _ program: LaunchedProgram) -> CommandResult {
    var summary = LaunchSummary(
      processes: processes * nodes, restarts: restarts, exitCode: attempt.failure?.end.exitCode ?? ExitStatus.done,
      failedRank: attempt.failure?.rank, reason: attempt.failure?.end.text, run: attempt.run,
      stoppedBy: attempt.stoppedBy.flatMap { ProcessEnd.names[$0] }, remedy: nil)
    guard let failure = attempt.failure else { return CommandResult(document: summary, text: "") }
    var text = ""
    if let signal = summary.stoppedBy { text += "stopped by \(signal)\n" }
    text += "rank \(failure.rank) (process \(failure.process)) \(failure.end.text)"
    let others = attempt.ends.filter { $0.key != failure.rank }.sorted { $0.key < $1.key }
    text += others.isEmpty ? "\n" : "; the others were told to end:\n"
    for (rank, end) in others { text += "  rank \(rank) \(end.text)\n" }
    if program.isResumable, let run = Self.resumable(attempt.run) {
      let words = program.resuming(run).arguments.joined(separator: " ")
      let machines = nodes > 1 ? " --nodes \(nodes) --node-rank \(nodeRank) --master \(master ?? "")" : ""
      summary.remedy = "martlet launch --processes \(processes)\(machines) -- \(words)"
      text += "try: \(summary.remedy ?? "")\n  or alone: martlet \(words)\n"
    } else if program.isResumable, attempt.run != nil {
      text += "there is no checkpoint yet to go on from\n"
    }
    return CommandResult(document: summary, text: text, exitCode: summary.exitCode)
  }

  /// The run's folder if there is a checkpoint in it.
  private static func resumable(_ run: String?) -> String? {
    run.flatMap { FileManager.default.fileExists(atPath: $0 + "/checkpoints/last/trainer.json") ? $0 : nil }
  }
}

/// `martlet launch --json`
struct LaunchSummary: Codable, Sendable, Hashable {
  /// Processes on all machines.
  var processes: Int
  /// How often they were started again.
  var restarts: Int
  /// That of the process that failed first; 0 if none did.
  var exitCode: Int32
  /// The process that failed first.
  var failedRank: Int?
  /// How it ended.
  var reason: String?
  /// The run's folder, where there is one.
  var run: String?
  /// The signal by which somebody stopped the launch.
  var stoppedBy: String?
  /// How to go on.
  var remedy: String?
}
