import Bundles
import Commands
import MartletCore
import Project
import Registry

/// Registers what a run made, with the aliases that were asked for if the project's gates agree.
struct GatedRegistration {
  let version: ModelVersion
  /// What the gates said; `nil` where no alias was asked for, or there are no gates.
  let verdicts: [GateVerdict]?

  /// A version that the gates refuse is registered all the same, without aliases.
  /// - Throws: `RegistryError`, also where the alias's own rules in the registry refuse; then nothing is registered unless the project has
  ///   gates, which are looked at on the registered version.
  init(_ bundle: ModelBundle, _ request: RunRequest, in registry: ModelRegistry) throws {
    let gates = try request.project.project.gates.map { try AliasGate(text: $0) }
    guard !gates.isEmpty, !request.aliases.isEmpty else {
      version = try registry.register(bundle, tags: request.tags, note: request.note, aliases: request.aliases)
      verdicts = nil
      return
    }
    let version = try registry.register(bundle, tags: request.tags, note: request.note)
    let verdicts = try registry.evaluate(gates, on: version)
    if verdicts.allSatisfy(\.passed) { for alias in request.aliases { try registry.setAlias(alias, to: version) } }
    self.version = version
    self.verdicts = verdicts
  }

  /// What is wrong with the project's gates is better known before training than after.
  static func check(_ request: RunRequest) throws {
    for text in request.project.project.gates { _ = try AliasGate(text: text) }
  }
}
