import ArgumentParser
import Project

struct InitCommand: EngineCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Look at a table and write a project for it.",
    discussion: "The martlet.yml runs as it is; its comments say what was noticed and what can be changed.")

  @Argument(help: "The table: CSV, Parquet, Arrow or JSON Lines.", completion: .file())
  var table: String

  @Option(help: ArgumentHelp("The column to learn.", valueName: "column"))
  var target: String?

  @Option(
    help: ArgumentHelp(
      "classification, regression, clustering or anomaly-detection. (default: by the target's values)", valueName: "task"))
  var task: String?

  @Option(name: [.short, .long], help: ArgumentHelp("The folder for the project.", valueName: "folder"), completion: .directory)
  var output = "."

  @Flag(help: "Replace a project that is there.")
  var force = false

  @OptionGroup var global: GlobalOptions

  func validate() throws {
    let tasks = ProjectTask.allCases.filter(\.isTable).map(\.rawValue)
    if let task, !tasks.contains(task) { throw ValidationError("--task is \(task); expected \(tasks.joined(separator: ", "))") }
    if target == nil, task == nil || task == "classification" || task == "regression" {
      throw ValidationError("--target is missing; expected the column to learn, or --task clustering or anomaly-detection")
    }
  }

  func execute(_ engine: any Engine, _ context: CommandContext) async throws -> CommandResult {
    let summary = try await engine.initialize(
      InitRequest(input: table, target: target, task: task, folder: output, force: force, surroundings: global.surroundings))
    var text = summary.remarks.map { "\($0)\n" }.joined()
    text += "\(summary.project) and \(summary.schema) are written: \(summary.task), \(Wording.count(summary.rows, "row")) of "
    text += "\(Wording.count(summary.columns, "column"))\ntry: martlet run \(summary.project)\n"
    return CommandResult(document: summary, text: text)
  }
}
