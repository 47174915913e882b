import Databases
import Foundation
import MartletCore

/// What an alias of a model asks for before it points to a version.
public struct AliasRules: Sendable, Hashable, Codable {
  /// The model.
  public let name: String
  /// The alias.
  public let alias: String
  /// How many people other than the one who asks must agree.
  public let approvals: Int
  /// What a version's measurements must say.
  public let gates: [AliasGate]
}

extension ModelRegistry {
  /// Protects an alias: from now on it moves only to versions that pass the gates and that so many people agree to, or that it has pointed
  /// to before. No approvals and no gates take the protection away.
  /// - Throws: `RegistryError`: `.invalidName`, `.invalidQuery`, `.notFound` for a model that is not there, `.readOnly`.
  public func protect(_ alias: String, of name: String, approvals: Int, gates: [AliasGate]? = nil) throws(RegistryError) {
    try ModelReference.check(alias: alias)
    guard (0...20).contains(approvals) else {
      throw RegistryError(.invalidQuery, "an alias cannot need \(approvals) approvals", expected: "0 to 20")
    }
    try write { database in
      let modelID: Int64? = try database.value("SELECT id FROM models WHERE name = ?", [name])
      guard let modelID else { throw try unknownModel(name, in: database) }
      let kept = try gates ?? rules(of: alias, name: name, modelID: modelID, in: database)?.gates ?? []
      if approvals == 0, kept.isEmpty {
        try database.execute("DELETE FROM rules WHERE modelID = ? AND alias = ?", [modelID, alias])
      } else {
        let text = String(decoding: try JSON.encode(kept, pretty: false), as: UTF8.self)
        try database.execute(
          """
          INSERT INTO rules (modelID, alias, approvals, gates) VALUES (?, ?, ?, ?)
          ON CONFLICT (modelID, alias) DO UPDATE SET approvals = excluded.approvals, gates = excluded.gates
          """, [modelID, alias, approvals, text])
      }
      try log(.protected, name, alias: alias, note: "\(approvals) approvals, \(kept.count) gates", in: database)
    }
  }

  /// The rules of a model's aliases.
  public func rules(of name: String) throws(RegistryError) -> [AliasRules] {
    try read { database in
      try database.rows(
        "SELECT r.alias, r.approvals, r.gates FROM rules r JOIN models m ON m.id = r.modelID WHERE m.name = ? ORDER BY r.alias", [name]
      ).map { try Self.rules($0, name: name) }
    }
  }

  func rules(of alias: String, name: String, modelID: Int64, in database: SQLConnection) throws -> AliasRules? {
    try database.row("SELECT alias, approvals, gates FROM rules WHERE modelID = ? AND alias = ?", [modelID, alias]).map {
      try Self.rules($0, name: name)
    }
  }

  private static func rules(_ row: SQLRow, name: String) throws -> AliasRules {
    let text: String = try row.get(2, as: String?.self) ?? "[]"
    return AliasRules(
      name: name, alias: try row.get(0), approvals: try row.get(1),
      gates: try JSON.decode([AliasGate].self, from: Data(text.utf8), source: "the rules of \(name)@\(try row.get(0, as: String.self))"))
  }

  /// Refuses to take away or to delete what needs approvals.
  func requireUnprotected(_ alias: String, of name: String, modelID: Int64, in database: SQLConnection) throws {
    guard let rules = try rules(of: alias, name: name, modelID: modelID, in: database), rules.approvals > 0 else { return }
    throw RegistryError(
      .protected, "'\(alias)' of \(name) is protected: it cannot be taken away",
      remedy: "martlet protect \(name) --alias \(alias) --approvals 0, which the log keeps")
  }

  /// Refuses a version that the alias's gates do not let through, or that needs approvals that it does not have.
  func require(
    _ alias: String, of name: String, modelID: Int64, allows number: Int, versionID: Int64, isApproved: Bool, in database: SQLConnection
  ) throws {
    guard let rules = try rules(of: alias, name: name, modelID: modelID, in: database) else { return }
    // The way back to what was in use must not be barred when it is needed most.
    let uses: Int =
      try database.value(
        "SELECT COUNT(*) FROM events WHERE name = ? AND alias = ? AND action = ? AND toVersion = ?",
        [name, alias, RegistryEvent.Action.aliasMoved.rawValue, number]) ?? 0
    if uses > 0 { return }
    if !rules.gates.isEmpty {
      guard let version = try fetchVersions(where: "v.id = ?", [versionID], in: database).first else { return }
      let verdicts = try gateVerdicts(rules.gates, version)
      let failed = verdicts.filter { !$0.passed }
      guard failed.isEmpty else {
        throw RegistryError(
          .gate, "\(version.reference) does not get the alias '\(alias)': " + failed.map(\.text).joined(separator: "; "),
          remedy: "train and evaluate again, or another version")
      }
    }
    if rules.approvals > 0, !isApproved {
      throw RegistryError(
        .protected, "'\(alias)' of \(name) needs \(rules.approvals) approvals",
        remedy: "martlet promote \(name)@\(number) --to \(alias) --request, then martlet approve by others")
    }
  }
}
