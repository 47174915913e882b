import Foundation
import MartletCore

/// A folder with one sub-folder of pictures for each class. Pictures are decoded when they are asked for.
///
/// Classes and files are in the order of their names' bytes. Hidden files (and `Thumbs.db`, `desktop.ini`) are passed over; anything else in
/// a class folder that is not a picture is an error, because silently missing pictures are worse.
public struct FolderDataset: ImageDataset {
  public let classes: [String]
  public let labels: [Int]
  private let folder: String
  private let files: [String]
  private let limits: ImageLimits

  public var count: Int { files.count }

  /// - Parameters:
  ///   - path: the folder of class folders.
  ///   - classes: the classes that a model knows already, for a test set; `nil` takes the sub-folders' names and wants two or more.
  /// - Throws: `ImageError` naming the folder or file: none, empty, one class only, unknown class, not a picture, unreadable.
  public init(_ path: String, classes known: [String]? = nil, limits: ImageLimits = .default) throws(ImageError) {
    let entries = try Self.list(path)
    let names = entries.filter { Self.isFolder(path + "/" + $0) }
    if let stray = entries.first(where: { !names.contains($0) && ImageFormat(path: $0) != nil }) {
      throw ImageError(
        .invalidDataset, source: path, problem: "the picture '\(stray)' lies outside the class folders",
        expected: "one sub-folder for each class", remedy: "move it into the folder of its class")
    }
    guard !names.isEmpty else {
      throw ImageError(
        .invalidDataset, source: path, problem: "has no class folders", expected: "one sub-folder for each class, named after it")
    }
    if let known {
      if let unknown = names.first(where: { !known.contains($0) }) {
        throw ImageError(
          .invalidDataset, source: path, problem: "'\(unknown)' is not one of the \(known.count) known classes",
          expected: known.prefix(12).joined(separator: ", ") + (known.count > 12 ? ", …" : ""),
          remedy: NearestName.of(unknown, among: known).map { "rename it to '\($0)'" })
      }
    } else if names.count == 1 {
      throw DatasetProblem.oneClass(path, names[0])
    }
    let classes = known ?? names
    var files: [String] = []
    var labels: [Int] = []
    for name in names {
      let pictures = try Self.pictures(path, name)
      files += pictures
      labels += Array(repeating: classes.firstIndex(of: name) ?? 0, count: pictures.count)
    }
    self.folder = path
    self.files = files
    self.labels = labels
    self.classes = classes
    self.limits = limits
  }

  private static func pictures(_ path: String, _ name: String) throws(ImageError) -> [String] {
    let folder = path + "/" + name
    let entries = try list(folder)
    guard !entries.isEmpty else {
      throw ImageError(
        .invalidDataset, source: folder, problem: "the class folder '\(name)' is empty", expected: "JPEG or PNG files",
        remedy: "add pictures of this class, or remove the folder")
    }
    for entry in entries {
      let file = folder + "/" + entry
      guard !isFolder(file) else {
        throw ImageError(
          .invalidDataset, source: folder, problem: "'\(entry)' is a folder inside a class folder", expected: "JPEG or PNG files",
          remedy: "move its pictures up by one folder")
      }
      try DatasetProblem.checkSignature(file)
    }
    return entries.map { name + "/" + $0 }
  }

  static func list(_ path: String) throws(ImageError) -> [String] {
    guard isFolder(path) else {
      let isThere = FileManager.default.fileExists(atPath: path)
      throw ImageError(
        .unreadable, source: path, problem: isThere ? "is a file, not a folder" : "there is no such folder", remedy: "check the path")
    }
    do {
      let names = try FileManager.default.contentsOfDirectory(atPath: path)
      return names.filter { !$0.hasPrefix(".") && $0 != "Thumbs.db" && $0 != "desktop.ini" }
        .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    } catch {
      throw ImageError(.unreadable, source: path, problem: "the folder cannot be read", remedy: "check its permissions")
    }
  }

  static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  public func name(_ index: Int) -> String { folder + "/" + files[index] }

  public func image(_ index: Int, covering size: (width: Int, height: Int)?) throws(ImageError) -> Image {
    try checkIndex(index)
    return try Image.read(name(index), covering: size, limits: limits)
  }

  /// The folder's own path does not count, so that a copy elsewhere has the same digest.
  public func digest() throws(ImageError) -> String {
    var digest = DatasetDigest()
    for (index, file) in files.enumerated() {
      digest.add("\(labels[index])  \(file)", try DatasetProblem.fileDigest(name(index)))
    }
    return digest.finish(classes: classes)
  }
}
