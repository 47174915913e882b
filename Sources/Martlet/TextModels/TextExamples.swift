import MartletCore
import Project
import Tables
import TextTasks

/// The classes of a project's texts, and how a table's texts carry them.
struct TextExamples: Sendable {
  let project: TextProject
  /// The classes in the order of their numbers; empty for tasks without classes.
  let labels: [String]

  private var data: TextData { project.data }
  var hasSeveral: Bool { project.task == .textClassification && data.separator != nil }

  /// - Parameter known: the classes that a model knows; `nil` learns them.
  init(_ project: TextProject, learning table: Table, known: [String]? = nil) throws {
    self.project = project
    if let known {
      labels = known
      return
    }
    switch project.task {
    case .textClassification:
      labels = Set(try Self.names(project.data, table).joined()).sorted()
      guard labels.count >= (project.data.separator == nil ? 2 : 1) else {
        throw ArgumentError(
          "'\(project.data.label ?? "")' has \(labels.count) classes", expected: project.data.separator == nil ? "2 or more" : "1 or more")
      }
    case .tokenClassification:
      // What is no name comes first.
      labels = Set(try table.words(of: project.data.tags ?? "tags").joined()).sorted { ($0 == "O" ? 0 : 1, $0) < ($1 == "O" ? 0 : 1, $1) }
    default: labels = []
    }
  }

  private static func names(_ data: TextData, _ table: Table) throws -> [[String]] {
    let texts = try table.texts(of: data.label ?? "label")
    guard let separator = data.separator, let first = separator.first else { return texts.map { [$0] } }
    guard separator.count == 1 else { throw ArgumentError("data.separator is '\(separator)'", expected: "one character") }
    return texts.map { text in text.split(separator: first).map { $0.trimmed }.filter { !$0.isEmpty } }
  }

  func texts(_ table: Table) throws -> [String] { try table.texts(of: data.text) }

  /// The classes of each text, by their numbers.
  /// - Throws: `ArgumentError` naming a class that nobody learnt.
  func classes(_ table: Table) throws -> [[Int]] { try numbered(Self.names(data, table)) }

  func words(_ table: Table) throws -> [[String]] { try table.words(of: data.words ?? "words") }

  func tagNames(_ table: Table) throws -> [[String]] { try table.words(of: data.tags ?? "tags") }

  func tags(_ table: Table) throws -> [[Int]] { try numbered(tagNames(table)) }

  private func numbered(_ names: [[String]]) throws -> [[Int]] {
    let numbers = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
    return try names.enumerated().map { row, own in
      try own.map { name in
        guard let number = numbers[name] else {
          throw ArgumentError(
            "row \(row) has the class '\(name)', which no text to learn from has",
            expected: labels.prefix(10).joined(separator: ", "))
        }
        return number
      }
    }
  }

  func scores(_ table: Table) throws -> [Double]? { try data.score.map { try table.column($0).numbers() } }

  /// All that a new tokenizer learns from.
  func allTexts(_ table: Table) throws -> [String] {
    switch project.task {
    case .tokenClassification: try words(table).map { $0.joined(separator: " ") }
    case .embedding:
      try [data.anchor, data.positive, data.negative].compactMap(\.self).flatMap { try table.texts(of: $0) }
    case .translation: try [data.source, data.translation].compactMap(\.self).flatMap { try table.texts(of: $0) }
    default: try texts(table)
    }
  }
}

extension Substring {
  fileprivate var trimmed: String {
    var text = self
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
