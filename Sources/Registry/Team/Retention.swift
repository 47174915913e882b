import Databases
public import Foundation
import MartletCore

/// Which versions of a model are kept. A version goes when every rule that is given lets it go; one that an alias points to, or that
/// somebody asked an alias for, always stays.
public struct RetentionRules: Sendable, Hashable, Codable {
  /// The newest so many stay.
  public var keepLast: Int?
  /// What is younger than so many days stays.
  public var keepDays: Double?
  /// What has one of these tags stays.
  public var keepTags: [String]

  /// Makes rules; without any, nothing goes.
  public init(keepLast: Int? = nil, keepDays: Double? = nil, keepTags: [String] = []) {
    self.keepLast = keepLast
    self.keepDays = keepDays
    self.keepTags = keepTags
  }
}

/// What rules did to a version, or would do.
public struct RetentionVerdict: Sendable, Hashable, Codable {
  /// `"name@3"`
  public let version: String
  /// Bytes of its files.
  public let size: Int
  /// It goes.
  public let isDeleted: Bool
  /// Why it stays; empty for what goes.
  public let reason: String
}

extension ModelRegistry {
  /// Gives a model rules; rules without any limit take them away.
  /// - Throws: `RegistryError`: `.notFound`, `.invalidQuery` for a limit below zero, `.readOnly`.
  public func setRetention(_ rules: RetentionRules, of name: String) throws(RegistryError) {
    guard rules.keepLast ?? 1 >= 1, rules.keepDays ?? 0 >= 0 else {
      throw RegistryError(
        .invalidQuery, "rules cannot keep fewer than one version or less than no days", expected: "at least 1, at least 0")
    }
    try write { database in
      let modelID: Int64? = try database.value("SELECT id FROM models WHERE name = ?", [name])
      guard let modelID else { throw try unknownModel(name, in: database) }
      let text = String(decoding: try JSON.encode(rules, pretty: false), as: UTF8.self)
      if rules.keepLast == nil, rules.keepDays == nil {
        try database.execute("DELETE FROM retention WHERE modelID = ?", [modelID])
      } else {
        try database.execute(
          "INSERT INTO retention (modelID, rules) VALUES (?, ?) ON CONFLICT (modelID) DO UPDATE SET rules = excluded.rules",
          [modelID, text])
      }
      try log(.retentionSet, name, note: text, in: database)
    }
  }

  /// The rules by model.
  public func retention() throws(RegistryError) -> [String: RetentionRules] {
    try read { database in
      var found: [String: RetentionRules] = [:]
      for row in try database.rows("SELECT m.name, r.rules FROM retention r JOIN models m ON m.id = r.modelID") {
        let name: String = try row.get(0), text: String = try row.get(1)
        found[name] = try JSON.decode(RetentionRules.self, from: Data(text.utf8), source: "the retention rules of \(name)")
      }
      return found
    }
  }

  /// Deletes the versions that the rules let go; their files go with the next garbage collection.
  /// - Parameters:
  ///   - name: only this model; `nil` for all that have rules.
  ///   - dryRun: delete nothing, only say what would go.
  /// - Returns: one verdict for each version of the models, newest first.
  /// - Throws: `RegistryError`: `.busy`, `.readOnly`.
  public func applyRetention(of name: String? = nil, dryRun: Bool = false, now: Date = Date()) throws(RegistryError) -> [RetentionVerdict] {
    var verdicts: [RetentionVerdict] = []
    for (model, rules) in try retention().sorted(by: { $0.key < $1.key }) where name == nil || name == model {
      let judge: (SQLConnection) throws -> [RetentionVerdict] = { [self] database in
        let wanted = try Set(
          database.values(
            """
            SELECT v.number FROM requests q JOIN versions v ON v.id = q.versionID JOIN models m ON m.id = v.modelID
            WHERE m.name = ? AND q.state = 'waiting'
            """, [model], as: Int.self))
        var place = 0
        return try fetchVersions(where: "m.name = ?", [model], in: database).map { version in
          place += 1
          let reason = Self.reason(to: version, keep: rules, place: place, isWanted: wanted.contains(version.number), now: now)
          if reason.isEmpty, !dryRun { try delete(version, force: false, in: database) }
          return RetentionVerdict(version: version.reference, size: version.size, isDeleted: reason.isEmpty, reason: reason)
        }
      }
      verdicts += dryRun ? try read(judge) : try write(judge)
    }
    return verdicts
  }

  private static func reason(to version: ModelVersion, keep rules: RetentionRules, place: Int, isWanted: Bool, now: Date) -> String {
    if let alias = version.aliases.first { return "'\(alias)' points to it" }
    if isWanted { return "somebody asked an alias for it" }
    if let tag = version.tags.first(where: rules.keepTags.contains) { return "it has the tag '\(tag)'" }
    if let last = rules.keepLast, place <= last { return "it is one of the newest \(last)" }
    let age = now.timeIntervalSince(version.registered) / 86_400
    if let days = rules.keepDays, age < days { return "it is younger than \(days) days" }
    return ""
  }
}
