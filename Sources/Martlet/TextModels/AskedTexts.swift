import Foundation
import MartletCore
import Tables
import TextTasks

/// The texts that a model is asked about, out of tables, text files and folders of them.
enum AskedTexts {
  /// Suffixes of files that are texts and not tables.
  private static let plain: Set = ["txt", "text", "md", "conll", "conllu", "bio", "iob"]

  private static func areTables(_ inputs: [String]) -> Bool {
    inputs.allSatisfy { path in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue && !isPlain(path)
    }
  }

  private static func isPlain(_ path: String) -> Bool { plain.contains((path as NSString).pathExtension.lowercased()) }

  /// CSV does not tell a number from a text of digits: where a text is asked for, it is one.
  static func options(_ answering: TextAnswers, _ inputs: [String]) throws -> TableReadOptions {
    var options = TableReadOptions()
    guard inputs.allSatisfy({ TableFormat(path: $0) == .csv }) else { return options }
    let there = Set(try TableReader.columnNames(of: inputs))
    if let name = answering.names.first(where: there.contains) { options.types[name] = .text }
    return options
  }

  static func read(_ answering: TextAnswers, _ inputs: [String]) throws -> Table {
    if areTables(inputs) { return try Table.read(inputs, options: options(answering, inputs)) }
    try check(inputs)
    return try TextFiles(unit: .line).read(inputs)
  }

  /// - Throws: `FileError` for folders without texts.
  static func check(_ inputs: [String]) throws(FileError) {
    try InputFolders.check(inputs, depth: 1) { isPlain($0) || TableFormat(path: $0) != nil }
  }

  /// The format of a file that is to be written has lists: JSON Lines.
  static func holdsLists(_ path: String) -> Bool { TableFormat(path: path) == .json }
}
