import ArgumentParser
import Charts
import Project

struct Train: EngineCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train only; nothing is registered.",
    discussion: "Weights, checkpoints and metrics stay in the run's folder.")

  @Argument(help: "The project file or its folder. (default: martlet.yml)", completion: .file(extensions: ["yml", "yaml"]))
  var file: String?

  @Option(help: ArgumentHelp("Go on with an interrupted run.", valueName: "run"), completion: .directory)
  var resume: String?

  @OptionGroup var project: ProjectOptions
  @OptionGroup var global: GlobalOptions

  func execute(_ engine: any Engine, _ context: CommandContext) async throws -> CommandResult {
    let summary = try await engine.train(
      TrainRequest(project: project.load(file, resuming: resume), resume: resume, surroundings: global.surroundings))
    return CommandResult(
      document: summary, text: text(summary, context), exitCode: ExitStatus.of(gates: [], interrupted: summary.interrupted),
      isSilent: !LaunchedProcess.speaks)
  }

  private func text(_ summary: TrainSummary, _ context: CommandContext) -> String {
    var table = TextTable(columns: [.init("metric"), .number("last value")])
    for (name, value) in summary.last.sorted(by: { $0.key < $1.key }) { table.append([name, NumberText.significant(value)]) }
    var text = summary.last.isEmpty ? "" : context.render(table) + "\n"
    text += summary.interrupted ? "interrupted after " : summary.stoppedEarly ? "stopped early after " : "done: "
    text +=
      "\(Wording.count(summary.epochs, "epoch")), \(Wording.count(summary.steps, "step")), \(NumberText.duration(milliseconds: summary.seconds * 1000))\n"
    text += "run: \(summary.run)\n"
    if summary.interrupted { text += "try: martlet train --resume \(summary.run)\n" }
    return text
  }
}
