import ArgumentParser
import Charts
import MartletCore
import Registry

struct Audit: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Who did what, and whether the log was changed.", subcommands: [AuditList.self, AuditVerify.self],
    defaultSubcommand: AuditList.self)
}

struct AuditList: RegistryCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "What was done, newest first.")

  @Argument(help: "Only this model.", completion: ReferenceCompletion.kind)
  var name: String?

  @Option(help: ArgumentHelp("At most so many events.", valueName: "number"))
  var limit = 50

  @OptionGroup var global: GlobalOptions

  func execute(_ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult {
    let events = try name.map { try registry.history(of: $0, limit: limit) } ?? registry.events(limit: limit)
    var table = TextTable(columns: [.init("when"), .init("who"), .init("what"), .init("version"), .init("alias"), .init("note")])
    for event in events {
      table.append([
        Wording.ago(event.time, now: context.now), event.user, event.action.rawValue,
        event.name + (event.version.map { "@\($0)" } ?? ""), event.alias ?? "", event.note,
      ])
    }
    return CommandResult(document: events, text: events.isEmpty ? "nothing was done yet\n" : context.render(table))
  }
}

struct AuditVerify: RegistryCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Check that no event was changed, moved, put in or taken out.",
    discussion: "Note the head somewhere else: with --head, events that are missing at the end are noticed, too.")

  @Option(help: ArgumentHelp("The head of an earlier check.", valueName: "hash"))
  var head: String?

  @OptionGroup var global: GlobalOptions

  func execute(_ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult {
    let report = try registry.verifyAudit(head: head)
    guard let broken = report.broken else {
      return CommandResult(document: report, text: "\(Wording.count(report.events, "event")): all as written; head \(report.head)\n")
    }
    return CommandResult(
      document: report, text: "event \(broken.position) (\(broken.event)) \(broken.detail)\n", exitCode: ExitStatus.failed)
  }
}
