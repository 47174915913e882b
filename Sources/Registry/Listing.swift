import Bundles
import Foundation
import GRDB
import MartletCore

extension ModelRegistry {
  /// All models that have versions, by name.
  /// - Throws: `RegistryError`.
  public func models() throws(RegistryError) -> [ModelSummary] {
    try read { database in
      let newest = try fetchVersions(
        where: "v.number = (SELECT MAX(number) FROM versions WHERE modelID = v.modelID)", [], in: database)
      let totals = try Row.fetchAll(
        database,
        sql: "SELECT m.name, COUNT(*) AS count, SUM(v.size) AS size FROM versions v JOIN models m ON m.id = v.modelID GROUP BY m.id")
      let total = Dictionary(totals.map { ($0["name"] as String, $0) }, uniquingKeysWith: { first, _ in first })
      var aliases: [String: [String: Int]] = [:]
      for row in try Row.fetchAll(
        database,
        sql: "SELECT m.name, a.alias, v.number FROM aliases a JOIN models m ON m.id = a.modelID JOIN versions v ON v.id = a.versionID")
      {
        aliases[row["name"], default: [:]][row["alias"]] = row["number"]
      }
      return newest.map {
        ModelSummary(
          name: $0.name, versionCount: total[$0.name]?["count"] ?? 1, size: total[$0.name]?["size"] ?? $0.size, newest: $0,
          aliases: aliases[$0.name] ?? [:])
      }
    }
  }

  /// All versions of a model, newest first.
  /// - Throws: `RegistryError` `.notFound` with the nearest name.
  public func versions(of name: String) throws(RegistryError) -> [ModelVersion] {
    try read { database in
      let found = try fetchVersions(where: "m.name = ?", [name], in: database)
      guard !found.isEmpty else { throw try unknownModel(name, in: database) }
      return found
    }
  }

  /// The version that a person means: `name` (the newest), `name@3`, `name@production`, `name@latest`.
  /// - Throws: `RegistryError`: `.invalidName`, `.notFound` with what there is and the nearest name.
  public func resolve(_ reference: String) throws(RegistryError) -> ModelVersion { try resolve(ModelReference(reference)) }

  /// The version that a reference means.
  /// - Throws: `RegistryError` `.notFound` with what there is and the nearest name.
  public func resolve(_ reference: ModelReference) throws(RegistryError) -> ModelVersion {
    try read { try find(reference, in: $0).version }
  }

  /// Finds a version and its row, in the caller's transaction.
  func find(_ reference: ModelReference, in database: Database) throws -> (version: ModelVersion, modelID: Int64, versionID: Int64) {
    let condition: String, argument: any DatabaseValueConvertible
    switch reference.selector {
    case .newest: (condition, argument) = ("v.number = (SELECT MAX(number) FROM versions WHERE modelID = v.modelID) AND ? = 1", 1)
    case .number(let number): (condition, argument) = ("v.number = ?", number)
    case .alias(let alias):
      (condition, argument) = ("v.id = (SELECT versionID FROM aliases WHERE modelID = v.modelID AND alias = ?)", alias)
    }
    let row = try Row.fetchOne(
      database, sql: "SELECT v.id, v.modelID FROM versions v JOIN models m ON m.id = v.modelID WHERE m.name = ? AND \(condition)",
      arguments: [reference.name, argument])
    guard let row else { throw try unknown(reference, in: database) }
    let versionID: Int64 = row["id"]
    guard let version = try fetchVersions(where: "v.id = ?", [versionID], in: database).first else {
      throw RegistryError(.corrupt, "\(reference) cannot be read from the registry at \(path)")
    }
    return (version, row["modelID"], versionID)
  }

  /// Finds the row of a version that was handed out earlier.
  func find(_ version: ModelVersion, in database: Database) throws -> (version: ModelVersion, modelID: Int64, versionID: Int64) {
    try find(ModelReference(name: version.name, .number(version.number)), in: database)
  }

