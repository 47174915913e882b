import ArgumentParser
import Project

struct InitCommand: EngineCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Look at a table or at texts and write a project for them.",
    discussion: "The martlet.yml runs as it is; its comments say what was noticed and what can be changed.")

  @Argument(
    help: "The table (CSV, Parquet, Arrow or JSON Lines), the file of texts (CoNLL's tags, too), or the folder of texts or of classes.",
    completion: .file())
  var table: String

  @Option(help: ArgumentHelp("The column to learn. Texts with classes, tags or partners are recognised without.", valueName: "column"))
  var target: String?

  @Option(
    help: ArgumentHelp(
      "classification, regression, clustering or anomaly-detection; for texts text-classification, token-classification, embedding, "
        + "translation or language-model. (default: by the target's values, or by the columns)",
      valueName: "task"))
  var task: String?

  @Option(name: [.short, .long], help: ArgumentHelp("The folder for the project.", valueName: "folder"), completion: .directory)
  var output = "."

  @Flag(help: "Replace a project that is there.")
  var force = false

  @OptionGroup var global: GlobalOptions

  func validate() throws {
    let tasks = ProjectTask.allCases.filter { ($0.isTable || $0.isText) && $0 != .multiTask }.map(\.rawValue)
    if let task, !tasks.contains(task) { throw ValidationError("--task is \(task); expected \(tasks.joined(separator: ", "))") }
    if target == nil, task == "classification" || task == "regression" {
      throw ValidationError("--target is missing; expected the column to learn, or --task clustering or anomaly-detection")
    }
  }

  func execute(_ engine: any Engine, _ context: CommandContext) async throws -> CommandResult {
    let summary = try await engine.initialize(
      InitRequest(input: table, target: target, task: task, folder: output, force: force, surroundings: global.surroundings))
    var text = summary.remarks.map { "\($0)\n" }.joined()
    let written = summary.schema.map { "\(summary.project) and \($0) are written" } ?? "\(summary.project) is written"
    text += "\(written): \(summary.task), \(Wording.count(summary.rows, "row")) of \(Wording.count(summary.columns, "column"))\n"
    text += "try: martlet run \(summary.project)\n"
    return CommandResult(document: summary, text: text)
  }
}
