import ArgumentParser
import Charts

struct Predict: EngineCommand {
  static let configuration = CommandConfiguration(abstract: "Ask a version about pictures.")

  @Argument(help: "NAME@V", completion: ReferenceCompletion.kind)
  var reference: String

  @Argument(help: "JPEG or PNG files.", completion: .file())
  var inputs: [String]

  @Option(help: ArgumentHelp("How many classes to name for each picture; 0 names all.", valueName: "count"))
  var top = 3

  @OptionGroup var global: GlobalOptions

  func validate() throws {
    guard (0...10_000).contains(top) else { throw ValidationError("--top is \(top); expected a whole number of 0 or more") }
  }

  func execute(_ engine: any Engine, _ context: CommandContext) async throws -> CommandResult {
    let summary = try await engine.predict(
      PredictRequest(reference: reference, inputs: inputs, top: top == 0 ? nil : top, surroundings: global.surroundings))
    var table = TextTable(columns: [.init("picture"), .init("class"), .number("probability"), .init("then")])
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
