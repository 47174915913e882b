import Charts
import Foundation
import MartletCore
import Releases

/// A release in words.
enum ReleaseText {
  /// - Parameter waiting: orders that no server has seen yet.
  static func result(_ state: ReleaseState, waiting: [ReleaseStore.WaitingOrder] = []) -> CommandResult {
    CommandResult(document: state, text: text(state, waiting), exitCode: state.phase == .rolledBack ? ExitStatus.refused : ExitStatus.done)
  }

  /// What carries a release out.
  static func serving(_ plan: ReleasePlan) -> String { "martlet serve \(plan.model)@\(plan.alias ?? plan.baseline)" }

  private static func text(_ state: ReleaseState, _ waiting: [ReleaseStore.WaitingOrder]) -> String {
    let plan = state.plan
    var lines = ["\(plan.model): \(plan.baseline) to \(plan.candidate), \(state.phase.words)" + (state.isPaused ? ", paused" : "")]
    if !state.phase.isOver {
      let share = String(format: "%g", state.share * 100)
      lines.append("  step \(state.step + 1) of \(plan.steps.count): \(share) % of the traffic" + (state.isShadowing ? ", shadow" : ""))
    }
    if !state.phase.isOver, !state.isTakenUp { lines.append("  no server has taken it up yet: \(serving(plan)) carries it out") }
    for order in waiting { lines.append("  waits for a server: \(order.order.rawValue), said \(order.actor)") }
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
    var state = first, said = 0, looks = 0
    while true {
      for event in state.events.dropFirst(said) { context.output.note(line(event) + "\n") }
      said = max(said, state.events.count)
      if state.phase.isOver { return result(state) }
      looks += 1
      // A server looks every second.
      if looks == 10, !state.isTakenUp {
        context.output.note("no server has taken it up yet: \(serving(state.plan)) carries it out; this command waits for one\n")
      }
      Thread.sleep(forTimeInterval: 0.5)
      state = try store.read(first.plan.model, id: first.id)
    }
  }
}
