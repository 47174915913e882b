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
    let table = try TextFiles(unit: .line).read(request.inputs)
    let column = try answering.column(of: table)
    let rows = request.output == nil ? min(shownRows, table.rowCount) : table.rowCount
    let part = try table.slice(0..<rows)
    let answers = try await CancelledBySignals.run {
      try await TorchThread.main.run { try TorchThreads.with(ImageTraining.cores()) { try answering.answers(part, column) } }
    }
    guard let output = request.output else {
      return PredictionSummary(
        model: version.name, version: version.number,
        predictions: answers.enumerated().map { row, answer in answer.shown("row \(row + 1)", top: request.top) })
    }
    let writer = try TableWriter(output)
    try writer.write(answering.added(answers, to: table))
    try writer.finish()
    var summary = PredictionSummary(model: version.name, version: version.number, predictions: [])
    summary.output = output
    summary.rows = rows
    summary.seconds = (ContinuousClock.now - clock) / .seconds(1)
    return summary
  }
}
