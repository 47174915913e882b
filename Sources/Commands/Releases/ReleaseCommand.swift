import ArgumentParser
import Charts
import Foundation
import MartletCore
package import Registry
import Releases

/// `martlet release …`
struct ReleaseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "release", abstract: "Move the traffic of a served model to another version, step by step.",
    discussion: """
      The server that serves the model carries the release out; this command leaves it orders in the registry's folder.
      Gates: \(ReleaseGate.vocabulary.joined(separator: ", ")).
      """,
    subcommands: [
      StartRelease.self, ReleaseStatus.self, PauseRelease.self, ResumeRelease.self, ApproveRelease.self, PromoteRelease.self,
      RollbackRelease.self,
    ], defaultSubcommand: StartRelease.self)
}

/// A command about a model's release.
protocol ReleasesCommand: RegistryCommand {
  func execute(_ store: ReleaseStore, _ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult
}

extension ReleasesCommand {
  func execute(_ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult {
    guard let folder = ReleaseFolder.path(registry) else {
      throw ReleaseError(
        .store, "the registry at \(registry.path) keeps its files in a bucket, and releases are written down in a folder",
        expected: "a folder that the servers of the registry and this program share", remedy: "MARTLET_RELEASES=FOLDER")
    }
    return try execute(ReleaseStore(folder: folder), registry, context)
  }
}

/// Where a registry's releases are written down.
public enum ReleaseFolder {
  /// What `MARTLET_RELEASES` names, else a folder beside the registry's database or, where that is a server, beside the team's files.
  /// - Returns: `nil` where the files are in a bucket, and nobody has named a folder.
  package static func path(_ registry: ModelRegistry) -> String? {
    if let named = ProcessInfo.processInfo.environment["MARTLET_RELEASES"], !named.isEmpty { return named }
    return registry.folder.map { $0 + "/releases" }
  }
}

struct StartRelease: ReleasesCommand {
  static let configuration = CommandConfiguration(
    commandName: "start", abstract: "Begin a release of a version.",
    discussion: "Exit code 3 with --watch where the release was rolled back.")

  @Argument(help: "NAME@V, the version that shall answer.", completion: ReferenceCompletion.kind)
  var reference: String

  @Option(help: ArgumentHelp("The version that answers now. (default: what the alias points at)", valueName: "version"))
  var from: Int?

  @Option(help: ArgumentHelp("Shares of the traffic in percent; 0 is a shadow.", valueName: "list"))
  var steps = "0,5,25,50"

  @Option(help: ArgumentHelp("How long each step lasts at least.", valueName: "seconds"))
  var seconds = 60.0

  @Option(help: ArgumentHelp("Requests that each step needs at least.", valueName: "number"))
  var requests = 100

  @Flag(help: "Each step needs a person's approval.")
  var approval = false

  @Flag(help: "Show requests to the new version in every step, and compare.")
  var shadow = false

  @Option(
    help: ArgumentHelp(
      "What must hold in each step, such as 'p99 <= 0.5'; repeat it for more. (default: errors <= 0.01)", valueName: "gate"))
  var gate: [String] = []

  @Option(help: ArgumentHelp("The confidence of every gate's verdict.", valueName: "share"))
  var level = 0.95

  @Option(help: ArgumentHelp("How much longer a step may stay undecided.", valueName: "seconds"))
  var patience = 600.0

  @Option(help: ArgumentHelp("What happens then: hold or rollback.", valueName: "word"))
  var undecided = "hold"

  @Option(help: ArgumentHelp("The alias that moves with the traffic.", valueName: "alias"))
  var alias = "production"

  @Flag(help: "Say what happens until the release is over.")
  var watch = false

  @OptionGroup var global: GlobalOptions

