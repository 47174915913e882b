import Bundles
import Commands
import Foundation
import MartletCore
import Registry
import Tables
import TextTasks
import Torch

/// `martlet predict` for models of texts: files of texts in, answers or files of rows out.
enum TextPrediction {
  /// Rows that are answered on the terminal, where no file is to be written.
  private static let shownRows = 1000

  static func predict(_ request: PredictRequest, _ version: ModelVersion, _ bundle: ModelBundle) async throws -> PredictionSummary {
    let clock = ContinuousClock.now
    let answering = TextAnswers(try LearntTexts(bundle))
    let table = try AskedTexts.read(answering, request.inputs)
    let column = try answering.column(of: table)
    if !request.surroundings.quiet, let remark = answering.remark(on: column) { Terminal.note(remark) }
    let isWhole = request.output != nil || request.surroundings.json
    let part = try table.slice(0..<(isWhole ? table.rowCount : min(shownRows, table.rowCount)))
    let problems = answering.problems(part, column)
    if request.output != nil, let (row, problem) = problems.first {
      throw FileError(
        path: request.inputs.joined(separator: ", "), problem: "row \(row + 1): \(problem)", expected: "a text in '\(column)'",
        remedy: "correct the row; a job (--checkpoint FOLDER) sets such rows aside and answers the others")
    }
    let wrong = Dictionary(problems, uniquingKeysWith: { first, _ in first }), right = (0..<part.rowCount).filter { wrong[$0] == nil }
    let asked = wrong.isEmpty ? part : try part.taking(right)
    if !request.surroundings.quiet, let remark = answering.remarkOnLength(asked, column) { Terminal.note(remark) }
    let answers = try await CancelledBySignals.run {
      try await TorchThread.main.run {
        try TorchThreads.with(ImageTraining.cores()) { asked.rowCount == 0 ? [] : try answering.answers(asked, column) }
      }
    }
    guard let output = request.output else {
      var left = answers[...]
      let shown = (0..<part.rowCount).compactMap { row -> PredictionSummary.Answer? in
        let input = "row \(row + 1)"
        if let problem = wrong[row] { return PredictionSummary.Answer(input: input, error: "\(input): \(problem)") }
        return left.popFirst()?.shown(input, top: request.top)
      }
      var summary = PredictionSummary(model: version.name, version: version.number, predictions: shown)
      if table.rowCount > part.rowCount { summary.rows = table.rowCount }
      return summary
    }
    let writer = try TableWriter(output)
    try writer.write(answering.added(answers, to: table, hasLists: AskedTexts.holdsLists(output)))
    try writer.finish()
    var summary = PredictionSummary(model: version.name, version: version.number, predictions: [])
    summary.output = output
    summary.rows = table.rowCount
    summary.seconds = (ContinuousClock.now - clock) / .seconds(1)
    return summary
  }
}
