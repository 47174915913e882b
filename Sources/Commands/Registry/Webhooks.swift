import ArgumentParser
import Charts
import MartletCore
import Registry

struct Webhooks: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Addresses that are told what happens in the registry.",
    subcommands: [WebhooksList.self, WebhooksAdd.self, WebhooksRemove.self, WebhooksDeliver.self], defaultSubcommand: WebhooksList.self)
}

struct WebhooksList: RegistryCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "All webhooks, and what they have not been told yet.")

  @OptionGroup var global: GlobalOptions

  func execute(_ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult {
    let hooks = try registry.webhooks()
    var table = TextTable(
      columns: [.number("number"), .init("address"), .init("events"), .init("model"), .number("waiting"), .number("given up")])
    for hook in hooks {
      let actions = hook.actions.isEmpty ? "all" : hook.actions.map(\.rawValue).joined(separator: ", ")
      table.append(["\(hook.id)", hook.url, actions, hook.name ?? "all", "\(hook.waiting)", "\(hook.failed)"])
    }
    return CommandResult(document: hooks, text: hooks.isEmpty ? "no webhooks\n" : context.render(table))
  }
}

struct WebhooksAdd: RegistryCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Tell an address what happens.",
    discussion: "The secret that signs the messages is printed once. Private addresses are refused unless MARTLET_WEBHOOK_ALLOW names them."
  )

  @Argument(help: "https://host/path")
  var url: String

  @Option(
    name: .customLong("event"), help: ArgumentHelp("Only these events: registered, aliasMoved … Can be repeated.", valueName: "event"))
  var events: [String] = []

  @Option(help: ArgumentHelp("Only this model's.", valueName: "name"))
  var model: String?

  @OptionGroup var global: GlobalOptions

  /// `martlet webhooks add --json`
  struct Document: Codable, Sendable {
    var id: Int
    var secret: String
  }

  func execute(_ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult {
    let actions = try events.map { word in
      if let action = RegistryEvent.Action(rawValue: word) { return action }
      let names = RegistryEvent.Action.allCases.map(\.rawValue)
      throw UsageError(
        problem: "there is no event '\(word)'", expected: names.joined(separator: ", "), remedy: NearestName.of(word, among: names))
    }
    let made = try registry.addWebhook(url, actions: actions, name: model)
    return CommandResult(
      document: Document(id: made.id, secret: made.secret), text: "webhook \(made.id) signs with the secret \(made.secret)\n")
  }
}

struct WebhooksRemove: RegistryCommand {
  static let configuration = CommandConfiguration(commandName: "remove", abstract: "Tell an address nothing more.")

  @Argument(help: "The webhook's number.")
  var id: Int

  @OptionGroup var global: GlobalOptions

  func execute(_ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult {
    try registry.removeWebhook(id)
    return CommandResult(document: try registry.webhooks(), text: "webhook \(id) is gone\n")
  }
}

struct WebhooksDeliver: RegistryCommand {
  static let configuration = CommandConfiguration(
    commandName: "deliver", abstract: "Send what is due; for a timer.", discussion: "What fails is tried again later, for about two days.")

  @OptionGroup var global: GlobalOptions

  func execute(_ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult {
    let report = try registry.deliverWebhooks()
    let text = "\(report.delivered) delivered, \(report.postponed) to be tried again, \(report.failed) given up\n"
    return CommandResult(document: report, text: text)
  }
}
