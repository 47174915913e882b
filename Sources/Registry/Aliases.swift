import Databases
import Foundation

extension ModelRegistry {
  /// Lets an alias point to a version; moves it if it points to another one. The log keeps every move.
  /// - Returns: where it pointed before and where it points now.
  /// - Throws: `RegistryError`: `.invalidName`, `.notFound`, `.protected` for one that needs approvals, `.gate`, `.busy`, `.readOnly`.
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
    _ alias: String, of name: String, modelID: Int64, to number: Int, versionID: Int64, note: String, isApproved: Bool = false,
    in database: SQLConnection
  ) throws -> AliasChange {
    let from = try target(of: alias, modelID: modelID, in: database)
    if from != number {
      try require(
        alias, of: name, modelID: modelID, allows: number, versionID: versionID, isApproved: isApproved, in: database)
      try database.execute(
        """
        INSERT INTO aliases (modelID, alias, versionID) VALUES (?, ?, ?)
        ON CONFLICT (modelID, alias) DO UPDATE SET versionID = excluded.versionID
        """, [modelID, alias, versionID])
      try log(.aliasMoved, name, version: number, alias: alias, from: from, to: number, note: note, in: database)
    }
    return AliasChange(name: name, alias: alias, from: from, to: number)
  }

  private func target(of alias: String, modelID: Int64, in database: SQLConnection) throws -> Int? {
    try database.value(
      "SELECT v.number FROM aliases a JOIN versions v ON v.id = a.versionID WHERE a.modelID = ? AND a.alias = ?", [modelID, alias])
  }

  /// Takes an alias away. The version stays.
  /// - Throws: `RegistryError`: `.notFound` with the aliases that there are, `.busy`, `.readOnly`.
  public func removeAlias(_ alias: String, of name: String) throws(RegistryError) {
    try ModelReference.check(alias: alias)
    try write { database in
      let found = try find(ModelReference(name: name, .alias(alias)), in: database)
      try requireUnprotected(alias, of: name, modelID: found.modelID, in: database)
      try database.execute("DELETE FROM aliases WHERE modelID = ? AND alias = ?", [found.modelID, alias])
      try log(.aliasRemoved, name, version: found.version.number, alias: alias, from: found.version.number, in: database)
    }
  }

  /// A model's aliases and the versions that they point to.
  /// - Throws: `RegistryError` `.notFound` with the nearest name.
  public func aliases(of name: String) throws(RegistryError) -> [String: Int] {
    try read { database in
      let rows = try database.rows(
        """
        SELECT a.alias, v.number FROM aliases a JOIN versions v ON v.id = a.versionID JOIN models m ON m.id = a.modelID WHERE m.name = ?
        """, [name])
      if rows.isEmpty, try newestNumber(of: name, in: database) == nil { throw try unknownModel(name, in: database) }
      return try Dictionary(rows.map { (try $0.get(0), try $0.get(1)) }, uniquingKeysWith: { first, _ in first })
    }
  }
}
