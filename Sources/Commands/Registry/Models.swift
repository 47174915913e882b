import ArgumentParser
import Bundles
import Charts
import Foundation
import MartletCore
import Registry

struct Models: Command {
  static let configuration = CommandConfiguration(abstract: "List the models, or the versions of one.")

  @Argument(help: "A model's name.", completion: ReferenceCompletion.kind)
  var name: String?

  @Option(
    help: ArgumentHelp(
      "Only versions of which this is true: \"metrics.accuracy > 0.9 and tags = 'x' and name like 'rev%'\".", valueName: "filter"))
  var search: String?

  @Option(help: ArgumentHelp("The order of what is found: \"metrics.accuracy desc\", registered …", valueName: "field"))
  var order: String?

  @Option(help: ArgumentHelp("At most so many versions.", valueName: "number"))
  var limit: Int?

  @Option(help: ArgumentHelp("Pass over so many of what is found.", valueName: "number"))
  var offset = 0

  @OptionGroup var global: GlobalOptions

  /// `martlet models --search FILTER --json`
  struct SearchResult: Codable, Sendable {
    var count: Int
    var versions: [ModelVersion]
  }

  func validate() throws {
    if name != nil, search != nil { throw ValidationError("a name and --search do not go together; write name = '…' into the filter") }
    if search == nil, order != nil || offset != 0 { throw ValidationError("--order and --offset go with --search") }
  }

  /// `martlet models --json`
  struct ModelList: Codable, Sendable {
    var registry: String
    var models: [ModelSummary]
  }

  /// `martlet models NAME --json`
  struct VersionList: Codable, Sendable {
    var name: String
    var aliases: [String: Int]
    var versions: [ModelVersion]
  }

  func execute(_ context: CommandContext) async throws -> CommandResult {
    let path = global.registryPath
    guard ModelRegistry.mayExist(at: path) else {
      if let name { throw RegistryError(.notFound, "there is no model '\(name)': there is no registry at \(path)", remedy: "martlet run") }
      return CommandResult(document: ModelList(registry: path, models: []), text: "no models yet; try: martlet run\n")
    }
    let registry = try ModelRegistry.open(at: path)
    if let search { return try found(search, registry, context) }
    if let name { return try versions(of: name, registry, context) }
    let models = try registry.models()
    guard !models.isEmpty else {
      return CommandResult(document: ModelList(registry: path, models: []), text: "no models yet; try: martlet run\n")
    }
    var table = TextTable(
      columns: [
        .init("model"), .number("versions"), .init("newest"), .init("registered"), .init("metric"), .init("aliases"), .number("size"),
      ])
    for model in models {
      let aliases = model.aliases.sorted { $0.key < $1.key }.map { "\($0.key) @\($0.value)" }.joined(separator: ", ")
      table.append([
        model.name, String(model.versionCount), "@\(model.newest.number)", Wording.ago(model.newest.registered, now: context.now),
        Self.headline(model.newest), aliases, NumberText.bytes(model.size),
      ])
    }
    return CommandResult(document: ModelList(registry: path, models: models), text: context.render(table))
  }

  private func versions(of name: String, _ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult {
    let versions = try limit.map { try registry.versions(of: name, limit: $0) } ?? registry.versions(of: name)
    let document = VersionList(name: name, aliases: try registry.aliases(of: name), versions: versions)
    return CommandResult(document: document, text: context.render(Self.table(versions, context)))
  }

  private func found(_ filter: String, _ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult {
    let versions = try registry.search(filter, order: order, limit: limit ?? 100, offset: offset)
    let count = try registry.count(filter)
    let rest = versions.count < count ? "\(NumberText.grouped(versions.count)) of \(NumberText.grouped(count)) versions\n" : ""
    let text = versions.isEmpty ? "no version is like that\n" : context.render(Self.table(versions, context)) + rest
    return CommandResult(document: SearchResult(count: count, versions: versions), text: text)
  }

  private static func table(_ versions: [ModelVersion], _ context: CommandContext) -> TextTable {
    var table = TextTable(
      columns: [
        .init("version"), .init("registered"), .init("by"), .init("metric"), .init("aliases"), .init("tags"), .number("size"),
        .init("note"),
      ])
    for version in versions {
      table.append([
        version.reference, Wording.ago(version.registered, now: context.now), version.registeredBy, headline(version),
        version.aliases.joined(separator: ", "), version.tags.joined(separator: ", "), NumberText.bytes(version.size), version.note,
      ])
    }
    return table
  }

  /// The metric that people ask for first: accuracy, else the first by name.
  static func headline(_ version: ModelVersion) -> String {
    let name = version.metrics["accuracy"] != nil ? "accuracy" : version.metrics.keys.min()
    guard let name, let metric = version.metrics[name] else { return "" }
    return "\(name) \(NumberText.significant(metric.value))"
  }
}
