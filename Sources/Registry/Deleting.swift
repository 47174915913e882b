import Databases
public import Foundation
import Glibc

/// What garbage collection removed, or would remove.
public struct GarbageReport: Sendable, Hashable, Codable {
  /// Files that no version refers to.
  public var objects = 0
  /// Files that processes left when they died.
  public var temporaries = 0
  /// Bytes of both together.
  public var bytes = 0
}

extension ModelRegistry {
  /// Deletes a version. Its files stay until garbage is collected; its number is never used again.
  /// - Parameter force: delete it even if aliases point to it, and the aliases too.
  /// - Throws: `RegistryError`: `.aliased` with the aliases, `.notFound`, `.busy`, `.readOnly`.
  public func delete(_ version: ModelVersion, force: Bool = false) throws(RegistryError) {
    try write { try delete(version, force: force, in: $0) }
  }

  func delete(_ version: ModelVersion, force: Bool, in database: SQLConnection) throws {
    let found = try find(version, in: database)
    let aliases = found.version.aliases
    guard aliases.isEmpty || force else {
      let names = aliases.map { "'\($0)'" }.joined(separator: ", ")
      throw RegistryError(
        .aliased,
        "\(version.reference) cannot be deleted: \(names) \(aliases.count == 1 ? "points" : "point") to it",
        remedy: "point \(names) to another version first, or force it")
    }
    for alias in aliases {
      try requireUnprotected(alias, of: version.name, modelID: found.modelID, in: database)
      try database.execute("DELETE FROM aliases WHERE modelID = ? AND alias = ?", [found.modelID, alias])
      try log(.aliasRemoved, version.name, version: version.number, alias: alias, from: version.number, in: database)
    }
    try database.execute("DELETE FROM versions WHERE id = ?", [found.versionID])
    try log(.deleted, version.name, version: version.number, note: found.version.digest, in: database)
  }

  /// Removes files that no version refers to, and what dead processes left.
  /// - Parameters:
  ///   - dryRun: remove nothing, only count.
  ///   - grace: seconds for which a file without a version is left alone. Any value is safe; a short one makes a registration that is under
  ///     way copy its files again.
  /// - Throws: `RegistryError`: `.busy`, `.readOnly`, `.io`.
  public func collectGarbage(dryRun: Bool = false, olderThan grace: TimeInterval = 3600) throws(RegistryError) -> GarbageReport {
    try requireWritable()
    return try guarded {
      var report = GarbageReport()
      let limit = Date().addingTimeInterval(-grace)
      let old = try store.list().objects.filter { $0.modified <= limit }
      let unused = try database.read { database in try old.filter { try !isReferenced($0.digest, in: database) } }
      // In portions: other writers wait no longer than one of them takes.
      for start in stride(from: 0, to: unused.count, by: 100) {
        let portion = unused[start..<min(start + 100, unused.count)]
        try database.write { database in
          for object in portion {
            // It may have been registered or renewed since it was looked at; nobody can do so while this transaction holds the write lock.
            guard let now = try store.backend.status(object.name), now.modified <= limit,
              try !isReferenced(object.digest, in: database)
            else { continue }
            if !dryRun, try !store.backend.remove(object.name) { continue }
            report.objects += 1
            report.bytes += now.size
          }
        }
      }
      for temporary in store.abandonedTemporaries(before: limit) {
        if !dryRun, unlink(temporary.path) != 0 { continue }
        report.temporaries += 1
        report.bytes += temporary.size
      }
      // A large file takes its time to go up.
      report.temporaries += try store.backend.removeUnfinished(before: min(limit, Date().addingTimeInterval(-86_400)), dryRun: dryRun)
      return report
    }
  }

  private func isReferenced(_ digest: String, in database: SQLConnection) throws -> Bool {
    let uses: Int? = try database.value(
      """
      SELECT (SELECT COUNT(*) FROM (SELECT 1 AS one FROM files WHERE digest = ? LIMIT 1) f)
           + (SELECT COUNT(*) FROM (SELECT 1 AS one FROM versions WHERE digest = ? LIMIT 1) v)
      """, [digest, digest])
    return uses != 0
  }
}
