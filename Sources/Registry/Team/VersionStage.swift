import Databases

/// Where a version stands, seen from its aliases and tags: a view, kept nowhere.
public enum VersionStage: String, Sendable, Hashable, Codable, CaseIterable {
  /// The alias `production` points to it.
  case production
  /// The alias `staging` points to it.
  case staging
  /// It has the tag `archived`.
  case archived
  case none

  /// The stage as a column of a statement about `v` (versions).
  static let column = """
    (CASE WHEN EXISTS (SELECT 1 FROM aliases s WHERE s.versionID = v.id AND s.alias = 'production') THEN 'production'
          WHEN EXISTS (SELECT 1 FROM aliases s WHERE s.versionID = v.id AND s.alias = 'staging') THEN 'staging'
          WHEN EXISTS (SELECT 1 FROM tags s WHERE s.versionID = v.id AND s.tag = 'archived') THEN 'archived' ELSE 'none' END)
    """
}

extension ModelVersion {
  /// Where the version stands.
  public var stage: VersionStage {
    if aliases.contains("production") { return .production }
    if aliases.contains("staging") { return .staging }
    return tags.contains("archived") ? .archived : .none
  }
}

extension ModelRegistry {
  /// Brings a version to a stage: moves the alias of that name to it, or gives it the tag `archived`; other stages' aliases and the tag are
  /// taken from it.
  /// - Returns: the version as it is now.
  /// - Throws: `RegistryError` as `setAlias`.
  public func setStage(_ stage: VersionStage, of version: ModelVersion) throws(RegistryError) -> ModelVersion {
    try write { database in
      let found = try find(version, in: database)
      for alias in [VersionStage.production, .staging].map(\.rawValue) where alias != stage.rawValue && found.version.aliases.contains(alias) {
        try requireUnprotected(alias, of: version.name, modelID: found.modelID, in: database)
        try database.execute("DELETE FROM aliases WHERE modelID = ? AND alias = ?", [found.modelID, alias])
        try log(.aliasRemoved, version.name, version: version.number, alias: alias, from: version.number, in: database)
      }
      let archived = VersionStage.archived.rawValue
      if stage != .archived, found.version.tags.contains(archived) {
        try database.execute("DELETE FROM tags WHERE versionID = ? AND tag = ?", [found.versionID, archived])
        try log(.untagged, version.name, version: version.number, note: archived, in: database)
      }
      switch stage {
      case .production, .staging:
        _ = try point(
          stage.rawValue, of: version.name, modelID: found.modelID, to: version.number, versionID: found.versionID, note: "", in: database)
      case .archived where !found.version.tags.contains(archived):
        try database.execute("INSERT INTO tags (versionID, tag) VALUES (?, ?)", [found.versionID, archived])
        try log(.tagged, version.name, version: version.number, note: archived, in: database)
      case .archived, .none: break
      }
      return try find(version, in: database).version
    }
  }
}
