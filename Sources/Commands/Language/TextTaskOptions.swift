import ArgumentParser
import Charts
public import Evaluation
import Foundation
import MartletCore

/// Options of `martlet evaluate` for models of texts.
struct TextTaskOptions: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Ask a model of texts the questions of these JSON Lines files instead of using a project.", valueName: "file"),
    completion: .file(extensions: ["jsonl"]))
  var tasks: [String] = []

  @Option(help: ArgumentHelp("Solved examples before each question. (default: 0)", valueName: "number"))
  var shots: Int?

  @Option(
    help: ArgumentHelp("Take the solved examples from this file. (default: the task's other records)", valueName: "file"),
    completion: .file(extensions: ["jsonl"]))
  var examples: String?

  @Option(help: ArgumentHelp("Only the first records of each task.", valueName: "number"))
  var limit: Int?

  @Flag(help: "Ask for answers in words as in a conversation.")
  var asChat = false

  func validate() throws {
    if let shots, shots < 0 { throw ValidationError("--shots is \(shots); expected 0 or more") }
    if let limit, limit < 1 { throw ValidationError("--limit is \(limit); expected 1 or more") }
    if tasks.isEmpty, shots != nil || examples != nil || limit != nil || asChat {
      throw ValidationError("--shots, --examples, --limit and --as-chat belong to --tasks")
    }
  }

  /// Runs every task, in order.
  func run(_ reference: String, _ engine: any Engine, _ context: CommandContext, _ global: GlobalOptions) async throws -> CommandResult {
    let clock = ContinuousClock.now
    let all = try tasks.map { path throws(FileError) in try TextTask(path: path) }
    let solved = try examples.map { path throws(FileError) in try TextTask(path: path) }
    let model = try await engine.loadLanguageModel(LanguageModelRequest(reference: reference, surroundings: global.surroundings))
    var options = TextHarness.Options()
    options.shots = shots ?? 0
    options.limit = limit
    options.asksInChat = asChat
    let harness = TextHarness(generator: model.generator, embedder: model.embedder, options: options)
    let isSilent = global.quiet || global.json
    var reports: [TextTaskReport] = []
    for task in all {
      if !isSilent { context.output.note("\(task.name): \(Wording.count(min(task.count, limit ?? task.count), "record"))\n") }
      reports.append(try await harness.run(task, examples: solved))
    }
    let summary = TextEvaluationSummary(
      model: model.name, version: model.version, tasks: reports, seconds: (ContinuousClock.now - clock) / .seconds(1))
    return CommandResult(document: summary, text: Self.text(summary, context))
  }

  private static func text(_ summary: TextEvaluationSummary, _ context: CommandContext) -> String {
    var table = TextTable(columns: [.init("task"), .number("records"), .init("metric"), .number("value"), .init("95 % interval")])
    for report in summary.tasks {
      for (place, name) in TextMetric.sorted(report.metrics.keys).enumerated() {
        guard let estimate = report.metrics[name] else { continue }
        let metric = TextMetric.named(name)
        let bounds = "\(NumberText.significant(estimate.lower)) to \(NumberText.significant(estimate.upper))"
        table.append([
          place == 0 ? report.task : "", place == 0 ? NumberText.grouped(report.records) : "", metric.title + (metric.isScore ? "" : " ↓"),
          NumberText.significant(estimate.value), bounds,
        ])
      }
    }
    let tokens = summary.tasks.reduce(0) { $0 + $1.tokens }
    return context.render(table) + "\n\(summary.model)@\(summary.version), \(Wording.count(tokens, "token")), "
      + "\(NumberText.duration(milliseconds: summary.seconds * 1000))\n"
  }
}

/// The document of `martlet evaluate --tasks … --json`.
public struct TextEvaluationSummary: Codable, Sendable, Hashable {
  /// The model's name.
  public var model: String
  public var version: Int
  /// In the order of the files.
  public var tasks: [TextTaskReport]
  public var seconds: Double
}
