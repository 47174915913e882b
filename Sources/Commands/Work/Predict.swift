import ArgumentParser
import Charts
import Foundation

struct Predict: EngineCommand {
  static let configuration = CommandConfiguration(
    abstract: "Ask a version about pictures, texts or the rows of tables.",
    discussion: """
      A model of tables or texts takes files of rows; with --output it writes them with its predictions beside them, in any size. With \
      --checkpoint that is a job: killed or stopped at any moment, the same command goes on where it was.
      """)

  @Argument(help: "NAME@V", completion: ReferenceCompletion.kind)
  var reference: String

  @Argument(
    help: "JPEG or PNG files, in a job folders of them, too; tables as CSV, Parquet, Arrow or JSON Lines; text files, a text a line.",
    completion: .file())
  var inputs: [String]

  @Option(help: ArgumentHelp("How many classes to name for each input; 0 names all.", valueName: "count"))
  var top = 3

  @Option(
    name: [.short, .long], help: ArgumentHelp("Write rows and predictions here; the suffix says how.", valueName: "file"),
    completion: .file())
  var output: String?

  @Option(
    help: ArgumentHelp("Make it a job, which keeps what is done in this folder.", valueName: "folder"), completion: .directory)
  var checkpoint: String?

  @Option(help: ArgumentHelp("Rows that a job answers and writes together. (default: 65536, of pictures 1024)", valueName: "count"))
  var partRows: Int?

  @Option(help: ArgumentHelp("How many rows of a job may have no answer. (default: 100)", valueName: "count"))
  var maxFailures: Int?

  @Option(
    help: ArgumentHelp("Write a job's rows without an answer here, with reasons. (default: OUTPUT.failed.jsonl)", valueName: "file"),
    completion: .file())
  var failures: String?

  @OptionGroup var global: GlobalOptions

  func validate() throws {
    guard (0...10_000).contains(top) else { throw ValidationError("--top is \(top); expected a whole number of 0 or more") }
    if checkpoint == nil,
      let given = partRows != nil ? "--part-rows" : maxFailures != nil ? "--max-failures" : failures != nil ? "--failures" : nil
    {
      throw ValidationError("\(given) is for jobs; give --checkpoint FOLDER, too")
    }
    if checkpoint != nil, output == nil { throw ValidationError("a job has nowhere to write to; give --output FILE beside --checkpoint") }
    if let partRows, !(1...100_000_000).contains(partRows) {
      throw ValidationError("--part-rows is \(partRows); expected a whole number from 1 to 100000000")
    }
    if let maxFailures, maxFailures < 0 { throw ValidationError("--max-failures is \(maxFailures); expected 0 or more") }
    if let output { try keepApart(output) }
  }

  /// What is written replaces what lies at its place: that may not be what is read, or the other file of a job.
  private func keepApart(_ output: String) throws {
    let rejected = failures ?? output + ".failed.jsonl", read = Set(inputs.map { Self.resolved($0) })
    guard Self.resolved(rejected) != Self.resolved(output) else {
      throw ValidationError("--failures and --output are both '\(output)'; expected two files")
    }
    let written = [("--output", output)] + (checkpoint == nil ? [] : [("--failures", rejected)])
    for (option, path) in written where read.contains(Self.resolved(path)) {
      throw ValidationError("\(option) '\(path)' is one of the inputs, which it would write over; name another file")
    }
  }

  /// A path without links, also of a file that is not there yet.
  private static func resolved(_ path: String) -> String {
    let url = URL(fileURLWithPath: path)
    return url.deletingLastPathComponent().resolvingSymlinksInPath().appendingPathComponent(url.lastPathComponent)
      .resolvingSymlinksInPath().path
  }

  private var job: PredictionJobRequest? {
    checkpoint.map { PredictionJobRequest(checkpoint: $0, partRows: partRows, maxFailures: maxFailures ?? 100, failures: failures) }
  }

  /// What a job says at its end.
  private func result(_ summary: PredictionSummary, _ job: PredictionSummary.Job) -> CommandResult {
    let rows = Wording.count(summary.rows ?? 0, "row"), time = NumberText.duration(milliseconds: (summary.seconds ?? 0) * 1000)
    let before = job.resumed > 0 ? ", \(NumberText.grouped(job.resumed)) of them before" : ""
    guard job.isFinished else {
      return CommandResult(
        document: summary, text: "stopped after \(rows)\(before), \(time)\ntry: the same command, which goes on\n",
        exitCode: ExitStatus.of(gates: [], interrupted: true))
    }
    let unusual = summary.unusualRows.map { $0 > 0 ? ", \(NumberText.grouped($0)) unlike those that the model learnt from" : "" } ?? ""
    var text = "\(rows) done\(before)\(unusual), \(time)\nanswers: \(summary.output ?? "")\n"
    if let failures = job.failures { text += "without an answer: \(NumberText.grouped(job.failed)), see \(failures)\n" }
    return CommandResult(document: summary, text: text)
  }

  func execute(_ engine: any Engine, _ context: CommandContext) async throws -> CommandResult {
    let summary = try await engine.predict(
      PredictRequest(
        reference: reference, inputs: inputs, top: top == 0 ? nil : top, output: output, surroundings: global.surroundings, job: job))
    if let job = summary.job { return result(summary, job) }
    if summary.output == nil, let rows = summary.rows, rows > summary.predictions.count, !global.quiet, !global.json {
      let shown = NumberText.grouped(summary.predictions.count)
      context.output.note("\(shown) of \(Wording.grouped(rows, "row")) shown; --output FILE writes all, --json shows all\n")
    }
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
    if summary.predictions.contains(where: { $0.text != nil }) {
      var table = TextTable(columns: [.init("input"), .init("answer")])
      for answer in summary.predictions { table.append([answer.input, answer.text ?? ""]) }
      return CommandResult(document: summary, text: context.render(table))
    }
    var table = TextTable(columns: [.init("input"), .init("class"), .number("probability"), .init("then")])
    for answer in summary.predictions {
      if let error = answer.error {
        if !global.json { context.output.note("error: \(error)\n") }
        continue
      }
      let names = answer.labels ?? [answer.label].compactMap(\.self), probabilities = answer.probabilities ?? [:]
      let ranked = probabilities.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      let rest = ranked.filter { !names.contains($0.key) }.map { "\($0.key) \(NumberText.significant($0.value))" }
      table.append([
        answer.input, names.isEmpty ? "none" : names.joined(separator: ", "),
        names.compactMap { probabilities[$0] }.map { NumberText.significant($0) }.joined(separator: ", "), rest.joined(separator: ", "),
      ])
    }
    let failed = summary.predictions.contains { $0.error != nil }
    return CommandResult(
      document: summary, text: summary.predictions.allSatisfy { $0.error != nil } ? "" : context.render(table),
      exitCode: failed ? ExitStatus.failed : ExitStatus.done
    )
  }
}
