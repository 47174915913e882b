import Charts
import Foundation
import MartletCore
import Releases

/// A release in words.
enum ReleaseText {
  static func result(_ state: ReleaseState, _ context: CommandContext) -> CommandResult {
    CommandResult(document: state, text: text(state), exitCode: state.phase == .rolledBack ? ExitStatus.refused : ExitStatus.done)
  }

  private static func text(_ state: ReleaseState) -> String {
    let plan = state.plan
    var lines = ["\(plan.model): \(plan.baseline) to \(plan.candidate), \(state.phase.words)" + (state.isPaused ? ", paused" : "")]
    if !state.phase.isOver {
      let share = String(format: "%g", state.share * 100)
      lines.append("  step \(state.step + 1) of \(plan.steps.count): \(share) % of the traffic" + (state.isShadowing ? ", shadow" : ""))
    }
    for result in state.results { lines.append("  \(result.sentence)") }
    if let reason = state.reason { lines.append("  \(reason)") }
    for event in state.events.suffix(8) { lines.append("  " + line(event)) }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func line(_ event: ReleaseState.Event) -> String {
    "\(event.time.formatted(.iso8601)) \(event.actor): \(event.text)"
  }

  /// Says each event once, until the release is over or the program is stopped.
  static func watch(_ store: ReleaseStore, _ first: ReleaseState, _ context: CommandContext) throws -> CommandResult {
    var state = first, said = 0
    while true {
      for event in state.events.dropFirst(said) { context.output.note(line(event)) }
      said = max(said, state.events.count)
      if state.phase.isOver { return result(state, context) }
      Thread.sleep(forTimeInterval: 0.5)
      state = try store.read(first.plan.model, id: first.id)
    }
  }
}
