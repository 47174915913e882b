import Commands
import MartletCore
import Project

/// A project of pictures and the file that it was read from.
struct ImageProject {
  let project: Project
  let file: ProjectFile

  /// - Throws: `ArgumentError` for a project of tables.
  init(_ file: ProjectFile) throws(ArgumentError) {
    guard let project = file.project.images else {
      throw ArgumentError("\(file.path) is a project for \(file.project.task.rawValue)", expected: "one for image-classification")
    }
    self.project = project
    self.file = file
  }

  var folder: String { file.folder }
  var text: String { file.text }

  /// - Returns: the absolute path of something that the file names.
  func resolve(_ path: String) -> String { file.resolve(path) }
}