  /// Versions with their tags, aliases and metrics, by name and newest first. `condition` speaks of `v` (versions) and `m` (models).
  func fetchVersions(where condition: String, _ arguments: StatementArguments, in database: Database) throws -> [ModelVersion] {
    let from = "FROM versions v JOIN models m ON m.id = v.modelID WHERE \(condition)"
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT v.id, m.name, v.number, v.kind, v.digest, v.size, v.created, v.registered, v.user, v.note, v.parent
        \(from) ORDER BY m.name, v.number DESC
        """, arguments: arguments)
    func texts(_ table: String, _ column: String) throws -> [Int64: [String]] {
      var found: [Int64: [String]] = [:]
      let cursor = try Row.fetchCursor(
        database, sql: "SELECT versionID, \(column) FROM \(table) WHERE versionID IN (SELECT v.id \(from)) ORDER BY versionID, \(column)",
        arguments: arguments)
      while let row = try cursor.next() { found[row[0], default: []].append(row[1]) }
      return found
    }
    let tags = try texts("tags", "tag")
    let aliases = try texts("aliases", "alias")
    var metrics: [Int64: [String: MetricSummary]] = [:]
    let cursor = try Row.fetchCursor(
      database,
      sql: """
        SELECT versionID, name, value, lower, upper, level, higherIsBetter FROM metrics WHERE versionID IN (SELECT v.id \(from))
        """, arguments: arguments)
    while let row = try cursor.next() {
      // SQLite keeps NaN as NULL.
      let summary = MetricSummary((row[2] as Double?) ?? .nan, lower: row[3], upper: row[4], level: row[5], higherIsBetter: row[6])
      metrics[row[0], default: [:]][row[1]] = summary
    }
    return rows.map { row in
      let identifier: Int64 = row[0]
      return ModelVersion(
        name: row[1], number: row[2], kind: row[3], digest: row[4], size: row[5], created: Date(timeIntervalSince1970: row[6]),
        registered: Date(timeIntervalSince1970: row[7]), registeredBy: row[8], note: row[9], tags: tags[identifier] ?? [],
        aliases: aliases[identifier] ?? [], metrics: metrics[identifier] ?? [:], parent: row[10])
    }
  }

  func unknownModel(_ name: String, in database: Database) throws -> RegistryError {
    let names = try String.fetchAll(database, sql: "SELECT name FROM models WHERE id IN (SELECT modelID FROM versions) ORDER BY name")
    if names.isEmpty {
      return RegistryError(
        .notFound, "there is no model '\(name)': the registry at \(path) is empty", remedy: "martlet run, which registers one")
    }
    return RegistryError(
      .notFound, "there is no model '\(name)' in the registry at \(path)", expected: listed(names),
      remedy: NearestName.of(name, among: names))
  }

  private func unknown(_ reference: ModelReference, in database: Database) throws -> RegistryError {
    let numbers = try Int.fetchAll(
      database, sql: "SELECT v.number FROM versions v JOIN models m ON m.id = v.modelID WHERE m.name = ? ORDER BY v.number DESC",
      arguments: [reference.name])
    guard let newest = numbers.first else { return try unknownModel(reference.name, in: database) }
    switch reference.selector {
    case .newest: return RegistryError(.notFound, "the model '\(reference.name)' has no version")
    case .number(let number):
      let nearest = numbers.min { (abs($0 - number), $1) < (abs($1 - number), $0) } ?? newest
      return RegistryError(
        .notFound, "the model '\(reference.name)' has no version \(number)", expected: listed(numbers.map(String.init)),
        remedy: "\(reference.name)@\(nearest)")
    case .alias(let alias):
      let known = try String.fetchAll(
        database, sql: "SELECT a.alias FROM aliases a JOIN models m ON m.id = a.modelID WHERE m.name = ? ORDER BY a.alias",
        arguments: [reference.name])
      let nearest = NearestName.of(alias, among: known)
      return RegistryError(
        .notFound, "the model '\(reference.name)' has no alias '\(alias)'",
        expected: known.isEmpty ? "a version number; there are no aliases yet" : listed(known),
        remedy: "\(reference.name)@\(nearest ?? String(newest))")
    }
  }

  private func listed(_ names: [String]) -> String {
    "one of " + names.prefix(8).joined(separator: ", ") + (names.count > 8 ? " … (\(names.count) in all)" : "")
  }
}
