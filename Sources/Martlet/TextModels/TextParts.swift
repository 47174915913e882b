import Foundation
import MartletCore
import Project
import Tables
import TextTasks

/// A project's texts: those to learn from, to watch and to judge by.
struct TextParts: Sendable {
  let training: Table
  /// Without rows where nothing is watched.
  let validation: Table
  let test: Table
  /// The rows of the file in each part.
  let split: TextSplit

  /// - Throws: `FileError`, `TableError`, `ArgumentError` naming the file, the column or the key that does not fit.
  init(_ file: ProjectFile, _ project: TextProject) throws {
    let data = project.data
    let reader = TextFiles(
      unit: TextFiles.Unit(rawValue: data.unit.rawValue) ?? .line, text: data.text, label: data.label ?? "label",
      words: data.words ?? "words", tags: data.tags ?? "tags")
    func place(_ path: String) throws -> String {
      guard let dataset = data.dataset, !(path as NSString).isAbsolutePath else { return file.resolve(path) }
      return try Self.folder(of: dataset) + "/" + path
    }
    let paths = try data.file?.values.map(place) ?? [Self.only(data.dataset ?? "")]
    let all = try Self.filled(reader.read(paths), project)
    var share = 0.0, own: Table?
    switch data.test {
    case .share(let value): share = value
    case .file(let path): own = try Self.filled(reader.read([place(path)]), project)
    }
    split = try TextSplit(
      rows: all.rowCount, test: share, validation: data.validation, limit: data.limit, seed: project.training.seed)
    training = try all.taking(split.training)
    validation = try all.taking(split.validation)
    test = try own ?? all.taking(split.test)
    guard test.rowCount > 0 else { throw ArgumentError("there are no texts to judge by", expected: "1 or more", remedy: "data.test") }
  }

  /// The columns that the project names, and the rows that have something in all of them.
  private static func filled(_ table: Table, _ project: TextProject) throws -> Table {
    let data = project.data
    let wanted: [String?] =
      switch project.task {
      case .textClassification: [data.text, data.label]
      case .tokenClassification: [data.words, data.tags]
      case .embedding: [data.anchor, data.positive, data.negative, data.score]
      case .translation: [data.source, data.translation]
      default: [data.text]
      }
    let names = wanted.compactMap(\.self), chosen = try table.selecting(names)
    // A text without any class is a text with several, none of which holds.
    let needed = data.separator == nil ? names : names.filter { $0 != data.label }
    let columns = try needed.map { try chosen.column($0) }
    let rows = (0..<chosen.rowCount).filter { row in columns.allSatisfy { !$0.isMissing(row) && $0.value(row) != .text("") } }
    guard !rows.isEmpty else {
      throw ArgumentError("no row has \(needed.joined(separator: " and "))", expected: "1 or more")
    }
    return rows.count == chosen.rowCount ? chosen : try chosen.taking(rows)
  }

  static func folder(of dataset: String) throws -> String {
    guard let folder = SharedFiles.path("data/\(dataset)") else {
      throw ArgumentError("the data set '\(dataset)' is not here", remedy: "scripts/fetch-data \(dataset)")
    }
    return folder
  }

  /// The only file of a data set.
  private static func only(_ dataset: String) throws -> String {
    let folder = try folder(of: dataset)
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    let found = names.filter { ["txt", "csv", "jsonl", "parquet", "json"].contains(($0 as NSString).pathExtension) }
    guard found.count == 1 else {
      throw ArgumentError(
        "the data set '\(dataset)' has the files \(found.joined(separator: ", "))", expected: "one", remedy: "data.file: one of them")
    }
    return folder + "/" + found[0]
  }
}
