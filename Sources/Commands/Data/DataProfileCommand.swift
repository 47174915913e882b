import ArgumentParser
import Charts
import Foundation

struct DataProfileCommand: EngineCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile", abstract: "Look at a table: types, gaps, distributions, leaks; writes an HTML report.")

  @Argument(help: "CSV, Parquet, Arrow or JSON Lines: files, folders or patterns of one table.", completion: .file())
  var inputs: [String]

  @Option(help: ArgumentHelp("The column to be predicted.", valueName: "column"))
  var target: String?

  @Flag(help: "Do not fit models to find unusual rows and wrong labels.")
  var withoutModels = false

  @Option(
    name: [.short, .customLong("output")], help: ArgumentHelp("The HTML report to write.", valueName: "file"),
    completion: .file(extensions: ["html"]))
  var output = "profile.html"

  @OptionGroup var global: GlobalOptions

  func execute(_ engine: any Engine, _ context: CommandContext) async throws -> CommandResult {
    let summary = try await engine.profileData(
      DataProfileRequest(
        inputs: inputs, target: target, report: output, fitsModels: !withoutModels, surroundings: global.surroundings))
    var table = TextTable(
      columns: [.init("column"), .init("type"), .number("missing"), .number("different"), .init("shape"), .init("values")])
    for column in summary.columns.prefix(200) {
      table.append([
        column.name, column.type, column.missingRate == 0 ? "" : NumberText.percent(column.missingRate, digits: 2),
        NumberText.count(column.distinct), Sparkline.render(column.shape, width: 12, unicode: context.unicode), column.values,
      ])
    }
    var text = context.render(table)
    if summary.columns.count > 200 { text += "… and \(summary.columns.count - 200) more columns\n" }
    let findings = summary.findings.prefix(12)
    if !findings.isEmpty { text += "\n" }
    for finding in findings {
      let line = "\(finding.severity == "important" ? "! " : "- ")\(finding.text) \(finding.advice)"
      text += TextTable.printable(line, unicode: context.unicode) + "\n"
    }
    if summary.findings.count > findings.count { text += "… and \(summary.findings.count - findings.count) more in the report\n" }
    text += summary.notes.map { "note: \(TextTable.printable($0, unicode: context.unicode))\n" }.joined()
    text += "\n\(Wording.count(summary.rows, "row")) of \(Wording.count(summary.columns.count, "column"))"
    text += ", \(NumberText.duration(milliseconds: summary.seconds * 1000))\nreport: \(summary.report)\n"
    return CommandResult(document: summary, text: text)
  }
}
