import Foundation
import MartletCore

/// A project file that was read and checked, overrides included.
public struct ProjectFile: Codable, Sendable, Hashable {
  /// The name that is looked for.
  public static let standardName = "martlet.yml"

  /// The project with every default.
  public let project: AnyProject
  /// The file as the user named it.
  public let path: String
  /// The absolute folder of the file, from which its relative paths start.
  public let folder: String
  /// The file's text, to be kept with the version.
  public let text: String
  /// The `--set` arguments, as they were given.
  public let overrides: [String]

  /// - Returns: the absolute path of something that the file names.
  public func resolve(_ path: String) -> String { (path as NSString).isAbsolutePath ? path : folder + "/" + path }

  /// Reads and checks a project file.
  /// - Parameters:
  ///   - path: the file, or a folder that has a `martlet.yml`.
  ///   - overrides: `training.epochs=3` and such, applied in order.
  ///   - checkingFiles: also look whether the files that it names are there.
  /// - Throws: `ProjectError` with every problem.
  public static func load(
    _ path: String = standardName, overrides: [String] = [], checkingFiles: Bool = true
  ) throws(ProjectError) -> ProjectFile {
    var path = path
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      path = path == "." ? standardName : (path as NSString).appendingPathComponent(standardName)
    }
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().standardizedFileURL.path
    let text = try read(path)
    let project = try parseAny(text, file: path, overrides: overrides, folder: checkingFiles ? folder : nil)
    return ProjectFile(project: project, path: path, folder: folder, text: text, overrides: overrides)
  }

  /// Checks the text of a project file of any task.
  /// - Parameter folder: where relative paths start from; `nil` leaves the disk alone.
  /// - Throws: `ProjectError` with every problem.
  public static func parseAny(
    _ text: String, file: String = standardName, overrides: [String] = [], folder: String? = nil
  ) throws(ProjectError) -> AnyProject {
    let value = try resolved(text, file: file, overrides: overrides, folder: folder)
    do {
      return try JSON.decode(AnyProject.self, from: JSON.encode(value), source: file)
    } catch {
      throw ProjectError(file: file, problems: [ProjectProblem(.file(line: 1, column: 1), "\(error)")])
    }
  }

  /// Checks the text of a project file of pictures.
  /// - Throws: `ProjectError` with every problem, and for a project of tables.
  public static func parse(
    _ text: String, file: String = standardName, overrides: [String] = [], folder: String? = nil
  ) throws(ProjectError) -> Project {
    let project = try parseAny(text, file: file, overrides: overrides, folder: folder)
    guard case .images(let images) = project else {
      throw ProjectError(
        file: file,
        problems: [
          ProjectProblem(.whole, key: "task", "the project is for \(project.task.rawValue)", expected: "image-classification")
        ])
    }
    return images
  }

  /// The document with all defaults, as JSON.
  static func resolved(_ text: String, file: String, overrides: [String], folder: String?) throws(ProjectError) -> JSONValue {
    let (root, duplicates) = try YAMLReader.read(text, file: file)
    guard var document = root else {
      throw ProjectError(
        file: file, problems: [ProjectProblem(.whole, "the file is empty", expected: "name, task and data", remedy: "see: martlet schema")])
    }
    var problems = duplicates
    if case .null = document.content {
      throw ProjectError(
        file: file,
        problems: [ProjectProblem(.whole, "the file has no keys", expected: "name, task and data", remedy: "see: martlet schema")])
    }
    let shape = shape(of: document, overrides: overrides)
    for override in overrides {
      switch Override.apply(override, to: document, shape: shape) {
      case .success(let changed): document = changed
      case .failure(let problem): problems.append(problem)
      }
    }
    var checker = Checker(folder: folder, root: shape)
    let value = checker.check(document, shape, path: "")
    problems += checker.problems
    guard problems.isEmpty, let value else { throw ProjectError(file: file, problems: problems) }
    return value
  }

  /// What the document has to look like: its task says it, or where that is missing or wrong, what its data look like.
  private static func shape(of document: DocumentNode, overrides: [String]) -> Shape {
    func member(_ name: String, of node: DocumentNode?) -> DocumentNode? {
      guard case .mapping(let members)? = node?.content else { return nil }
      return members.last { $0.key == name }?.value
    }
    let data = member("data", of: document)
    let isFetched = member("dataset", of: data) != nil || overrides.contains { $0.hasPrefix("data.dataset=") }
    var word: String?
    if case .text(let text)? = member("task", of: document)?.content { word = text }
    if let last = overrides.last(where: { $0.hasPrefix("task=") }) { word = String(last.dropFirst("task=".count)) }
    if let task = word.flatMap(ProjectTask.init(rawValue:)) { return ProjectSchema.shape(of: task, isFetched: isFetched) }
    if let texts = taskOfTexts(
      columns: Set(
        ["text", "label", "labels", "words", "tags", "anchor", "positive", "source", "translation"].filter { member($0, of: data) != nil }))
    {
      return ProjectSchema.shape(of: texts, isFetched: isFetched)
    }
    let looksLikeTable = ["file", "sql", "target", "join"].contains { member($0, of: data) != nil }
    return ProjectSchema.shape(of: looksLikeTable ? .classification : .imageClassification, isFetched: isFetched)
  }

  /// What a file without a task is for, by the columns of texts that it names.
  private static func taskOfTexts(columns: Set<String>) -> ProjectTask? {
    if !columns.isDisjoint(with: ["words", "tags"]) { return .tokenClassification }
    if !columns.isDisjoint(with: ["anchor", "positive"]) { return .embedding }
    if !columns.isDisjoint(with: ["source", "translation"]) { return .translation }
    if !columns.isDisjoint(with: ["label", "labels"]) { return .textClassification }
    return columns.contains("text") ? .languageModel : nil
  }

  private static func read(_ path: String) throws(ProjectError) -> String {
    func failure(_ problem: String, _ remedy: String? = nil) -> ProjectError {
      ProjectError(file: path, problems: [ProjectProblem(.whole, problem, remedy: remedy)])
    }
    let manager = FileManager.default
    guard manager.fileExists(atPath: path) else {
      throw failure(
        "there is no such file",
        "name another with --project FILE, or write one: 'martlet schema' describes it, Examples/fashion/martlet.yml is one")
    }
    let attributes = try? manager.attributesOfItem(atPath: path)
    guard attributes?[.type] as? FileAttributeType == .typeRegular || attributes?[.type] as? FileAttributeType == .typeSymbolicLink else {
      throw failure("not a regular file")
    }
    guard let handle = FileHandle(forReadingAtPath: path) else { throw failure("it cannot be read", "check its permissions") }
    defer { try? handle.close() }
    guard let data = try? handle.read(upToCount: YAMLReader.byteLimit + 1) ?? Data() else { throw failure("it cannot be read") }
    guard data.count <= YAMLReader.byteLimit else { throw failure("the file is larger than 1 MiB", "is it a project file?") }
    guard var text = String(validating: data, as: UTF8.self) else { throw failure("the file is not UTF-8 text", "save it as UTF-8") }
    if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
    return text
  }
}
