import ArgumentParser
import Charts
import MartletCore
import Registry

struct Backup: RegistryCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write the registry as it is now into a folder, while others use it.",
    discussion: "A folder that holds a backup already is brought up to date: only new files are copied.")

  @Argument(help: "The folder.", completion: .directory)
  var folder: String

  @OptionGroup var global: GlobalOptions

  func execute(_ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult {
    let summary = try registry.backup(to: folder)
    return CommandResult(document: summary, text: "\(folder) holds \(summary.text)\n")
  }
}

struct Restore: Command {
  static let configuration = CommandConfiguration(
    abstract: "Fill a new registry from a backup.",
    discussion: "The registry may be of another kind than the one that was backed up: a folder, or postgresql://…")

  @Argument(help: "The backup's folder.", completion: .directory)
  var folder: String

  @OptionGroup var global: GlobalOptions

  func execute(_ context: CommandContext) async throws -> CommandResult {
    let registry = try ModelRegistry.open(at: global.registryPath, create: true)
    let summary = try registry.restore(from: folder)
    return CommandResult(document: summary, text: "\(registry.path) has \(summary.text)\n")
  }
}

extension BackupSummary {
  fileprivate var text: String {
    "\(Wording.count(rows["versions"] ?? 0, "version")), \(Wording.count(objects, "file")), \(NumberText.bytes(bytes))"
  }
}
