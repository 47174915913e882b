import ArgumentParser
import MartletCore

/// The root of the command line.
struct Martlet: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "martlet",
    abstract: "Takes a model from raw data to production and keeps it there.",
    usage: "martlet <command> [<arguments>] [--json] [--quiet] [--registry <path>]",
    discussion: """
      NAME@V names a version: fashion (the newest), fashion@3, fashion@production.
      Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a gate said no.
      """,
    version: MartletVersion.current,
    groupedSubcommands: [
      CommandGroup(
        name: "Work",
        subcommands: [
          InitCommand.self, Run.self, Train.self, Evaluate.self, Predict.self, Serve.self, StreamCommand.self, Launch.self, DataCommand.self,
        ]),
      CommandGroup(
        name: "Language", subcommands: [ImportCommand.self, GenerateCommand.self, ChatCommand.self, EmbedCommand.self, RouteCommand.self]),
      CommandGroup(
        name: "Models",
        subcommands: [
          Models.self, Show.self, Compare.self, Promote.self, Rollback.self, Protect.self, Approve.self, Sign.self, ExportCommand.self, TagCommand.self,
          NoteCommand.self,
        ]),
      CommandGroup(name: "Releases", subcommands: [ReleaseCommand.self, DeployCommand.self, Cost.self]),
      CommandGroup(
        name: "Upkeep",
        subcommands: [
          Verify.self, Audit.self, Delete.self, Retention.self, CollectGarbage.self, Backup.self, Restore.self, KeysCommand.self,
          Webhooks.self,
          SchemaCommand.self, Doctor.self,
        ]),
    ])

  static var _errorPrefix: String { "error: " }

  /// A first word that is no command, with the nearest one.
  static func unknownCommand(in arguments: [String]) -> UsageError? {
    let names = configuration.groupedSubcommands.flatMap(\.subcommands).map { $0._commandName }
    guard let word = arguments.first, !word.hasPrefix("-"), word != "help", !names.contains(word) else { return nil }
    let meant = NearestName.of(word, among: names).map { "martlet \($0)" }
    return UsageError(problem: "unknown command '\(word)'", expected: names.joined(separator: ", "), remedy: meant ?? "martlet --help")
  }
}