  func execute(_ store: ReleaseStore, _ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult {
    let version = try registry.resolve(reference)
    let aliases = try registry.aliases(of: version.name)
    guard let baseline = from ?? aliases[alias] else {
      throw ReleaseError(
        .badPlan, "\(version.name) has no alias '\(alias)' that says which version answers now", expected: "--from NUMBER, or an alias",
        remedy: "martlet promote \(version.name)@V --to \(alias)")
    }
    guard from != nil || baseline != version.number else {
      throw ReleaseError(
        .badPlan, "\(version.name)@\(alias) is \(version.reference) already", expected: "a version that the alias does not point at",
        remedy: "another version; or --from NUMBER, the version that servers still answer with")
    }
    _ = try registry.resolve("\(version.name)@\(baseline)")
    guard let undecided = ReleasePlan.Undecided(rawValue: undecided) else {
      throw ReleaseError(.badPlan, "--undecided is '\(undecided)'", expected: "hold or rollback")
    }
    var plan = ReleasePlan(
      model: version.name, baseline: String(baseline), candidate: String(version.number), steps: try parsedSteps(), level: level,
      patience: patience, undecided: undecided, alias: aliases[alias] == nil ? nil : alias)
    if !gate.isEmpty {
      plan.gates = []
      for text in gate { plan.gates.append(try ReleaseGate(text)) }
    }
    let state = try ReleaseState(plan, by: RegistryOptions.currentUser, at: context.now)
    try store.begin(state)
    guard watch else { return ReleaseText.result(state) }
    return try ReleaseText.watch(store, state, context)
  }

  private func parsedSteps() throws -> [ReleasePlan.Step] {
    try steps.split(separator: ",", omittingEmptySubsequences: false).map { part in
      let text = part.filter { !$0.isWhitespace && $0 != "%" }
      guard let percent = Double(text), (0...100).contains(percent) else {
        throw ReleaseError(.badPlan, "--steps has the share '\(part)'", expected: "percentages from 0 to 100, such as 0,5,25,50")
      }
      return ReleasePlan.Step(
        share: percent / 100, shadow: percent == 0 || shadow, seconds: seconds, requests: requests, needsApproval: approval)
    }
  }
}

struct ReleaseStatus: ReleasesCommand {
  static let configuration = CommandConfiguration(commandName: "status", abstract: "Show where a model's newest release stands.")

  @Argument(help: "The model's name.", completion: ReferenceCompletion.kind)
  var name: String

  @Flag(help: "Say what happens until the release is over.")
  var watch = false

  @OptionGroup var global: GlobalOptions

  func execute(_ store: ReleaseStore, _ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult {
    guard let state = try store.newest(name) else {
      throw ReleaseError(.notFound, "\(name) has had no release", remedy: "martlet release \(name)@V")
    }
    return watch ? try ReleaseText.watch(store, state, context) : ReleaseText.result(state, waiting: try store.waitingOrders(state))
  }
}

/// Tells a release what to do.
protocol ReleaseOrderCommand: ReleasesCommand {
  static var order: ReleaseState.Order { get }
  var name: String { get }
  var note: String { get }
}

extension ReleaseOrderCommand {
  func execute(_ store: ReleaseStore, _ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult {
    let document = ["model": name, "order": Self.order.rawValue]
    if Self.order == .rollback, try store.withdraw(name, by: RegistryOptions.currentUser, reason: note) {
      return CommandResult(document: document, text: "\(name): no server had taken the release up; it is over\n")
    }
    try store.order(Self.order, name, by: RegistryOptions.currentUser, reason: note)
    var text = "\(name): told to \(Self.order.rawValue); see: martlet release status \(name)\n"
    if let state = try store.active(name), !state.isTakenUp {
      text += "no server has taken the release up yet; the order waits for one: \(ReleaseText.serving(state.plan))\n"
    }
    return CommandResult(document: document, text: text)
  }
}

struct PauseRelease: ReleaseOrderCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Stay in this step. A gate that fails still sends the traffic back.")
  static let order = ReleaseState.Order.pause
  @Argument(help: "The model's name.") var name: String
  @Option(help: ArgumentHelp("Why, for the history.", valueName: "text")) var note = ""
  @OptionGroup var global: GlobalOptions
}

struct ResumeRelease: ReleaseOrderCommand {
  static let configuration = CommandConfiguration(commandName: "resume", abstract: "Go on after a pause, or after gates could not decide.")
  static let order = ReleaseState.Order.resume
  @Argument(help: "The model's name.") var name: String
  @Option(help: ArgumentHelp("Why, for the history.", valueName: "text")) var note = ""
  @OptionGroup var global: GlobalOptions
}

struct ApproveRelease: ReleaseOrderCommand {
  static let configuration = CommandConfiguration(commandName: "approve", abstract: "Agree to the end of this step.")
  static let order = ReleaseState.Order.approve
  @Argument(help: "The model's name.") var name: String
  @Option(help: ArgumentHelp("Why, for the history.", valueName: "text")) var note = ""
  @OptionGroup var global: GlobalOptions
}

struct PromoteRelease: ReleaseOrderCommand {
  static let configuration = CommandConfiguration(
    commandName: "promote", abstract: "Let the new version take over now, whatever the gates say.")
  static let order = ReleaseState.Order.promote
  @Argument(help: "The model's name.") var name: String
  @Option(help: ArgumentHelp("Why, for the history.", valueName: "text")) var note = ""
  @OptionGroup var global: GlobalOptions
}

struct RollbackRelease: ReleaseOrderCommand {
  static let configuration = CommandConfiguration(commandName: "rollback", abstract: "Send everything back to the old version now.")
  static let order = ReleaseState.Order.rollback
  @Argument(help: "The model's name.") var name: String
  @Option(help: ArgumentHelp("Why, for the history.", valueName: "text")) var note = ""
  @OptionGroup var global: GlobalOptions
}
