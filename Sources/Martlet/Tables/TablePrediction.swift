import Bundles
import Commands
import Foundation
import MartletCore
import Project
import Recipes
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
      let limit = request.surroundings.json ? Int.max : shownRows
      let (table, rows) = try await CancelledBySignals.run { try first(limit, request.inputs, options) }
      let predictions = try naming(request.inputs, before: 0) { try answers(model, typed(table, model), top: request.top) }
      var summary = PredictionSummary(model: version.name, version: version.number, predictions: predictions)
      if rows > table.rowCount { summary.rows = rows }
      return summary
    }
    let clock = ContinuousClock.now
    let (rows, unusual) = try await CancelledBySignals.run {
      let reader = try TableReader(request.inputs, options: options)
      let writer = try TableWriter(output)
      var rows = 0, unusual = 0
      if reader.emptyTable.columns.isEmpty == false { _ = try model.completed(typed(reader.emptyTable, model)) }
      while let part = try reader.next() {
        try Task.checkCancellation()
        let (table, asked) = try naming(request.inputs, before: rows) {
          let asked = try typed(part, model)
          return (try added(model, to: part, typed: asked), asked)
        }
        try writer.write(table)
        rows += part.rowCount
        unusual += model.unusualRows(asked)
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

  /// Errors of rows told with the file and the row as people count it.
  /// - Parameter before: the rows of earlier parts.
  private static func naming<Result>(_ inputs: [String], before: Int, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as RecipeError {
      guard let row = error.row else { throw error }
      throw FileError(
        path: inputs.joined(separator: ", "),
        problem: error.problem.replacing("row \(row)", with: "row \(before + row + 1)", maxReplacements: 1),
        expected: error.expected, remedy: "correct the row; a job (--checkpoint FOLDER) sets such rows aside and answers the others")
    }
  }

  /// The first rows, and how many there are in all.
  private static func first(_ limit: Int, _ inputs: [String], _ options: TableReadOptions) throws -> (table: Table, rows: Int) {
    let reader = try TableReader(inputs, options: options)
    var parts: [Table] = [], kept = 0, rows = 0
    while let part = try reader.next() {
      try Task.checkCancellation()
      let wanted = min(part.rowCount, limit - kept)
      if wanted > 0 { parts.append(wanted < part.rowCount ? try part.slice(0..<wanted) : part) }
      kept += max(0, wanted)
      rows += part.rowCount
    }
    return (parts.isEmpty ? reader.emptyTable : parts.count == 1 ? parts[0] : try Table.concatenating(parts), rows)
  }

  /// Digits that were categories or texts in training are read as texts, so that they keep their zeros.
  static func readOptions(_ model: TableModel, _ inputs: [String]) throws -> TableReadOptions {
    try InputFolders.check(inputs, depth: 0) { TableFormat(path: $0) != nil }
    var options = TableReadOptions()
    // Of the rows nothing is read: a guess at types from the first of them would fail at a later one.
    let known = Set(try TableReader.columnNames(of: inputs))
    let read = Set(model.configuration.inputs.map(\.name))
    if let twice = try TableReader.repeatedNames(of: inputs).first(where: { read.contains($0.name) }) {
      throw FileError(
        path: twice.path, problem: "has the column '\(twice.name)', which the model reads, \(twice.count) times", expected: "it once",
        remedy: "remove or rename all but one of them")
    }
    for input in model.configuration.inputs where [.text, .categorical].contains(input.type.kind) && known.contains(input.name) {
      options.types[input.name] = .text
    }
    return options
  }

  /// One word makes a column of numbers one of texts. Where the model knows numbers, the other rows are numbers still.
  /// - Throws: `RecipeError` naming the first row that is none.
  static func typed(_ table: Table, _ model: TableModel) throws -> Table {
    var table = table
    for input in model.configuration.inputs where input.type.kind == .numeric && table.contains(input.name) {
      let column = try table.column(input.name)
      guard column.type.kind == .text else { continue }
      let numbers = try column.texts().enumerated().map { row, text -> Double? in
        let trimmed = (text ?? "").trimmingCharacters(in: .whitespaces)
        if trimmed.isEmpty { return nil }
        guard let number = Double(trimmed) else {
          throw RecipeError(
            "'\(trimmed)' in row \(row) of column '\(input.name)' is no number", expected: "a number, as in training", column: input.name,
            row: row, value: trimmed)
        }
        return number
      }
      table = try table.setting(Column(input.name, numbers))
    }
    return table
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
