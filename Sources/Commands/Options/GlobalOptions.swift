import ArgumentParser
import Evaluation
import Foundation
import MartletCore
import Project
import Registry

/// Options that every command has.
struct GlobalOptions: ParsableArguments {
  @Flag(help: "Print exactly one JSON document on standard output.")
  var json = false

  @Flag(help: "No progress and no remarks.")
  var quiet = false

  @Option(help: ArgumentHelp("The registry's folder, instead of the .martlet here or above.", valueName: "path"), completion: .directory)
  var registry: String?

  /// The registry's folder, whether it exists or not.
  var registryPath: String { registry ?? ModelRegistry.defaultPath() }

  var surroundings: Surroundings { Surroundings(registry: registryPath, quiet: quiet, json: json) }
}

/// Options of commands that read a project.
struct ProjectOptions: ParsableArguments {
  @Option(
    name: .customLong("project"), help: ArgumentHelp("The project file.", valueName: "file"),
    completion: .file(extensions: ["yml", "yaml"]))
  var file: String?

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Override a setting of the project: training.epochs=3. Can be repeated.", valueName: "key=value"))
  var overrides: [String] = []

  /// Reads the project.
  /// - Parameters:
  ///   - argument: the file as an argument of the command, if it has one.
  ///   - run: a run's folder to go on with; it knows its project, overrides included, so that nothing else need be said.
  func load(_ argument: String? = nil, resuming run: String? = nil) throws -> ProjectFile {
    if let run, argument == nil, file == nil, overrides.isEmpty { return try RunFiles.project(of: run) }
    let file = try read(argument)
    try Self.checkRequired(file)
    return file
  }

  /// What a model must reach is known before training, not after.
  static func checkRequired(_ file: ProjectFile) throws {
    let metrics = RequirableMetrics(file.project)
    for name in file.project.require.keys.sorted() where !metrics.contains(name) {
      let names = metrics.names
      throw UsageError(
        problem: "\(file.path): evaluation.require names '\(name)', which no evaluation has", expected: names.joined(separator: ", "),
        remedy: NearestName.of(name, among: names).map { "'\($0)'" })
    }
  }

  private func read(_ argument: String?) throws -> ProjectFile {
    if let argument, let file, argument != file {
      throw UsageError(problem: "two project files: '\(argument)' and --project '\(file)'", expected: "one of them")
    }
    return try ProjectFile.load(argument ?? file ?? ProjectFile.standardName, overrides: overrides)
  }

  /// The project, or `nil` where none is named and none is here.
  func loadIfThere() throws -> ProjectFile? {
    guard file != nil || !overrides.isEmpty || FileManager.default.fileExists(atPath: ProjectFile.standardName) else { return nil }
    return try ProjectFile.load(file ?? ProjectFile.standardName, overrides: overrides, checkingFiles: false)
  }
}

/// Completes the names of models and versions from the registry that lies here.
enum ReferenceCompletion {
  static let kind = CompletionKind.custom { _, _, _ in
    guard let path = ModelRegistry.locate(), let registry = try? ModelRegistry.open(at: path, readOnly: true),
      let models = try? registry.models()
    else { return [] }
    return models.flatMap { model in
      [model.name, model.newest.reference] + model.aliases.keys.sorted().map { "\(model.name)@\($0)" }
    }
  }
}
