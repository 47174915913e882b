import Databases
import Foundation

extension ModelRegistry {
  /// Adds tags to a version; tags that it has are kept.
  /// - Returns: the version with its new tags.
  /// - Throws: `RegistryError`: `.invalidName`, `.notFound`, `.busy`, `.readOnly`.
  @discardableResult
  public func addTags(_ tags: [String], to version: ModelVersion) throws(RegistryError) -> ModelVersion {
    for tag in tags { try ModelReference.check(tag: tag) }
    return try change(version) { versionID, database in
      for tag in tags {
        let added = try database.execute("INSERT INTO tags (versionID, tag) VALUES (?, ?) ON CONFLICT DO NOTHING", [versionID, tag])
        if added > 0 { try log(.tagged, version.name, version: version.number, note: tag, in: database) }
      }
    }
  }

  /// Takes tags from a version; tags that it does not have are passed over.
  /// - Returns: the version with the tags that are left.
  /// - Throws: `RegistryError`: `.notFound`, `.busy`, `.readOnly`.
  @discardableResult
  public func removeTags(_ tags: [String], from version: ModelVersion) throws(RegistryError) -> ModelVersion {
    try change(version) { versionID, database in
      for tag in tags {
        let removed = try database.execute("DELETE FROM tags WHERE versionID = ? AND tag = ?", [versionID, tag])
        if removed > 0 { try log(.untagged, version.name, version: version.number, note: tag, in: database) }
      }
    }
  }

  /// Replaces a version's note.
  /// - Returns: the version with its new note.
  /// - Throws: `RegistryError`: `.notFound`, `.busy`, `.readOnly`.
  @discardableResult
  public func setNote(_ note: String, for version: ModelVersion) throws(RegistryError) -> ModelVersion {
    try change(version) { versionID, database in
      try database.execute("UPDATE versions SET note = ? WHERE id = ?", [note, versionID])
      try log(.noted, version.name, version: version.number, note: note, in: database)
    }
  }

  private func change(
    _ version: ModelVersion, _ body: (Int64, SQLConnection) throws -> Void
  ) throws(RegistryError) -> ModelVersion {
    try write { database in
      let found = try find(version, in: database)
      try body(found.versionID, database)
      return try find(version, in: database).version
    }
  }
}
