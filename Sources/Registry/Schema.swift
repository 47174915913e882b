import Foundation
import GRDB

/// The registry's tables, and the steps from each version of them to the next.
enum Schema {
  /// Marks a file as a Martlet registry ("MRTL").
  static let applicationID = 0x4D52_544C

  /// The step at index n takes a database from version n to n + 1. Steps that have been released are never edited.
  static let steps: [String] = [
    """
    CREATE TABLE models (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      nextNumber INTEGER NOT NULL DEFAULT 1
    );
    CREATE TABLE versions (
      id INTEGER PRIMARY KEY,
      modelID INTEGER NOT NULL REFERENCES models(id),
      number INTEGER NOT NULL,
      kind TEXT NOT NULL,
      digest TEXT NOT NULL,
      manifestSize INTEGER NOT NULL,
      size INTEGER NOT NULL,
      created REAL NOT NULL,
      registered REAL NOT NULL,
      user TEXT NOT NULL,
      note TEXT NOT NULL,
      parent TEXT,
      UNIQUE (modelID, number)
    );
    CREATE INDEX versionsByDigest ON versions(digest);
    CREATE TABLE files (
      versionID INTEGER NOT NULL REFERENCES versions(id) ON DELETE CASCADE,
      path TEXT NOT NULL,
      digest TEXT NOT NULL,
      size INTEGER NOT NULL,
      PRIMARY KEY (versionID, path)
    ) WITHOUT ROWID;
    CREATE INDEX filesByDigest ON files(digest);
    CREATE TABLE metrics (
      versionID INTEGER NOT NULL REFERENCES versions(id) ON DELETE CASCADE,
      name TEXT NOT NULL,
      value REAL,
      lower REAL,
      upper REAL,
      level REAL,
      higherIsBetter INTEGER,
      PRIMARY KEY (versionID, name)
    ) WITHOUT ROWID;
    CREATE TABLE tags (
      versionID INTEGER NOT NULL REFERENCES versions(id) ON DELETE CASCADE,
      tag TEXT NOT NULL,
      PRIMARY KEY (versionID, tag)
    ) WITHOUT ROWID;
    CREATE TABLE aliases (
      modelID INTEGER NOT NULL REFERENCES models(id),
      alias TEXT NOT NULL,
      versionID INTEGER NOT NULL REFERENCES versions(id),
      PRIMARY KEY (modelID, alias)
    ) WITHOUT ROWID;
    CREATE INDEX aliasesByVersion ON aliases(versionID);
    CREATE TABLE events (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      time REAL NOT NULL,
      user TEXT NOT NULL,
      action TEXT NOT NULL,
      name TEXT NOT NULL,
      version INTEGER,
      alias TEXT,
      fromVersion INTEGER,
      toVersion INTEGER,
      note TEXT NOT NULL
    );
    CREATE INDEX eventsByName ON events(name, alias);
    """
  ]

  /// Refuses a database that is not a registry or that a newer Martlet made.
  /// - Returns: its version; 0 for an empty one.
  static func check(_ database: Database, path: String) throws -> Int {
    let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    let identifier = try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0
    let isEmpty = try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM sqlite_master") == 0
    guard identifier == applicationID || isEmpty else {
      throw RegistryError(
        .corrupt, "\(path)/registry.sqlite is a database of something else", remedy: "another folder (MARTLET_REGISTRY)")
    }
    guard version <= steps.count else {
      throw RegistryError(
        .newerSchema, "the registry at \(path) has schema \(version), made by a newer Martlet", expected: "schema \(steps.count) or older",
        remedy: "a newer Martlet")
    }
    return version
  }

  /// Brings the tables up to date, in one transaction; two processes that come at once do it one after the other.
  static func migrate(_ writer: some DatabaseWriter, path: String) throws {
    guard try writer.read({ try check($0, path: path) }) < steps.count else { return }
    try writer.write { database in
      let version = try check(database, path: path)
      guard version < steps.count else { return }
      for step in steps[version...] { try database.execute(sql: step) }
      try database.execute(sql: "PRAGMA user_version = \(steps.count)")
      try database.execute(sql: "PRAGMA application_id = \(applicationID)")
    }
  }
}
