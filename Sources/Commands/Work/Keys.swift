import Access
import ArgumentParser
import Charts
import Foundation
import MartletCore

struct KeysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys", abstract: "API keys of servers; keys that encrypt files and sign versions.",
    discussion: "A server that has API keys answers nobody without one. It sees changes within a second.",
    subcommands: [KeysCreate.self, KeysList.self, KeysRevoke.self, KeysEncrypt.self, KeysSign.self, KeysRotate.self])
}

/// Where the keys are.
struct KeyFileOptions: ParsableArguments {
  @Option(
    name: .customLong("file"),
    help: ArgumentHelp("The file with the keys. (default: keys.json in the registry's folder)", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var keys: String?

  func file(_ global: GlobalOptions) -> KeyFile { KeyFile(path: keys ?? Self.standardPath(registry: global.registryPath)) }

  /// Beside the registry, or here where the registry is a database elsewhere.
  static func standardPath(registry: String) -> String { registry.contains("://") ? "keys.json" : registry + "/keys.json" }
}

struct KeysCreate: Command {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Make a key and show it, this once.",
    discussion:
      "Roles: client asks models, monitor reads figures, viewer also reads the registry, contributor also writes to it, admin may do everything."
  )

  @Argument(help: "Whose key it is.")
  var name: String

  @Option(help: ArgumentHelp("What the key is for. Can be repeated. (default: client)", valueName: "role"), transform: Self.role)
  var role: [Role] = []

  @Option(help: ArgumentHelp("A model that it is for; * stands for any characters. Can be repeated. (default: *)", valueName: "name"))
  var model: [String] = []

  @Option(help: ArgumentHelp("When it stops working: 12h, 90d. (default: never)", valueName: "time"))
  var expires: KeyLifetime?

  @Option(help: ArgumentHelp("The most requests a minute; after a pause, all of them at once.", valueName: "number"))
  var requestsPerMinute: Double?

  @Option(help: ArgumentHelp("The most rows or tokens a minute; after a pause, all of them at once.", valueName: "number"))
  var itemsPerMinute: Double?

  @Option(help: ArgumentHelp("The most requests at one time.", valueName: "number"))
  var concurrent: Int?

  @OptionGroup var place: KeyFileOptions
  @OptionGroup var global: GlobalOptions

  private static func role(_ text: String) throws -> Role {
    guard let role = Role(rawValue: text) else {
      throw ValidationError("--role is '\(text)'; expected one of \(Role.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return role
  }

  /// `martlet keys create --json`
  struct Document: Codable, Sendable {
    var key: String
    var id: String
    var name: String
    var roles: [Role]
    var models: [ModelPattern]
    var expires: Date?
    var file: String
  }

  func validate() throws {
    for (option, value) in [("--requests-per-minute", requestsPerMinute), ("--items-per-minute", itemsPerMinute)] {
      if let value, !(value > 0 && value.isFinite) { throw ValidationError("\(option) is \(value); expected a number above 0") }
    }
    if let concurrent, concurrent < 1 { throw ValidationError("--concurrent is \(concurrent); expected a whole number of 1 or more") }
  }

  func execute(_ context: CommandContext) async throws -> CommandResult {
    let file = place.file(global)
    let folder = (file.path as NSString).deletingLastPathComponent
    if !folder.isEmpty { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }
    let now = Date(timeIntervalSince1970: context.now.timeIntervalSince1970.rounded(.down))
    let made = try file.create(
      name: name, roles: role.isEmpty ? [.client] : role, models: model.isEmpty ? [.all] : model.map(ModelPattern.init),
      limits: UsageLimits(requestsPerMinute: requestsPerMinute, itemsPerMinute: itemsPerMinute, concurrentRequests: concurrent), now: now,
      expires: expires.map { now.addingTimeInterval($0.seconds) })
    let document = Document(
      key: made.secret, id: made.record.id, name: name, roles: made.record.roles, models: made.record.models, expires: made.record.expires,
      file: file.path)
    return CommandResult(document: document, text: "\(made.secret)\n\nKeep it: only its hash is in \(file.path).\n")
  }
}

struct KeysList: Command {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List the keys.")

  @OptionGroup var place: KeyFileOptions
  @OptionGroup var global: GlobalOptions

  /// `martlet keys list --json`
  struct Document: Codable, Sendable {
    /// One key.
    struct Entry: Codable, Sendable {
      var id: String
      var name: String
      var roles: [Role]
      var models: [ModelPattern]
      var limits: UsageLimits
      var created: Date
      var expires: Date?
      var revoked: Date?
      var works: Bool
    }

    var keys: [Entry]
  }

  func execute(_ context: CommandContext) async throws -> CommandResult {
    let entries = try place.file(global).load().map { key in
      Document.Entry(
        id: key.id, name: key.name, roles: key.roles, models: key.models, limits: key.limits, created: key.created, expires: key.expires,
        revoked: key.revoked, works: key.revoked == nil && key.expires.map { $0 > context.now } ?? true)
    }
    var table = TextTable(columns: [.init("id"), .init("name"), .init("roles"), .init("models"), .init("created"), .init("state")])
    for key in entries {
      let state =
        key.revoked.map { "revoked \(Wording.ago($0, now: context.now))" }
        ?? key.expires.map { $0 > context.now ? "until \($0.ISO8601Format())" : "expired \(Wording.ago($0, now: context.now))" } ?? "works"
      table.append([
        key.id, key.name, key.roles.map(\.rawValue).joined(separator: ", "), key.models.map(\.text).joined(separator: ", "),
        Wording.ago(key.created, now: context.now), state,
      ])
    }
    return CommandResult(document: Document(keys: entries), text: entries.isEmpty ? "no keys\n" : context.render(table))
  }
}

struct KeysRevoke: Command {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Make a key stop working.", discussion: "It stays in the list, so that logs can be read later.")

  @Argument(help: "The key's id or name.")
  var key: String

  @OptionGroup var place: KeyFileOptions
  @OptionGroup var global: GlobalOptions

  /// `martlet keys revoke --json`
  struct Document: Codable, Sendable {
    var id: String
    var name: String
    var revoked: Date?
  }

  func execute(_ context: CommandContext) async throws -> CommandResult {
    let revoked = try place.file(global).revoke(key, now: context.now)
    return CommandResult(
      document: Document(id: revoked.id, name: revoked.name, revoked: revoked.revoked),
      text: "\(revoked.id) (\(revoked.name)) no longer works\n")
  }
}

/// A length of time as people write it: `30m`, `12h`, `90d`.
struct KeyLifetime: ExpressibleByArgument, Sendable {
  let seconds: Double

  init?(argument: String) {
    let units: [Character: Double] = ["m": 60, "h": 3600, "d": 86_400]
    guard let unit = argument.last.flatMap({ units[$0] }), let number = Double(argument.dropLast()), number > 0, number <= 100_000 else {
      return nil
    }
    seconds = number * unit
  }
}
