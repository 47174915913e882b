import MartletCore
import Project

/// Finds out which columns of a table are texts, classes, tags and partners: by their names first, then by what is in them.
struct ColumnFinder {
  let columns: [TextInit.Column]
  /// The column that was named as the one to learn.
  let target: String?

  private static let labels = [
    "label", "labels", "class", "category", "categories", "sentiment", "intent", "topic", "topics", "rating", "stars", "polarity",
    "emotion",
  ]
  private static let texts = ["text", "sentence", "review", "content", "document", "message", "comment", "body", "utterance", "tweet"]
  private static let pairs = [
    ("anchor", "positive"), ("sentence1", "sentence2"), ("text1", "text2"), ("query", "passage"), ("query", "document"),
    ("query", "answer"),
    ("question", "answer"), ("premise", "hypothesis"), ("query", "positive"),
  ]
  private static let directions = [("source", "translation"), ("source", "target"), ("src", "tgt"), ("input", "output")]
  /// Codes that columns of translations are called by.
  private static let codes: Set<String> = [
    "en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "fi", "pl", "cs", "ru", "uk", "tr", "ar", "he", "hi", "zh", "ja", "ko",
    "vi",
    "el", "ro", "hu", "bg", "id", "th", "la",
  ]

  func named(_ names: [String]) -> String? {
    for name in names { if let found = columns.first(where: { $0.name.lowercased() == name }) { return found.name } }
    return nil
  }

  func texts(_ name: String) -> [String] { columns.first { $0.name == name }?.texts ?? [] }

  var words: String? { named(["words", "tokens"]) }
  var tags: String? { named(["tags", "ner_tags", "pos_tags"]) ?? (words == nil ? nil : named(["labels", "label"])) }

  /// Two columns of one meaning.
  var pair: (String, String)? { pair(Self.pairs) ?? twoTexts }

  /// Two columns of two languages.
  var languages: (String, String)? {
    if let named = pair(Self.directions) { return named }
    let found = columns.filter { Self.codes.contains($0.name.lowercased()) && !$0.isNumber && !$0.isList }.map(\.name)
    return found.count == 2 ? (found[0], found[1]) : nil
  }

  private func pair(_ names: [(String, String)]) -> (String, String)? {
    for (first, second) in names { if let a = named([first]), let b = named([second]) { return (a, b) } }
    return nil
  }

  /// The only two columns, both of sentences.
  private var twoTexts: (String, String)? {
    let sentences = columns.filter(\.isText)
    return columns.count == 2 && sentences.count == 2 ? (sentences[0].name, sentences[1].name) : nil
  }

  /// The column of classes.
  var label: String? {
    if let target { return columns.first { $0.name == target }?.name }
    for name in Self.labels {
      if let found = columns.first(where: { $0.name.lowercased() == name && !$0.isList && $0.distinct >= 2 }) { return found.name }
    }
    let likely = columns.filter { $0.isLabel && !$0.isText }
    return likely.count == 1 && columns.contains { $0.isText } ? likely[0].name : nil
  }

  /// The column of texts: by name, else the one with the longest.
  func text(besides others: [String]) -> String? {
    let left = columns.filter { !others.contains($0.name) && !$0.isList && !$0.isNumber }
    for name in Self.texts { if let found = left.first(where: { $0.name.lowercased() == name }) { return found.name } }
    let sentences = left.filter(\.isText)
    return (sentences.isEmpty ? left : sentences).max { ($0.length, $1.name) < ($1.length, $0.name) }?.name
  }

  /// What parts several classes in most cells of a column that has it anywhere.
  func separator(of name: String) -> Character? {
    let cells = texts(name)
    return [";", "|"].first { separator in cells.count { $0.contains(separator) } * 10 > cells.count }
  }

  /// What can be learnt; `nil` where the columns look like a table of another kind.
  var task: ProjectTask? {
    if words != nil, tags != nil { return .tokenClassification }
    if pair(Self.pairs) != nil { return .embedding }
    if languages != nil { return .translation }
    if twoTexts != nil, label == nil { return .embedding }
    let sentences = columns.filter(\.isText)
    guard !sentences.isEmpty else { return nil }
    // A table of measurements with a remark in it is none of texts.
    let others = columns.filter { !$0.isText && $0.name != label }.count
    if let label, text(besides: [label]) != nil, others <= 2 + sentences.count { return .textClassification }
    return columns.count == 1 ? .languageModel : nil
  }
}
