public import Foundation
public import MartletCore

extension TextTask {
  /// Reads a task from JSON Lines: an object a line, all of the kind that the first one is of.
  /// - Throws: `FileError` that names the line and the member at fault.
  public init(path: String) throws(FileError) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw FileError(path: path, problem: "cannot be read", expected: "a file with a JSON object a line")
    }
    let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    try self.init(jsonLines: data, name: name, source: path)
  }

  /// Reads a task from JSON Lines in memory.
  /// - Throws: as ``init(path:)``.
  public init(jsonLines data: Data, name: String, source: String = "the task") throws(FileError) {
    guard let text = String(validating: data, as: UTF8.self) else { throw FileError(path: source, problem: "is not UTF-8") }
    var rows: [TextTaskRow] = []
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      var line = line
      if number == 0, line.first == "\u{FEFF}" { line = line.dropFirst() }
      guard line.contains(where: { !$0.isWhitespace }) else { continue }
      rows.append(try TextTaskRow(Data(line.utf8), source: source, line: number + 1))
    }
    guard let first = rows.first else { throw FileError(path: source, problem: "has no records", expected: "a JSON object a line") }
    let records: Records
    switch try first.kind() {
    case .multipleChoice: records = .choices(try rows.map { row throws(FileError) in try row.choice() })
    case .generation: records = .answers(try rows.map { row throws(FileError) in try row.answer() })
    case .perplexity: records = .texts(try rows.map { row throws(FileError) in try row.string("text") })
    case .retrieval: records = .queries(try rows.map { row throws(FileError) in try row.query() })
    case .similarity: records = .pairs(try rows.map { row throws(FileError) in try row.pair() })
    case .spans: records = .tags(try rows.map { row throws(FileError) in try row.tags() })
    }
    self.init(name: name, records: records)
  }
}

/// A line of a task's file.
struct TextTaskRow {
  private let members: [String: JSONValue]
  private let source: String
  private let line: Int

  init(_ data: Data, source: String, line: Int) throws(FileError) {
    self.source = source
    self.line = line
    guard let value = try? JSONDecoder().decode(JSONValue.self, from: data), case .object(let members) = value else {
      throw FileError(path: "\(source):\(line)", problem: "is no JSON object", expected: "an object a line")
    }
    self.members = members
  }

  private func fail(_ problem: String, expected: String? = nil) -> FileError {
    FileError(path: "\(source):\(line)", problem: problem, expected: expected)
  }

  /// What the members say it is.
  func kind() throws(FileError) -> TextTask.Kind {
    func has(_ names: String...) -> Bool { names.allSatisfy { members[$0] != nil } }
    if has("choices") { return .multipleChoice }
    if has("target") { return .generation }
    if has("query") { return .retrieval }
    if has("a", "b") { return .similarity }
    if has("tags") { return .spans }
    if has("text") { return .perplexity }
    throw fail(
      "has the members \(members.keys.sorted().joined(separator: ", "))",
      expected: "prompt, choices, answer; prompt, target; text; query, positives; a, b, score; or tags, predicted")
  }

  func string(_ name: String) throws(FileError) -> String {
    guard let text = members[name]?.stringValue else {
      throw fail(members[name] == nil ? "has no '\(name)'" : "'\(name)' is no text", expected: "a text")
    }
    return text
  }

  /// A text, or several.
  private func strings(_ name: String) throws(FileError) -> [String]? {
    guard let value = members[name], value != .null else { return nil }
    if let text = value.stringValue { return [text] }
    let texts = value.arrayValue?.compactMap(\.stringValue)
    guard let texts, texts.count == value.arrayValue?.count else { throw fail("'\(name)' is no list of texts", expected: "texts in []") }
    return texts
  }

  private func required(_ name: String) throws(FileError) -> [String] {
    guard let texts = try strings(name), !texts.isEmpty else { throw fail("has no '\(name)'", expected: "one text or more") }
    return texts
  }

  func choice() throws(FileError) -> TextTask.Choice {
    let choices = try required("choices")
    guard choices.count >= 2 else { throw fail("has \(choices.count) choice", expected: "two or more") }
    let answer: Int
    switch members["answer"] {
    case .int(let index)?: answer = index
    case .string(let text)?:
      // The choice itself, or its letter.
      let letter = text.unicodeScalars.count == 1 ? text.uppercased().unicodeScalars.first.map { Int($0.value) - 65 } : nil
      guard let index = choices.firstIndex(of: text) ?? letter else { throw fail("'answer' is '\(text)', which is no choice") }
      answer = index
    default: throw fail("has no 'answer'", expected: "the right choice, or its number from 0")
    }
    guard choices.indices.contains(answer) else { throw fail("'answer' is \(answer)", expected: "0 to \(choices.count - 1)") }
    return TextTask.Choice(
      prompt: try string("prompt"), choices: choices, answer: answer, separator: members["separator"]?.stringValue ?? " ")
  }

  func answer() throws(FileError) -> TextTask.Answer {
    let prediction = members["prediction"]?.stringValue
    return TextTask.Answer(
      prompt: prediction == nil ? try string("prompt") : members["prompt"]?.stringValue ?? "", targets: try required("target"),
      stop: try strings("stop") ?? ["\n"], maxTokens: members["max_tokens"]?.intValue, prediction: prediction)
  }

  func query() throws(FileError) -> TextTask.Query {
    let positives = try required("positives")
    let negatives = try strings("negatives"), corpus = try strings("corpus")
    let others: [String]? = negatives == nil && corpus == nil ? nil : (negatives ?? []) + (corpus ?? [])
    return TextTask.Query(query: try string("query"), positives: positives, others: others)
  }

  func pair() throws(FileError) -> TextTask.Pair {
    guard let score = members["score"]?.doubleValue, score.isFinite else { throw fail("has no 'score'", expected: "a number") }
    return TextTask.Pair(a: try string("a"), b: try string("b"), score: score)
  }

  func tags() throws(FileError) -> TextTask.Tags {
    let truth = try required("tags"), predicted = try required("predicted")
    guard truth.count == predicted.count else {
      throw fail("has \(truth.count) tags and \(predicted.count) predicted ones", expected: "as many of both")
    }
    return TextTask.Tags(truth: truth, predicted: predicted)
  }
}
