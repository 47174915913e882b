import Foundation
import MartletCore
public import Tables

/// Reads texts from wherever they lie, as a table: tables of any format, text files and folders of them, CoNLL's lines of words and tags.
public struct TextFiles: Sendable {
  /// What one text of a text file is.
  public enum Unit: String, Sendable, Hashable, Codable, CaseIterable { case line, file }

  /// What one text of a text file is; empty lines are no texts.
  public var unit: Unit
  /// The names of the columns that text files become.
  public var text: String, label: String, words: String, tags: String

  public init(unit: Unit = .line, text: String = "text", label: String = "label", words: String = "words", tags: String = "tags") {
    self.unit = unit
    self.text = text
    self.label = label
    self.words = words
    self.tags = tags
  }

  private static let plain: Set = ["txt", "text", "md"], tagged: Set = ["conll", "conllu", "bio", "iob"]

  /// The files that `read` reads as texts, in its order; none where a path leads to a table, which has readers of its own.
  public static func files(of path: String) throws -> [String] {
    var isFolder: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    if isFolder.boolValue { return try names(in: path).map { path + "/" + $0 } }
    return plain.union(tagged).contains((path as NSString).pathExtension.lowercased()) ? [path] : []
  }

  /// A folder's text files, by name.
  private static func names(in folder: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder).sorted().filter { name in
      plain.contains((name as NSString).pathExtension.lowercased()) && !name.split(separator: "/").contains { $0.hasPrefix(".") }
    }
  }

  /// - Returns: the table of the files; folders of text files give the texts and, as their classes, the folders that they lie in.
  /// - Throws: `FileError`, `TableError` naming the file, the line and what was expected.
  public func read(_ paths: [String]) throws -> Table {
    let tables = try paths.map(read)
    return tables.count == 1 ? tables[0] : try Table.concatenating(tables)
  }

  private func read(_ path: String) throws -> Table {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw FileError(path: path, problem: "there is no such file", remedy: "check the path")
    }
    if isFolder.boolValue { return try folder(path) ?? Table.read(path) }
    let suffix = (path as NSString).pathExtension.lowercased()
    if Self.plain.contains(suffix) { return try Table([Column(text, try texts(of: path) as [String?])]) }
    // Digits are texts, too, and keep their zeros.
    return try Self.tagged.contains(suffix) ? tagged(path) : Table.read(path)
  }

  /// A folder of text files, `nil` if there are none in it.
  private func folder(_ path: String) throws -> Table? {
    let files = try Self.names(in: path)
    guard !files.isEmpty else { return nil }
    // With classes a file is one text; a bare folder of files is read as `unit` says.
    let hasClasses = files.allSatisfy { $0.contains("/") }
    var found: [String] = [], classes: [String] = []
    for name in files {
      let parts = try hasClasses ? [whole(path + "/" + name)] : texts(of: path + "/" + name)
      found += parts
      classes += repeatElement(name.split(separator: "/").first.map(String.init) ?? "", count: parts.count)
    }
    let column = Column(text, found as [String?])
    return try Table(hasClasses ? [column, Column(label, classes as [String?])] : [column])
  }

  private func texts(of path: String) throws -> [String] {
    let all = try whole(path)
    guard unit == .line else { return all.allSatisfy(\.isWhitespace) ? [] : [all] }
    return all.split(whereSeparator: \.isNewline).map(String.init).filter { !$0.allSatisfy(\.isWhitespace) }
  }

  private func whole(_ path: String) throws -> String {
    guard let data = FileManager.default.contents(atPath: path) else { throw FileError(path: path, problem: "cannot be read") }
    guard var text = String(validating: data, as: UTF8.self) else {
      throw FileError(path: path, problem: "is not UTF-8 text", remedy: "save it as UTF-8")
    }
    if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
    return text
  }

  /// A word and its tag a line, first and last of its columns; empty lines between sentences.
  private func tagged(_ path: String) throws -> Table {
    var sentences: [[(word: Substring, tag: Substring)]] = [[]]
    for (number, line) in try whole(path).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let fields = line.split(whereSeparator: \.isWhitespace)
      if fields.isEmpty || line.hasPrefix("-DOCSTART-") || line.hasPrefix("# ") {
        if sentences.last?.isEmpty == false { sentences.append([]) }
        continue
      }
      guard fields.count >= 2, let word = fields.first, let tag = fields.last else {
        throw FileError(path: path, problem: "line \(number + 1) has one column", expected: "a word and its tag")
      }
      sentences[sentences.count - 1].append((word, tag))
    }
    sentences.removeAll(where: \.isEmpty)
    let allWords: [String?] = sentences.map { $0.map { $0.word }.joined(separator: " ") }
    let allTags: [String?] = sentences.map { $0.map { $0.tag }.joined(separator: " ") }
    return try Table([Column(words, allWords), Column(tags, allTags)])
  }
}
