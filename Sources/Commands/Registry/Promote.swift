import ArgumentParser
import MartletCore
import Project
import Registry
import Releases

struct Promote: RegistryCommand {
  static let configuration = CommandConfiguration(
    abstract: "Point an alias at a version.",
    discussion: "Servers that start take it: martlet serve NAME@production; those that run take it by martlet release. "
      + "A version that the gates of the project or of the alias do not let "
      + "through does not get it (exit code 3); what was not measured does not pass.")

  @Argument(help: "NAME@V", completion: ReferenceCompletion.kind)
  var reference: String

  @Option(help: ArgumentHelp("The alias.", valueName: "alias"))
  var to: String

  @Option(help: ArgumentHelp("Why, for the history.", valueName: "text"))
  var note = ""

  @Flag(help: "Ask for an alias that needs approvals.")
  var request = false

  @OptionGroup var project: ProjectOptions
  @OptionGroup var global: GlobalOptions

  func execute(_ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult {
    let version = try registry.resolve(reference)
    if let file = try project.loadIfThere(), file.project.name == version.name {
      let gates = try file.project.gates.map { try AliasGate(text: $0) }
      let refused = try registry.evaluate(gates, on: version).filter { !$0.passed }
      guard refused.isEmpty else {
        throw RegistryError(
          .gate, "\(version.reference) does not get the alias '\(to)': " + refused.map(\.text).joined(separator: "; "),
          remedy: "train and evaluate again, or another version; the gates are in \(file.path)")
      }
    }
    if request {
      let asked = try registry.requestAlias(to, to: version, note: note)
      return CommandResult(document: asked, text: asked.text)
    }
    try AliasText.requireNoRelease(of: version.name, moving: to, registry)
    let change = try registry.setAlias(to, to: version, note: note)
    return CommandResult(document: change, text: change.text)
  }
}

struct Rollback: RegistryCommand {
  static let configuration = CommandConfiguration(abstract: "Point an alias back at the version that it pointed at before.")

  @Argument(help: "The model's name.", completion: ReferenceCompletion.kind)
  var name: String

  @Option(help: ArgumentHelp("The alias.", valueName: "alias"))
  var alias = "production"

  @OptionGroup var global: GlobalOptions

  func execute(_ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult {
    let aliases = try registry.aliases(of: name)
    guard let current = aliases[alias] else {
      let known = aliases.keys.sorted().joined(separator: ", ")
      throw RegistryError(
        .notFound, "\(name) has no alias '\(alias)'", expected: known.isEmpty ? nil : known,
        remedy: "martlet promote \(name)@V --to \(alias)")
    }
    let there = try Set(registry.versions(of: name).map(\.number))
    let history = try registry.history(of: name, alias: alias)
    guard let previous = AliasHistory.previous(history, current: current, existing: there) else {
      throw RegistryError(.notFound, "'\(alias)' of \(name) has not pointed at another version that is still there")
    }
    try AliasText.requireNoRelease(of: name, moving: alias, registry)
    let change = try registry.setAlias(alias, to: registry.resolve("\(name)@\(previous)"), note: AliasHistory.mark)
    return CommandResult(document: change, text: change.text)
  }
}

/// Where an alias has been. A way back is not a step forward, so that going back twice goes back two steps.
enum AliasHistory {
  /// The note of a change that goes back.
  static let mark = "rollback"

  /// - Parameter events: newest first.
  static func previous(_ events: [RegistryEvent], current: Int, existing: Set<Int>) -> Int? {
    var visited: [Int] = []
    for event in events.reversed() where event.action == .aliasMoved {
      guard let to = event.to else { continue }
      if event.note == mark, let index = visited.lastIndex(of: to) {
        visited.removeSubrange((index + 1)...)
      } else {
        visited.append(to)
      }
    }
    return visited.last { $0 != current && existing.contains($0) }
  }
}

/// What moving an alias means to servers.
enum AliasText {
  /// - Throws: `ReleaseError` `.underWay` where a release moves the alias: it would write over what is set now.
  static func requireNoRelease(of name: String, moving alias: String, _ registry: ModelRegistry) throws {
    guard let folder = ReleaseFolder.path(registry), let state = try ReleaseStore(folder: folder).active(name), state.plan.alias == alias
    else { return }
    throw ReleaseError(
      .underWay,
      "a release moves '\(alias)' of \(name) from version \(state.plan.baseline) to \(state.plan.candidate) (\(state.phase.words))",
      expected: "no release of this alias under way",
      remedy: "martlet release promote \(name), or martlet release rollback \(name); then this again")
  }
}

extension AliasChange {
  fileprivate var text: String {
    let before = from.map { $0 == to ? " already" : ", before \(name)@\($0)" } ?? ""
    let text = "\(name)@\(alias) is \(name)@\(to)\(before)\n"
    guard let from, from != to else { return text }
    return text + "servers that run go on with \(name)@\(from); try: martlet release \(name)@\(to) --from \(from)"
      + (alias == "production" ? "" : " --alias \(alias)") + "\n"
  }
}
