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
  /// Of models that translate.
  private let translate: (@Sendable ([String]) throws -> [String])?

  init(_ model: LearntTexts) {
    self.model = model
    translate = if case .one(let model) = model, model.settings.task == .translation { model.translator() } else { nil }
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
        let held = hasSeveral ? Self.held(values, labels) : []
        let probabilities = Dictionary(
          order.prefix(max(top ?? order.count, held.count)).map { (labels[$0], values[$0]) }, uniquingKeysWith: +)
        if hasSeveral { return .init(input: input, labels: held, probabilities: probabilities) }
        let best = order.first ?? 0
        return .init(input: input, prediction: best, label: labels[best], probabilities: probabilities)
      case .tags, .text, .vector, .heads: return .init(input: input, text: words, answer: .object(document))
      }
    }

    /// The answer in words; of classes their names.
    var words: String {
      switch self {
      case .classes(let values, let labels, let hasSeveral):
        if hasSeveral { return Self.held(values, labels).joined(separator: ", ") }
        return values.indices.max { (values[$0], $1) < (values[$1], $0) }.map { labels[$0] } ?? ""
      case .tags(let tags, let words):
        let found = TextModel.named(tags, words)
        return found.isEmpty ? "none" : found
      case .text(let text): return text
      case .vector(let values):
        return "\(values.count) numbers: \(values.prefix(4).map { NumberText.significant(Double($0)) }.joined(separator: ", ")) …"
      case .heads(let heads): return heads.map { "\($0.name): \($0.answer.words)" }.joined(separator: " · ")
      }
    }

    private static func held(_ values: [Double], _ labels: [String]) -> [String] {
      labels.indices.filter { values[$0] >= 0.5 }.map { labels[$0] }
    }

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
          members["label"] = .string(words)
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

  /// The names that the column of texts may have.
  var names: [String] {
    switch model {
    case .one(let model) where model.settings.task == .tags: ["words", "tokens", "text"]
    case .one(let model) where model.settings.task == .translation: ["source", "text"]
    case .many: ["text", "words", "anchor"]
    default: ["text"]
    }
  }

  /// The column of texts: by its name, or the only one that holds texts, whatever it is called.
  func column(of table: Table) throws -> String {
    if let name = names.first(where: table.contains) { return name }
    let texts = table.columns.filter { [.text, .categorical, .list].contains($0.type.kind) }
    guard texts.count == 1, let only = texts.first else {
      throw ArgumentError(
        "the rows have the columns \(table.columnNames.joined(separator: ", "))",
        expected: "one called \(names.joined(separator: " or ")), or only one that holds texts")
    }
    return only.name
  }

  /// What is to be said about the column that was taken; `nil` where it has the right name.
  func remark(on column: String) -> String? {
    names.contains(column) ? nil : "the column '\(column)' is the only one of texts and is taken as '\(names[0])'"
  }

  /// The rows that ask nothing, by their places, and why.
  func problems(_ table: Table, _ column: String) -> [(row: Int, problem: String)] {
    guard let found = try? table.column(column) else { return [] }
    let holdsTexts = ![.numeric, .boolean].contains(found.type.kind)
    return (0..<found.count).compactMap { row in
      if found.isMissing(row) { return (row, "'\(column)' has no value") }
      return holdsTexts ? nil : (row, "'\(column)' is \(found.value(row).text()), which is no text")
    }
  }

  /// What is to be said of texts of which the model reads only the beginning: so many words are more tokens for sure.
  func remarkOnLength(_ table: Table, _ column: String) -> String? {
    let length =
      switch model {
      case .one(let model): model.settings.length
      case .many(let model): model.heads.map(\.model.settings.length).max() ?? .max
      }
    guard let texts = try? table.words(of: column) else { return nil }
    let cut = texts.indices.filter { texts[$0].count > length }
    guard let first = cut.first else { return nil }
    return
      "\(NumberText.grouped(cut.count)) of \(NumberText.grouped(texts.count)) texts are longer than the \(length) tokens that the model "
      + "reads, and are cut; the first is row \(first + 1)"
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
    if let translate { return try translate(texts).map { .text($0) } }
    switch model.settings.task {
    case .classification:
      return try model.probabilities(of: texts).map { .classes($0, labels: model.settings.labels, hasSeveral: model.settings.hasSeveral) }
    case .tags:
      let words = texts.map(TextModel.words)
      return zip(try model.tags(of: words), words).map { .tags($0, words: $1) }
    default:
      throw ArgumentError(
        "a model for \(model.settings.task.rawValue) does not answer rows", expected: "a classifier or a translator",
        remedy: "martlet generate, or martlet embed")
    }
  }

  /// The table with the answers in columns of their own, which get a number where the name is taken.
  /// - Parameter hasLists: lists are lists, as in the server's answers; else each is one text.
  func added(_ answers: [Answer], to table: Table, hasLists: Bool = false) throws -> Table {
    var columns = table.columns, name = FreeNames(table)
    switch model {
    case .one(let model):
      let isTranslation = model.settings.task == .translation
      columns += Self.columns(answers, of: model, as: isTranslation ? "translation" : "prediction", probabilities: "", hasLists, &name)
    case .many(let model):
      for (place, head) in model.heads.enumerated() {
        let own = answers.map { answer in if case .heads(let heads) = answer { heads[place].answer } else { answer } }
        columns += Self.columns(own, of: head.model, as: head.name, probabilities: head.name + "_", hasLists, &name)
      }
    }
    return try Table(columns)
  }

  /// Tags with the words that they belong to, or vectors; `nil` for models that say something else.
  private static func lists(_ answers: [Answer], of model: TextModel, as wanted: String, _ name: inout FreeNames) -> [Column]? {
    switch model.settings.task {
    case .tags:
      var tags: [[String]] = [], words: [[String]] = []
      for answer in answers {
        guard case .tags(let own, let ownWords) = answer else { return nil }
        tags.append(own)
        words.append(ownWords)
      }
      func column(_ wanted: String, _ lists: [[String]]) -> Column {
        let items: [String?] = lists.joined().map { $0 }
        return Column(name(wanted), lengths: lists.map(\.count), elements: Column("item", items))
      }
      return [column(wanted, tags), column(wanted + "_words", words)]
    case .embedding:
      var lengths: [Int?] = [], values: [Double] = []
      for answer in answers {
        guard case .vector(let own) = answer else { return nil }
        lengths.append(own.count)
        values += own.map { Double($0) }
      }
      return [Column(name(wanted), lengths: lengths, elements: Column("item", values))]
    default: return nil
    }
  }

  private static func columns(
    _ answers: [Answer], of model: TextModel, as wanted: String, probabilities prefix: String, _ hasLists: Bool, _ name: inout FreeNames
  ) -> [Column] {
    if hasLists, let lists = lists(answers, of: model, as: wanted, &name) { return lists }
    let words = answers.map { answer -> String? in
      switch answer {
      case .tags(let tags, _): tags.joined(separator: " ")
      case .text(let text): text
      case .vector(let values): "[" + values.map { "\($0)" }.joined(separator: ",") + "]"
      case .classes, .heads: answer.words
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
