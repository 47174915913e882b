import Commands
import Foundation
import MartletCore
import Project
import Tables
import TextTasks

/// `martlet init` for texts: sees what can be learnt from a folder, a file of texts or a table with texts.
struct TextInit {
  /// What was recognised.
  struct Finding {
    var task: ProjectTask
    /// The keys of `data` besides the file, as they are written.
    var keys: [(name: String, value: String, note: String)] = []
    /// Texts to look at, for their length and their writing.
    var texts: [String]
    var rows: Int
    var columns: Int
    var remarks: [String] = []
    /// How many classes there are.
    var classes = 0
    /// A file to judge by.
    var test: String?
  }

  private static let textEndings = ["txt", "text", "md"], tagEndings = ["conll", "conllu", "bio", "iob"]
  private static let looked = 2000

  /// Whether texts are asked for, or the input can be nothing else.
  static func isAsked(_ request: InitRequest) -> Bool {
    if let task = request.task.flatMap(ProjectTask.init(rawValue:)) { return task.isText }
    return request.target == nil
  }

  /// Looks at the input.
  /// - Throws: `UsageError` for a table in which no texts are recognised, `FileError`, `TableError`, `ArgumentError` naming what is missing.
  static func find(_ request: InitRequest) throws -> Finding {
    let path = request.input, asked = request.task.flatMap(ProjectTask.init(rawValue:))
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw FileError(path: path, problem: "there is no such file", remedy: "check the path")
    }
    let ending = (path as NSString).pathExtension.lowercased()
    let isText = textEndings.contains(ending) || tagEndings.contains(ending)
    var table: Table, rows = 0
    if isFolder.boolValue || isText {
      table = try TextFiles().read([path])
      rows = table.rowCount
    } else {
      // Of a table its first piece says enough.
      let reader = try TableReader(path)
      table = reader.emptyTable
      while let part = try reader.next() {
        try Task.checkCancellation()
        if rows == 0 { table = part }
        rows += part.rowCount
      }
    }
    guard rows > 0 else { throw ArgumentError("\(path) has no texts", expected: "1 or more") }
    if isText { return try textFile(table, asked) }
    if isFolder.boolValue, table.contains("text"), table.columns.count <= 2 { return try folder(table, asked) }
    var found = try columns(table, request, asked)
    found.rows = rows
    return found
  }

  // Files of texts ------------------------------------------------------------------------------------------------------------------------

  private static func folder(_ table: Table, _ asked: ProjectTask?) throws -> Finding {
    let texts = try table.texts(of: "text")
    if table.contains("label"), asked == nil || asked == .textClassification {
      let classes = Set(try table.texts(of: "label"))
      if classes.count > 1 {
        var found = Finding(task: .textClassification, texts: Array(texts.prefix(looked)), rows: texts.count, columns: 2)
        found.classes = classes.count
        found.remarks = ["each folder is a class: \(classes.sorted().prefix(8).joined(separator: ", "))"]
        return found
      }
    }
    try only(.languageModel, asked, "texts without classes")
    var found = Finding(task: .languageModel, texts: Array(texts.prefix(looked)), rows: texts.count, columns: 1)
    found.remarks = ["\(texts.count) texts; unit: file takes each file for one, unit: line each line"]
    return found
  }

  private static func textFile(_ table: Table, _ asked: ProjectTask?) throws -> Finding {
    if table.contains("tags") {
      try only(.tokenClassification, asked, "words with tags")
      return try tagged(table, words: "words", tags: "tags")
    }
    try only(.languageModel, asked, "texts without classes")
    return Finding(
      task: .languageModel, texts: Array(try table.texts(of: "text").prefix(looked)), rows: table.rowCount, columns: 1)
  }

  private static func only(_ task: ProjectTask, _ asked: ProjectTask?, _ what: String) throws {
    guard let asked, asked != task else { return }
    throw ArgumentError("--task is \(asked.rawValue), and the input holds \(what)", expected: task.rawValue)
  }

  private static func tagged(_ table: Table, words: String, tags: String) throws -> Finding {
    let sentences = try table.words(of: words), own = try table.words(of: tags)
    if let odd = sentences.indices.first(where: { sentences[$0].count != own[$0].count }) {
      throw ArgumentError(
        "row \(odd + 1) has \(sentences[odd].count) words and \(own[odd].count) tags", expected: "a tag for each word")
    }
    var found = Finding(
      task: .tokenClassification, texts: sentences.prefix(looked).map { $0.joined(separator: " ") }, rows: sentences.count,
      columns: table.columns.count)
    let names = Set(own.joined())
    found.classes = names.count
    found.remarks = ["tags: \(names.sorted().prefix(9).joined(separator: ", "))"]
    found.keys = [("words", words, ""), ("tags", tags, "")]
    return found
  }

  // Tables --------------------------------------------------------------------------------------------------------------------------------

  /// What is known of a column's texts.
  struct Column {
    let name: String
    let texts: [String]
    let isList: Bool
    let isNumber: Bool
    /// Characters, on the average.
    var length: Double { texts.isEmpty ? 0 : Double(texts.reduce(0) { $0 + $1.count }) / Double(texts.count) }
    var distinct: Int { Set(texts).count }
    /// Names of classes come again and are short.
    var isLabel: Bool {
      let distinct = distinct
      return !isList && distinct >= 2 && distinct <= max(2, min(200, texts.count / 4)) && length <= 40
    }
    /// Sentences: several words, or letters that need no spaces.
    var isText: Bool {
      guard !isList, !isNumber else { return false }
      // Names of classes in Chinese are a letter or two.
      func isSentence(_ text: String) -> Bool {
        text.contains(" ") || text.count >= 5 && text.unicodeScalars.contains { (0x3040...0x9FFF).contains($0.value) }
      }
      return texts.count(where: isSentence) * 2 > texts.count
    }
  }

  private static func columns(_ table: Table, _ request: InitRequest, _ asked: ProjectTask?) throws -> Finding {
    let part = try table.slice(0..<min(looked, table.rowCount))
    let columns = try part.columns.map { column -> Column in
      if case .list = column.type { return Column(name: column.name, texts: [], isList: true, isNumber: false) }
      let isNumber = (try? column.texts()) == nil
      return Column(
        name: column.name, texts: try part.texts(of: column.name).filter { !$0.isEmpty }, isList: false, isNumber: isNumber)
    }
    let finder = ColumnFinder(columns: columns, target: request.target)
    let guess = asked ?? finder.task
    guard let task = guess else {
      throw UsageError(
        problem: "--target is missing, and no texts with classes, tags or partners are recognised among the columns "
          + table.columnNames.joined(separator: ", "),
        expected: "the column to learn, or --task clustering or anomaly-detection")
    }
    func named(_ role: String, _ column: String?) throws -> String {
      guard let column else {
        throw ArgumentError(
          "no column is recognised as the \(role)", expected: "one of \(table.columnNames.joined(separator: ", "))",
          remedy: "write martlet.yml by hand: martlet schema says how, or rename the column to '\(role)'")
      }
      return column
    }
    var found: Finding
    switch task {
    case .tokenClassification:
      return try tagged(table, words: named("words", finder.words), tags: named("tags", finder.tags))
    case .textClassification:
      let label = try named("label", finder.label), text = try named("text", finder.text(besides: [label]))
      found = Finding(task: task, texts: finder.texts(text), rows: table.rowCount, columns: table.columns.count)
      found.keys = [("text", text, ""), ("label", label, "")]
      if let separator = finder.separator(of: label) {
        found.keys.append(("separator", "\"\(separator)\"", "a text may have several classes"))
        found.classes = Set(finder.texts(label).flatMap { $0.split(separator: separator).map(String.init) }).count
      } else {
        let classes = Dictionary(grouping: finder.texts(label)) { $0 }.mapValues(\.count)
        found.classes = classes.count
        if let rare = classes.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }),
          rare.value * 10 * classes.count < finder.texts(label).count
        {
          found.remarks.append("'\(rare.key)' is rare: \(rare.value) of \(finder.texts(label).count) texts that were looked at")
        }
      }
    case .embedding:
      let pair = finder.pair ?? finder.languages
      found = Finding(
        task: task, texts: finder.texts(try named("anchor", pair?.0)), rows: table.rowCount, columns: table.columns.count)
      found.keys = [("anchor", pair?.0 ?? "", ""), ("positive", pair?.1 ?? "", "")]
      if let negative = finder.named(["negative", "hard_negative"]) { found.keys.append(("negative", negative, "")) }
      if let score = finder.named(["score", "similarity"]) {
        found.keys.append(("score", score, "from 0 to 1; with loss: cosine below"))
      }
    case .translation:
      let pair = finder.languages ?? finder.pair
      found = Finding(
        task: task, texts: finder.texts(try named("source", pair?.0)), rows: table.rowCount, columns: table.columns.count)
      found.keys = [("source", pair?.0 ?? "", ""), ("translation", pair?.1 ?? "", "")]
    default:
      let text = try named("text", finder.text(besides: []))
      found = Finding(task: .languageModel, texts: finder.texts(text), rows: table.rowCount, columns: table.columns.count)
      found.keys = [("text", text, "")]
    }
    return found
  }
}
