import Bundles
import Commands
import Foundation
import MartletCore
import Project
import Registry
import Selection
import Tables

/// `martlet predict` for models of tables: files in, files out, in constant memory.
enum TablePrediction {
  /// Rows that are answered on the terminal, where no file is to be written.
  private static let shownRows = 1000

  static func predict(_ request: PredictRequest, _ version: ModelVersion, _ bundle: ModelBundle) async throws -> PredictionSummary {
    let model = try TableModel(bundle: bundle)
    let options = try readOptions(model, request.inputs)
    guard let output = request.output else {
      var limited = options
      limited.rowLimit = shownRows
      let table = try Table.read(request.inputs, options: limited)
      let answers = try self.answers(model, table, top: request.top)
      return PredictionSummary(model: version.name, version: version.number, predictions: answers)
    }
    let clock = ContinuousClock.now
    let (rows, unusual) = try await CancelledBySignals.run {
      let reader = try TableReader(request.inputs, options: options)
      let writer = try TableWriter(output)
      var rows = 0, unusual = 0
      if reader.emptyTable.columns.isEmpty == false { _ = try model.completed(reader.emptyTable) }
      while let part = try reader.next() {
        try Task.checkCancellation()
        try writer.write(try added(model, to: part))
        rows += part.rowCount
        unusual += model.unusualRows(part)
        if Terminal.isInteractive, !request.surroundings.quiet { Terminal.note("\r\u{1B}[K\(rows) rows", terminator: "") }
      }
      if rows == 0 { try writer.write(try added(model, to: reader.emptyTable)) }
      try writer.finish()
      if Terminal.isInteractive, !request.surroundings.quiet { Terminal.note("\r\u{1B}[K", terminator: "") }
      return (rows, unusual)
    }
    var summary = PredictionSummary(model: version.name, version: version.number, predictions: [])
    summary.output = output
    summary.rows = rows
    summary.unusualRows = unusual
    summary.seconds = (ContinuousClock.now - clock) / .seconds(1)
    return summary
  }

  /// Digits that were categories or texts in training are read as texts, so that they keep their zeros.
  static func readOptions(_ model: TableModel, _ inputs: [String]) throws -> TableReadOptions {
    var options = TableReadOptions()
    // Names are known after a look at the first rows.
    var look = options
    look.csv.inferenceRows = 100
    let known = Set(try TableReader(inputs, options: look).emptyTable.columnNames)
    for input in model.configuration.inputs where [.text, .categorical].contains(input.type.kind) && known.contains(input.name) {
      options.types[input.name] = .text
    }
    return options
  }

  /// A table with the model's words in columns of their own, which get a number where the name is taken.
  /// - Parameter typed: the same rows as the model is asked, where that is not as they were read.
  static func added(_ model: TableModel, to table: Table, typed: Table? = nil) throws -> Table {
    let answer = table.rowCount == 0 ? nil : try model.predict(typed ?? table)
    var columns = table.columns, name = FreeNames(table)
    switch (model.configuration.task, answer?.output) {
    case (_, .probabilities(let values, let labels)?):
      columns.append(Column(name("prediction"), (answer?.decided ?? []).map { labels[$0] } as [String?]))
      for (place, label) in labels.enumerated() {
        columns.append(Column(name("probability_\(label)"), (0..<table.rowCount).map { values[$0 * labels.count + place] }))
      }
    case (_, .values(let values)?): columns.append(Column(name("prediction"), values))
    case (_, .clusters(let groups)?): columns.append(Column(name("cluster"), groups.map(Int64.init)))
    case (_, .scores(let scores, let threshold)?):
      columns.append(Column(name("anomaly"), scores.map { $0 > threshold } as [Bool?]))
      columns.append(Column(name("score"), scores))
    case (.classification, nil):
      columns.append(Column(name("prediction"), [] as [String?]))
      for label in model.configuration.labels ?? [] { columns.append(Column(name("probability_\(label)"), [Double]())) }
    case (.clustering, nil): columns.append(Column(name("cluster"), [Int64]()))
    case (.anomalyDetection, nil):
      columns.append(Column(name("anomaly"), [] as [Bool?]))
      columns.append(Column(name("score"), [Double]()))
    default: columns.append(Column(name("prediction"), [Double]()))
    }
    return try Table(columns)
  }

  private static func answers(_ model: TableModel, _ table: Table, top: Int?) throws -> [PredictionSummary.Answer] {
    guard table.rowCount > 0 else { return [] }
    let answer = try model.predict(table)
    return (0..<table.rowCount).map { row in
      let input = "row \(row + 1)"
      switch answer.output {
      case .probabilities(let values, let labels):
        let own = labels.indices.map { values[row * labels.count + $0] }
        let kept = labels.indices.sorted { (own[$1], $0) < (own[$0], $1) }.prefix(top ?? labels.count)
        return PredictionSummary.Answer(
          input: input, prediction: answer.decided[row], label: labels[answer.decided[row]],
          probabilities: Dictionary(kept.map { (labels[$0], own[$0]) }, uniquingKeysWith: +))
      case .values(let values): return PredictionSummary.Answer(input: input, value: values[row])
      case .clusters(let groups): return PredictionSummary.Answer(input: input, value: Double(groups[row]))
      case .scores(let scores, let threshold):
        return PredictionSummary.Answer(input: input, value: scores[row], label: scores[row] > threshold ? "anomaly" : "usual")
      }
    }
  }
}
