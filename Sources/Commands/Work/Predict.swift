import ArgumentParser
import Charts

struct Predict: EngineCommand {
  static let configuration = CommandConfiguration(
    abstract: "Ask a version about pictures or the rows of tables.",
    discussion: "A model of tables takes files of rows; with --output it writes them with its predictions beside them, in any size.")

  @Argument(help: "NAME@V", completion: ReferenceCompletion.kind)
  var reference: String

  @Argument(help: "JPEG or PNG files; tables as CSV, Parquet, Arrow or JSON Lines.", completion: .file())
  var inputs: [String]

  @Option(help: ArgumentHelp("How many classes to name for each picture; 0 names all.", valueName: "count"))
  var top = 3

  @Option(
    name: [.short, .long], help: ArgumentHelp("Write rows and predictions here; the suffix says how.", valueName: "file"),
    completion: .file())
  var output: String?

  @OptionGroup var global: GlobalOptions

  func validate() throws {
    guard (0...10_000).contains(top) else { throw ValidationError("--top is \(top); expected a whole number of 0 or more") }
  }

  func execute(_ engine: any Engine, _ context: CommandContext) async throws -> CommandResult {
    let summary = try await engine.predict(
      PredictRequest(reference: reference, inputs: inputs, top: top == 0 ? nil : top, output: output, surroundings: global.surroundings))
    if let output = summary.output, let rows = summary.rows {
      let time = NumberText.duration(milliseconds: (summary.seconds ?? 0) * 1000)
      let unusual = summary.unusualRows.map { $0 > 0 ? ", \(NumberText.grouped($0)) unlike those that the model learnt from" : "" } ?? ""
      return CommandResult(document: summary, text: "\(Wording.count(rows, "row")) in \(output)\(unusual), \(time)\n")
    }
    if summary.predictions.contains(where: { $0.value != nil }) {
      var table = TextTable(columns: [.init("input"), .number("prediction"), .init("")])
      for answer in summary.predictions {
        table.append([answer.input, answer.value.map { NumberText.significant($0, digits: 6) } ?? "", answer.label ?? ""])
      }
      return CommandResult(document: summary, text: context.render(table))
    }
    var table = TextTable(columns: [.init("input"), .init("class"), .number("probability"), .init("then")])
    for answer in summary.predictions {
      if let error = answer.error {
        if !global.json { context.output.note("error: \(error)\n") }
        continue
      }
      let ranked = answer.probabilities.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      let best = answer.label ?? ""
      let rest = ranked.filter { $0.key != answer.label }.map { "\($0.key) \(NumberText.significant($0.value))" }.joined(separator: ", ")
      table.append([answer.input, best, answer.label.flatMap { answer.probabilities[$0] }.map { NumberText.significant($0) } ?? "", rest])
    }
    let failed = summary.predictions.contains { $0.error != nil }
    return CommandResult(
      document: summary, text: summary.predictions.allSatisfy { $0.error != nil } ? "" : context.render(table),
      exitCode: failed ? ExitStatus.failed : ExitStatus.done
    )
  }
}
