import Charts
import Commands
import Evaluation
import MartletCore
import Tables
import TextTasks

/// What a model says about texts.
///
/// Models do not change, and libtorch's forward passes may run side by side.
struct TextAnswers: Sendable {
  let model: LearntTexts
  /// Translates in the place of the model, where the engine knows it.
  private let translation: EngineTranslation?

  init(_ model: LearntTexts) {
    self.model = model
    translation = if case .one(let model) = model { EngineTranslation(model) } else { nil }
  }

  /// One text's answer.
  enum Answer: Sendable {
    /// The probabilities of the classes, and which of them hold.
    case classes([Double], labels: [String], hasSeveral: Bool)
    case tags([String], words: [String])
    case text(String)
    case vector([Float])
    /// What several heads say, in their order.
    case heads([(name: String, answer: Answer)])

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
        let found = TextModel.spans(of: tags).map { "\(words[$0.start..<$0.end].joined(separator: " ")) (\($0.label))" }
        return .init(input: input, prediction: 0, label: found.joined(separator: ", "), probabilities: [:])
      case .text(let text): return .init(input: input, prediction: 0, label: text, probabilities: [:])
      case .vector(let values):
        let start = values.prefix(4).map { NumberText.significant(Double($0)) }.joined(separator: ", ")
        return .init(input: input, prediction: 0, label: "\(values.count) numbers: \(start) …", probabilities: [:])
      case .heads(let heads):
        let all = heads.map { ($0.name, $0.answer.shown(input, top: top)) }
        let label = all.map { "\($0): \($1.label ?? "")" }.joined(separator: " · ")
        let probabilities = all.flatMap { name, own in own.probabilities.map { ("\(name)/\($0.key)", $0.value) } }
        return .init(input: input, prediction: 0, label: label, probabilities: Dictionary(probabilities, uniquingKeysWith: +))
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
        let spans = TextModel.spans(of: tags).map { span -> JSONValue in
          [
            "label": .string(span.label), "text": .string(words[span.start..<span.end].joined(separator: " ")), "start": .int(span.start),
            "end": .int(span.end),
          ]
        }
        return ["tags": .array(tags.map(JSONValue.string)), "words": .array(words.map(JSONValue.string)), "spans": .array(spans)]
      case .text(let text): return ["text": .string(text)]
      case .vector(let values): return ["embedding": .array(values.map { .double(Double($0)) })]
      case .heads(let heads):
        return Dictionary(heads.map { ($0.name, .object($0.answer.document)) }, uniquingKeysWith: { first, _ in first })
      }
    }
  }

  /// The names that the column of texts may have; the only column of a table may have any.
  func column(of table: Table) throws -> String {
    let names =
      switch model {
      case .one(let model) where model.settings.task == .tags: ["words", "tokens", "text"]
      case .one(let model) where model.settings.task == .translation: ["source", "text"]
      case .many: ["text", "words", "anchor"]
      default: ["text"]
      }
    if let name = names.first(where: table.contains) { return name }
    guard table.columns.count == 1, let only = table.columnNames.first else {
      throw ArgumentError(
        "the rows have the columns \(table.columnNames.joined(separator: ", "))", expected: "one called \(names.joined(separator: " or "))")
    }
    return only
  }

  func answers(_ table: Table, _ column: String) throws -> [Answer] {
    if case .one(let model) = model, model.settings.task == .tags {
      let words = try table.words(of: column)
      return zip(try model.tags(of: words), words).map { .tags($0, words: $1) }
    }
    return try answers(table.texts(of: column))
  }

  func answers(_ texts: [String]) throws -> [Answer] {
    switch model {
    case .one(let model): return try answers(texts, of: model)
    case .many(let model):
      let all = try model.answers(to: texts)
      return texts.indices.map { row in
        Answer.heads(model.heads.compactMap { name, own in all[name].map { (name: name, answer: Self.answer($0[row], of: own)) } })
      }
    }
  }

  private static func answer(_ found: MultiTextModel.Answer, of model: TextModel) -> Answer {
    switch found {
    case .classes(let values): .classes(values, labels: model.settings.labels, hasSeveral: model.settings.hasSeveral)
    case .tags(let tags, let words): .tags(tags, words: words)
    case .vector(let values): .vector(values)
    }
  }

  private func answers(_ texts: [String], of model: TextModel) throws -> [Answer] {
    switch model.settings.task {
    case .classification:
      return try model.probabilities(of: texts).map { .classes($0, labels: model.settings.labels, hasSeveral: model.settings.hasSeveral) }
    case .tags:
      let words = texts.map { $0.split(whereSeparator: \.isWhitespace).map(String.init) }
      return zip(try model.tags(of: words), words).map { .tags($0, words: $1) }
    case .translation: return try (translation?.translations(of: texts) ?? model.translations(of: texts)).map { .text($0) }
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
    switch model {
    case .one(let model):
      let isTranslation = model.settings.task == .translation
      columns += Self.columns(answers, of: model, as: isTranslation ? "translation" : "prediction", probabilities: "", name)
    case .many(let model):
      for (place, head) in model.heads.enumerated() {
        let own = answers.map { answer in if case .heads(let heads) = answer { heads[place].answer } else { answer } }
        columns += Self.columns(own, of: head.model, as: head.name, probabilities: head.name + "_", name)
      }
    }
    return try Table(columns)
  }

  private static func columns(
    _ answers: [Answer], of model: TextModel, as wanted: String, probabilities prefix: String, _ name: (String) -> String
  ) -> [Column] {
    let words = answers.map { answer -> String? in
      switch answer {
      case .tags(let tags, _): tags.joined(separator: " ")
      case .text(let text): text
      case .vector(let values): "[" + values.map { "\($0)" }.joined(separator: ",") + "]"
      case .classes, .heads: answer.shown("", top: 1).label
      }
    }
    var columns = [Column(name(wanted), words)]
    if model.settings.task == .classification {
      for (place, label) in model.settings.labels.enumerated() {
        columns.append(
          Column(
            name("probability_\(prefix)\(label)"),
            answers.map { answer -> Double in if case .classes(let values, _, _) = answer { values[place] } else { 0 } }))
      }
    }
    return columns
  }
}
