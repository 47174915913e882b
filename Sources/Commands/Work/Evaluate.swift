import ArgumentParser
import Charts
import Project

struct Evaluate: EngineCommand {
  static let configuration = CommandConfiguration(
    abstract: "Judge a version on the project's test part.",
    discussion: """
      A model of texts is judged on JSON Lines files instead. A line is {"prompt", "choices",
      "answer"}, {"prompt", "target"}, {"text"}, {"query", "positives", "negatives"} or
      {"a", "b", "score"}.
      """)

  @Argument(help: "NAME@V. (default: the newest version of the project's model)", completion: ReferenceCompletion.kind)
  var reference: String?

  @Option(help: ArgumentHelp("The folder for the report.", valueName: "folder"), completion: .directory)
  var report: String?

  @OptionGroup var texts: TextTaskOptions
  @OptionGroup var project: ProjectOptions
  @OptionGroup var global: GlobalOptions

  func execute(_ engine: any Engine, _ context: CommandContext) async throws -> CommandResult {
    if !texts.tasks.isEmpty {
      guard let reference else { throw UsageError(problem: "no model is named", expected: "NAME@V before --tasks") }
      return try await texts.run(reference, engine, context, global)
    }
    let file = try project.load()
    let summary = try await engine.evaluate(
      EvaluateRequest(
        project: file, reference: reference ?? file.project.name, report: report, surroundings: global.surroundings))
    var text = context.render(summary.metrics)
    text += "\n\(summary.name)@\(summary.version) on \(Wording.count(summary.items, file.project.table == nil ? "picture" : "row"))"
    text += ", \(NumberText.duration(milliseconds: summary.seconds * 1000))\n"
    text += summary.gates.filter { !$0.passed }.map { "not enough: \($0.text)\n" }.joined()
    if let report = summary.report { text += "report: \(report)\n" }
    return CommandResult(document: summary, text: text, exitCode: ExitStatus.of(gates: summary.gates))
  }
}
