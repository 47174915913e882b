import Foundation
import GRDB

extension ModelRegistry {
  /// Lets an alias point to a version; moves it if it points to another one. The log keeps every move.
  /// - Returns: where it pointed before and where it points now.
  /// - Throws: `RegistryError`: `.invalidName`, `.notFound`, `.busy`, `.readOnly`.
  @discardableResult
  public func setAlias(_ alias: String, to version: ModelVersion, note: String = "") throws(RegistryError) -> AliasChange {
    try ModelReference.check(alias: alias)
    return try write { database in
      let found = try find(version, in: database)
      return try point(
        alias, of: version.name, modelID: found.modelID, to: version.number, versionID: found.versionID, note: note, in: database)
    }
  }

  func point(
    _ alias: String, of name: String, modelID: Int64, to number: Int, versionID: Int64, note: String, in database: Database
  ) throws -> AliasChange {
    let from = try target(of: alias, modelID: modelID, in: database)
    if from != number {
      try database.execute(
        sql: """
          INSERT INTO aliases (modelID, alias, versionID) VALUES (?, ?, ?)
          ON CONFLICT (modelID, alias) DO UPDATE SET versionID = excluded.versionID
          """, arguments: [modelID, alias, versionID])
      try log(.aliasMoved, name, version: number, alias: alias, from: from, to: number, note: note, in: database)
    }
    return AliasChange(name: name, alias: alias, from: from, to: number)
  }

  private func target(of alias: String, modelID: Int64, in database: Database) throws -> Int? {
    try Int.fetchOne(
      database, sql: "SELECT v.number FROM aliases a JOIN versions v ON v.id = a.versionID WHERE a.modelID = ? AND a.alias = ?",
      arguments: [modelID, alias])
  }

  /// Takes an alias away. The version stays.
  /// - Throws: `RegistryError`: `.notFound` with the aliases that there are, `.busy`, `.readOnly`.
  public func removeAlias(_ alias: String, of name: String) throws(RegistryError) {
    try ModelReference.check(alias: alias)
    try write { database in
      let found = try find(ModelReference(name: name, .alias(alias)), in: database)
      try database.execute(sql: "DELETE FROM aliases WHERE modelID = ? AND alias = ?", arguments: [found.modelID, alias])
      try log(.aliasRemoved, name, version: found.version.number, alias: alias, from: found.version.number, in: database)
    }
  }

  /// A model's aliases and the versions that they point to.
  /// - Throws: `RegistryError` `.notFound` with the nearest name.
  public func aliases(of name: String) throws(RegistryError) -> [String: Int] {
    try read { database in
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT a.alias, v.number FROM aliases a JOIN versions v ON v.id = a.versionID JOIN models m ON m.id = a.modelID WHERE m.name = ?
          """, arguments: [name])
      if rows.isEmpty, try fetchVersions(where: "m.name = ?", [name], in: database).isEmpty { throw try unknownModel(name, in: database) }
      return Dictionary(rows.map { ($0[0], $0[1]) }, uniquingKeysWith: { first, _ in first })
    }
  }

  /// What was done to a model, or to one of its aliases, newest first. Deleted models keep their history.
  public func history(of name: String, alias: String? = nil, limit: Int = 1000) throws(RegistryError) -> [RegistryEvent] {
    try read { database in
      try fetchEvents(where: "name = ? AND (? IS NULL OR alias = ?)", [name, alias, alias, max(0, limit)], in: database)
    }
  }

  /// What was done to the registry, newest first.
  public func events(limit: Int = 1000) throws(RegistryError) -> [RegistryEvent] {
    try read { try fetchEvents(where: "TRUE", [max(0, limit)], in: $0) }
  }

  private func fetchEvents(where condition: String, _ arguments: StatementArguments, in database: Database) throws -> [RegistryEvent] {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT time, user, action, name, version, alias, fromVersion, toVersion, note FROM events
        WHERE \(condition) ORDER BY id DESC LIMIT ?
        """, arguments: arguments)
    return rows.compactMap { row in
      // Actions of a later Martlet are passed over.
      guard let action = RegistryEvent.Action(rawValue: row[2]) else { return nil }
      return RegistryEvent(
        time: Date(timeIntervalSince1970: row[0]), user: row[1], action: action, name: row[3], version: row[4], alias: row[5],
        from: row[6], to: row[7], note: row[8])
    }
  }
}
