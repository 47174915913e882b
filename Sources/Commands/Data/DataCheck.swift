import ArgumentParser
import Charts

struct DataCheck: EngineCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Hold a table against its schema; exits 3 where it does not fit.",
    discussion: "The schema is inferred once from good data with --update, then kept in the project and edited by people.")

  @Argument(help: "CSV, Parquet, Arrow or JSON Lines: files, folders or patterns of one table.", completion: .file())
  var inputs: [String]

  @Option(help: ArgumentHelp("The schema's file.", valueName: "file"), completion: .file(extensions: ["json"]))
  var schema = "data-schema.json"

  @Flag(help: "Infer the schema from these data and write it.")
  var update = false

  @Option(help: ArgumentHelp("With --update: the column to be predicted.", valueName: "column"))
  var target: String?

  @Flag(help: "The data are to be predicted: the target may be missing.")
  var withoutTarget = false

  @Flag(help: "Warnings count as errors.")
  var strict = false

  @Option(name: [.short, .customLong("output")], help: ArgumentHelp("Write an HTML report, too.", valueName: "file"), completion: .file())
  var output: String?

  @OptionGroup var global: GlobalOptions

  func validate() throws {
    if target != nil, !update { throw ValidationError("--target goes with --update; afterwards the schema knows it") }
  }

  func execute(_ engine: any Engine, _ context: CommandContext) async throws -> CommandResult {
    let summary = try await engine.checkData(
      DataCheckRequest(
        inputs: inputs, schema: schema, update: update, target: target, withoutTarget: withoutTarget, report: output, now: context.now,
        surroundings: global.surroundings))
    let size = "\(Wording.count(summary.rows, "row")) of \(Wording.count(summary.columns, "column"))"
    var text = ""
    if summary.updated {
      text = "\(summary.schema): learned from \(size); look through it, and keep it with the project\n"
    } else if summary.violations.isEmpty {
      text = "\(size) fit \(summary.schema)\n"
    } else {
      var table = TextTable(columns: [.init(""), .init("column"), .init("expected"), .init("found"), .init("first rows")])
      for violation in summary.violations {
        let rows = violation.firstRows.enumerated().map { place, row in
          violation.values.indices.contains(place) ? "\(row): \(violation.values[place])" : "\(row)"
        }
        table.append([
          violation.severity, violation.column ?? "(table)", violation.expected, violation.found, rows.joined(separator: ", "),
        ])
      }
      let errors = summary.violations.count { $0.severity == "error" }
      text = context.render(table)
      text += "\n\(Wording.count(errors, "error")) and \(Wording.count(summary.violations.count - errors, "warning")) in \(size)\n"
    }
    text += summary.notes.map { "note: \($0)\n" }.joined()
    if let report = summary.report { text += "report: \(report)\n" }
    let refused = !summary.passed || (strict && !summary.violations.isEmpty)
    return CommandResult(document: summary, text: text, exitCode: refused ? ExitStatus.refused : ExitStatus.done)
  }
}
