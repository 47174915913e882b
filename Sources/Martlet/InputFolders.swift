import Foundation
import MartletCore

/// Folders that are given as an input: a typing error such as `/` must not become a walk through the whole disk.
enum InputFolders {
  /// - Parameters:
  ///   - depth: how far below the folder a wanted file may lie, beside folders such as `year=2024` that tell a column.
  /// - Throws: `FileError` for a folder that holds nothing that is wanted.
  static func check(_ paths: [String], depth: Int, _ isWanted: (String) -> Bool) throws(FileError) {
    for path in paths where isFolder(path) {
      guard URL(fileURLWithPath: path).standardizedFileURL.path != "/" else {
        throw FileError(path: path, problem: "is a folder, and all files lie in it", expected: "files, or the folder that holds them")
      }
      guard holds(path, depth, isWanted) else {
        throw FileError(
          path: path, problem: "is a folder, and holds nothing that the model reads", expected: "files, or the folder that holds them",
          remedy: "name the files")
      }
    }
  }

  private static func holds(_ folder: String, _ depth: Int, _ isWanted: (String) -> Bool) -> Bool {
    // The first names decide nearly always; those of a huge folder are listed once.
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let shown = names.filter { !$0.hasPrefix(".") && !$0.hasPrefix("_") }
    if shown.contains(where: { isWanted($0) && !isFolder(folder + "/" + $0) }) { return true }
    return shown.contains { name in
      let isColumn = name.dropFirst().contains("=")
      return (isColumn || depth > 0) && isFolder(folder + "/" + name) && holds(folder + "/" + name, isColumn ? depth : depth - 1, isWanted)
    }
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }
}
