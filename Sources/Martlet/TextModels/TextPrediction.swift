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
    let model = try TextBundle.model(bundle), clock = ContinuousClock.now
    let answering = TextAnswers(model)
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

/// What a model says about texts.
///
/// `@unchecked Sendable`: the model does not change, and libtorch's forward passes may run side by side.
struct TextAnswers: @unchecked Sendable {
  let model: TextModel

  init(_ model: TextModel) { self.model = model }

  /// One text's answer.
  enum Answer: Sendable {
    /// The probabilities of the classes, and which of them hold.
    case classes([Double], labels: [String], hasSeveral: Bool)
    case tags([String], words: [String])
    case text(String)

    func shown(_ input: String, top: Int?) -> PredictionSummary.Answer {
      switch self {
      case .classes(let values, let labels, let hasSeveral):
        let order = values.indices.sorted { (values[$1], $0) < (values[$0], $1) }
        let best = order.first ?? 0
        let label = hasSeveral ? Self.held(values, labels).joined(separator: ", ") : labels[best]
        return .init(
          input: input, prediction: best, label: label,
          probabilities: Dictionary(order.prefix(top ?? order.count).map { (labels[$0], values[$0]) }, uniquingKeysWith: +))
      case .tags(let tags, let words):
        let found = TagSpans.spans(of: tags).map { "\(words[$0.words].joined(separator: " ")) (\($0.label))" }
        return .init(input: input, prediction: 0, label: found.joined(separator: ", "), probabilities: [:])
      case .text(let text): return .init(input: input, prediction: 0, label: text, probabilities: [:])
      }
    }

    static func held(_ values: [Double], _ labels: [String]) -> [String] { labels.indices.filter { values[$0] >= 0.5 }.map { labels[$0] } }

    /// The answer as the server gives it.
    var document: [String: JSONValue] {
      switch self {
      case .classes(let values, let labels, let hasSeveral):
        var members: [String: JSONValue] = [
          "probabilities": .object(Dictionary(zip(labels, values.map(JSONValue.double)), uniquingKeysWith: { first, _ in first }))
        ]
        if hasSeveral {
          members["labels"] = .array(Self.held(values, labels).map(JSONValue.string))
        } else {
          let best = values.indices.max { (values[$0], $1) < (values[$1], $0) } ?? 0
          members["label"] = .string(labels[best])
        }
        return members
      case .tags(let tags, let words):
        let spans = TagSpans.spans(of: tags).map { span -> JSONValue in
          [
            "label": .string(span.label), "text": .string(words[span.words].joined(separator: " ")), "start": .int(span.words.lowerBound),
            "end": .int(span.words.upperBound),
          ]
        }
        return ["tags": .array(tags.map(JSONValue.string)), "words": .array(words.map(JSONValue.string)), "spans": .array(spans)]
      case .text(let text): return ["text": .string(text)]
      }
    }
  }

  /// The names that the column of texts may have; the only column of a table may have any.
  func column(of table: Table) throws -> String {
    let names =
      model.settings.task == .tags ? ["words", "tokens", "text"] : model.settings.task == .translation ? ["source", "text"] : ["text"]
    if let name = names.first(where: table.contains) { return name }
    guard table.columns.count == 1, let only = table.columnNames.first else {
      throw ArgumentError(
        "the rows have the columns \(table.columnNames.joined(separator: ", "))", expected: "one called \(names.joined(separator: " or "))")
    }
    return only
  }

  func answers(_ table: Table, _ column: String) throws -> [Answer] {
    switch model.settings.task {
    case .tags:
      let words = try table.words(of: column)
      return zip(try model.tags(of: words), words).map { .tags($0, words: $1) }
    default: return try answers(table.texts(of: column))
    }
  }

  func answers(_ texts: [String]) throws -> [Answer] {
    switch model.settings.task {
    case .classification:
      return try model.probabilities(of: texts).map { .classes($0, labels: model.settings.labels, hasSeveral: model.settings.hasSeveral) }
    case .tags:
      let words = texts.map { $0.split(whereSeparator: \.isWhitespace).map(String.init) }
      return zip(try model.tags(of: words), words).map { .tags($0, words: $1) }
    case .translation: return try model.translations(of: texts).map { .text($0) }
    default:
      throw ArgumentError(
        "a model for \(model.settings.task.rawValue) does not answer rows", expected: "a classifier or a translator",
        remedy: "martlet generate, or martlet embed")
    }
  }

  /// The table with the answers in columns of their own, which get a number where the name is taken.
  func added(_ answers: [Answer], to table: Table) throws -> Table {
    var columns = table.columns, taken = Set(table.columnNames)
    func name(_ wanted: String) -> String {
      var name = wanted, number = 2
      while !taken.insert(name).inserted {
        name = "\(wanted)_\(number)"
        number += 1
      }
      return name
    }
    let words = answers.map { answer -> String? in
      switch answer {
      case .tags(let tags, _): tags.joined(separator: " ")
      case .text(let text): text
      case .classes: answer.shown("", top: 1).label
      }
    }
    columns.append(Column(name(model.settings.task == .translation ? "translation" : "prediction"), words))
    if model.settings.task == .classification {
      for (place, label) in model.settings.labels.enumerated() {
        columns.append(
          Column(
            name("probability_\(label)"),
            answers.map { answer -> Double in if case .classes(let values, _, _) = answer { values[place] } else { 0 } }))
      }
    }
    return try Table(columns)
  }
}
