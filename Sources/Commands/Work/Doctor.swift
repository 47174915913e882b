import ArgumentParser
import Foundation

struct Doctor: EngineCommand {
  static let configuration = CommandConfiguration(abstract: "Look at the installation and say how to mend what is missing.")

  @OptionGroup var global: GlobalOptions

  func execute(_ engine: any Engine, _ context: CommandContext) async throws -> CommandResult {
    let report = try await engine.doctor(DoctorRequest(surroundings: global.surroundings))
    let width = report.checks.map(\.name.count).max() ?? 0
    let text = report.checks.map { check in
      let mark =
        switch check.state {
        case .good: context.unicode ? "✓" : "+"
        case .warning: "!"
        case .bad: context.unicode ? "✗" : "x"
        }
      let name = check.name.padding(toLength: width + 2, withPad: " ", startingAt: 0)
      let remedy = check.remedy.map { "\n" + String(repeating: " ", count: width + 4) + "try: \($0)" } ?? ""
      return "\(mark) \(name)\(check.found)\(remedy)\n"
    }.joined()
    return CommandResult(document: report, text: text, exitCode: report.isHealthy ? ExitStatus.done : ExitStatus.failed)
  }
}
