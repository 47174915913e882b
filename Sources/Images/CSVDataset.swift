import Foundation
import MartletCore

/// Pictures listed in a CSV file with a header: one column of paths, one of classes.
public struct CSVDataset: ImageDataset {
  public let classes: [String]
  public let labels: [Int]
  private let listed: [String]
  private let paths: [String]
  private let limits: ImageLimits

  public var count: Int { paths.count }

  /// - Parameters:
  ///   - path: the CSV file. Relative paths inside it start from its folder.
  ///   - pathColumn: the header of the column of paths.
  ///   - labelColumn: the header of the column of class names.
  ///   - classes: the classes that a model knows already; `nil` takes those that occur, in the order of their bytes, and wants two or more.
  /// - Throws: `ImageError` naming the file and line.
  public init(
    _ path: String, pathColumn: String = "path", labelColumn: String = "label", classes known: [String]? = nil,
    limits: ImageLimits = .default
  ) throws(ImageError) {
    let rows = try CSVRows(FileBytes.read(path, limit: 1 << 30), source: path).rows
    guard let header = rows.first else {
      throw ImageError(.invalidDataset, source: path, problem: "is empty", expected: "a header with '\(pathColumn)' and '\(labelColumn)'")
    }
    let pathIndex = try Self.column(pathColumn, header.cells, path)
    let labelIndex = try Self.column(labelColumn, header.cells, path)
    guard rows.count > 1 else { throw ImageError(.invalidDataset, source: path, problem: "lists no pictures below its header") }
    let folder = (path as NSString).deletingLastPathComponent
    var (listed, paths, names): ([String], [String], [String]) = ([], [], [])
    for row in rows.dropFirst() {
      func invalid(_ problem: String, expected: String? = nil, remedy: String? = nil) -> ImageError {
        ImageError(.invalidDataset, source: path, problem: "line \(row.line): \(problem)", expected: expected, remedy: remedy)
      }
      guard row.cells.count == header.cells.count else {
        throw invalid(
          "\(row.cells.count) cells", expected: "\(header.cells.count), as in the header", remedy: "quote cells that hold commas")
      }
      let (file, label) = (row.cells[pathIndex], row.cells[labelIndex])
      guard !file.isEmpty else { throw invalid("the cell '\(pathColumn)' is empty") }
      guard !label.isEmpty else { throw invalid("the cell '\(labelColumn)' is empty") }
      if let known, !known.contains(label) {
        throw invalid(
          "'\(label)' is not one of the \(known.count) known classes", remedy: NearestName.of(label, among: known).map { "write '\($0)'" })
      }
      let full = file.hasPrefix("/") || folder.isEmpty ? file : folder + "/" + file
      do {
        try DatasetProblem.checkSignature(full)
      } catch {
        throw ImageError(
          error.kind, source: path, problem: "line \(row.line): \(error.problem)", expected: error.expected, remedy: error.remedy)
      }
      listed.append(file)
      paths.append(full)
      names.append(label)
    }
    let classes = known ?? Set(names).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    if known == nil, classes.count == 1 { throw DatasetProblem.oneClass(path, classes[0]) }
    let positions = Dictionary(zip(classes, classes.indices), uniquingKeysWith: { first, _ in first })
    self.classes = classes
    self.labels = names.map { positions[$0] ?? 0 }
    self.listed = listed
    self.paths = paths
    self.limits = limits
  }

  private static func column(_ name: String, _ header: [String], _ path: String) throws(ImageError) -> Int {
    if let index = header.firstIndex(of: name) { return index }
    throw ImageError(
      .invalidDataset, source: path, problem: "line 1: there is no column '\(name)'", expected: "one of \(header.joined(separator: ", "))",
      remedy: NearestName.of(name, among: header).map { "name the column '\($0)', or rename it" } ?? "name the columns in the header")
  }

  public func name(_ index: Int) -> String { paths[index] }

  public func image(_ index: Int, covering size: (width: Int, height: Int)?) throws(ImageError) -> Image {
    try checkIndex(index)
    return try Image.read(paths[index], covering: size, limits: limits)
  }

  public func digest() throws(ImageError) -> String {
    var digest = DatasetDigest()
    for (index, file) in listed.enumerated() { digest.add("\(labels[index])  \(file)", try DatasetProblem.fileDigest(paths[index])) }
    return digest.finish(classes: classes)
  }
}
