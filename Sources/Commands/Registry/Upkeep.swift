import ArgumentParser
import Charts
import Registry

struct Delete: RegistryCommand {
  static let configuration = CommandConfiguration(
    abstract: "Delete a version for good.", discussion: "NAME@3, never just NAME. The space is free after martlet gc.")

  @Argument(help: "NAME@V", completion: ReferenceCompletion.kind)
  var reference: String

  @Flag(help: "Even if an alias points at it; the alias goes too.")
  var force = false

  @OptionGroup var global: GlobalOptions

  /// `martlet delete --json`
  struct Document: Codable, Sendable {
    var deleted: String
    var digest: String
  }

  func execute(_ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult {
    let wanted = try ModelReference(reference)
    let version = try registry.resolve(wanted)
    guard wanted.selector != .newest else {
      throw UsageError(problem: "'\(reference)' does not say which version to delete", remedy: "martlet delete \(version.reference)")
    }
    try registry.delete(version, force: force)
    return CommandResult(
      document: Document(deleted: version.reference, digest: version.digest),
      text: "\(version.reference) is deleted; to free the space: martlet gc\n")
  }
}

struct CollectGarbage: RegistryCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc", abstract: "Free the space of deleted versions and of what killed processes left.",
    discussion: "What is younger than an hour stays, because another process may be about to register it.")

  @Flag(help: "Only say what would go.")
  var dryRun = false

  @Flag(help: "Also what is younger than an hour: only where nothing else uses the registry.")
  var now = false

  @OptionGroup var global: GlobalOptions

  func execute(_ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult {
    let report = try registry.collectGarbage(dryRun: dryRun, olderThan: now ? 0 : 3600)
    let what =
      "\(Wording.count(report.objects, "file")), \(Wording.count(report.temporaries, "leftover")), \(NumberText.bytes(report.bytes))"
    return CommandResult(document: report, text: (dryRun ? "would free: " : "freed: ") + what + "\n")
  }
}

struct Verify: RegistryCommand {
  static let configuration = CommandConfiguration(abstract: "Compare every file of a version, or of all, with its SHA-256.")

  @Argument(help: "NAME@V. (default: every version)", completion: ReferenceCompletion.kind)
  var reference: String?

  @OptionGroup var global: GlobalOptions

  func execute(_ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult {
    let report = try reference.map { try registry.verify(registry.resolve($0)) } ?? registry.verify()
    let scope =
      "\(Wording.count(report.versions, "version")), \(Wording.count(report.files, "file")), \(NumberText.bytes(report.bytes))"
    let text =
      report.isClean
      ? "\(scope): all as registered\n"
      : report.problems.map { "\($0)\n" }.joined() + "\(scope): \(Wording.count(report.problems.count, "problem"))\n"
    return CommandResult(document: report, text: text, exitCode: report.isClean ? ExitStatus.done : ExitStatus.failed)
  }
}
