import Bundles
import Databases
import Foundation
import MartletCore

extension ModelRegistry {
  /// All models that have versions, by name.
  /// - Throws: `RegistryError`.
  public func models() throws(RegistryError) -> [ModelSummary] {
    try read { database in
      let totals = try database.rows(
        """
        SELECT m.name, COUNT(*) AS count, SUM(v.size) AS size, MAX(v.number) AS newest
        FROM versions v JOIN models m ON m.id = v.modelID GROUP BY m.id, m.name ORDER BY m.name
        """)
      let newest = try fetchVersions(
        where: """
          v.id IN (SELECT w.id FROM versions w JOIN (SELECT modelID, MAX(number) AS number FROM versions GROUP BY modelID) t
                   ON t.modelID = w.modelID AND t.number = w.number)
          """, [], in: database)
      let versions = Dictionary(newest.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
      var aliases: [String: [String: Int]] = [:]
      try database.forEach(
        "SELECT m.name, a.alias, v.number FROM aliases a JOIN models m ON m.id = a.modelID JOIN versions v ON v.id = a.versionID"
      ) { row in
        aliases[try row.get(0), default: [:]][try row.get(1)] = try row.get(2, as: Int.self)
      }
      return try totals.compactMap { row in
        let name: String = try row.get("name")
        guard let newest = versions[name] else { return nil }
        return ModelSummary(
          name: name, versionCount: try row.get("count"), size: try row.get("size"), newest: newest, aliases: aliases[name] ?? [:])
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

  /// Some of a model's versions, newest first: at most `limit` of those with a number below `before`.
  /// - Throws: `RegistryError` `.notFound` with the nearest name; no more versions are an empty list.
  public func versions(of name: String, before: Int = .max, limit: Int) throws(RegistryError) -> [ModelVersion] {
    try read { database in
      let model: Int64? = try database.value("SELECT id FROM models WHERE name = ?", [name])
      guard let model, try newestNumber(of: name, in: database) != nil else { throw try unknownModel(name, in: database) }
      let identifiers = try database.values(
        "SELECT id FROM versions WHERE modelID = ? AND number < ? ORDER BY number DESC LIMIT ?", [model, before, max(0, limit)],
        as: Int64.self)
      let found = try fetchVersionsByID(identifiers, in: database)
      return identifiers.compactMap { found[$0] }
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
  func find(_ reference: ModelReference, in database: SQLConnection) throws -> (version: ModelVersion, modelID: Int64, versionID: Int64) {
    let condition: String, argument: any SQLBindable
    switch reference.selector {
    case .newest: (condition, argument) = ("v.number = (SELECT MAX(number) FROM versions WHERE modelID = v.modelID) AND ? = 1", 1)
    case .number(let number): (condition, argument) = ("v.number = ?", number)
    case .alias(let alias):
      (condition, argument) = ("v.id = (SELECT versionID FROM aliases WHERE modelID = v.modelID AND alias = ?)", alias)
    }
    let row = try database.row(
      "SELECT v.id, v.modelID FROM versions v JOIN models m ON m.id = v.modelID WHERE m.name = ? AND \(condition)",
      [reference.name, argument])
    guard let row else { throw try unknown(reference, in: database) }
    let versionID: Int64 = try row.get(0)
    guard let version = try fetchVersions(where: "v.id = ?", [versionID], in: database).first else {
      throw RegistryError(.corrupt, "\(reference) cannot be read from the registry at \(path)")
    }
    return (version, try row.get(1), versionID)
  }

  /// Finds the row of a version that was handed out earlier.
  func find(_ version: ModelVersion, in database: SQLConnection) throws -> (version: ModelVersion, modelID: Int64, versionID: Int64) {
    try find(ModelReference(name: version.name, .number(version.number)), in: database)
  }

  func newestNumber(of name: String, in database: SQLConnection) throws -> Int? {
    try database.value("SELECT MAX(v.number) FROM versions v JOIN models m ON m.id = v.modelID WHERE m.name = ?", [name])
  }

  /// Versions by the numbers of their rows.
  func fetchVersionsByID(_ ids: [Int64], in database: SQLConnection) throws -> [Int64: ModelVersion] {
    guard !ids.isEmpty else { return [:] }
    // They are numbers: there is nothing to escape, and no limit of values to meet.
    let found = try fetchRows(where: "v.id IN (\(ids.map(String.init).joined(separator: ", ")))", [], in: database)
    return Dictionary(found.map { ($0.id, $0.version) }, uniquingKeysWith: { first, _ in first })
  }

  /// Versions with their tags, aliases and metrics, by name and newest first. `condition` speaks of `v` (versions) and `m` (models).
  func fetchVersions(where condition: String, _ arguments: [(any SQLBindable)?], in database: SQLConnection) throws -> [ModelVersion] {
    try fetchRows(where: condition, arguments, in: database).map(\.version)
  }

  func fetchRows(
    where condition: String, _ arguments: [(any SQLBindable)?], in database: SQLConnection
  ) throws -> [(id: Int64, version: ModelVersion)] {
    let from = "FROM versions v JOIN models m ON m.id = v.modelID WHERE \(condition)"
    let rows = try database.rows(
      """
      SELECT v.id, m.name, v.number, v.kind, v.digest, v.size, v.created, v.registered, v."user", v.note, v.parent
      \(from) ORDER BY m.name, v.number DESC
      """, arguments)
    guard !rows.isEmpty else { return [] }
    func texts(_ table: String, _ column: String) throws -> [Int64: [String]] {
      var found: [Int64: [String]] = [:]
      try database.forEach(
        "SELECT versionID, \(column) FROM \(table) WHERE versionID IN (SELECT v.id \(from)) ORDER BY versionID, \(column)", arguments
      ) { row in found[try row.get(0), default: []].append(try row.get(1)) }
      return found
    }
    let tags = try texts("tags", "tag")
    let aliases = try texts("aliases", "alias")
    var metrics: [Int64: [String: MetricSummary]] = [:]
    try database.forEach(
      "SELECT versionID, name, value, lower, upper, level, higherIsBetter FROM metrics WHERE versionID IN (SELECT v.id \(from))", arguments
    ) { row in
      // The databases keep NaN as NULL.
      let summary = MetricSummary(
        try row.get(2, as: Double?.self) ?? .nan, lower: try row.get(3), upper: try row.get(4), level: try row.get(5),
        higherIsBetter: try row.get(6))
      metrics[try row.get(0), default: [:]][try row.get(1)] = summary
    }
    return try rows.map { row in
      let identifier: Int64 = try row.get(0)
      let version = ModelVersion(
        name: try row.get(1), number: try row.get(2), kind: try row.get(3), digest: try row.get(4), size: try row.get(5),
        created: try row.get(6), registered: try row.get(7), registeredBy: try row.get(8), note: try row.get(9),
        tags: tags[identifier] ?? [],
        aliases: aliases[identifier] ?? [], metrics: metrics[identifier] ?? [:], parent: try row.get(10))
      return (identifier, version)
    }
  }

  func unknownModel(_ name: String, in database: SQLConnection) throws -> RegistryError {
    let names = try database.values(
      "SELECT name FROM models WHERE id IN (SELECT modelID FROM versions) ORDER BY name", as: String.self)
    if names.isEmpty {
      return RegistryError(
        .notFound, "there is no model '\(name)': the registry at \(path) is empty", remedy: "martlet run, which registers one")
    }
    return RegistryError(
      .notFound, "there is no model '\(name)' in the registry at \(path)", expected: listed(names),
      remedy: NearestName.of(name, among: names))
  }

  private func unknown(_ reference: ModelReference, in database: SQLConnection) throws -> RegistryError {
    let numbers = try database.values(
      "SELECT v.number FROM versions v JOIN models m ON m.id = v.modelID WHERE m.name = ? ORDER BY v.number DESC", [reference.name],
      as: Int.self)
    guard let newest = numbers.first else { return try unknownModel(reference.name, in: database) }
    switch reference.selector {
    case .newest: return RegistryError(.notFound, "the model '\(reference.name)' has no version")
    case .number(let number):
      let nearest = numbers.min { (abs($0 - number), $1) < (abs($1 - number), $0) } ?? newest
      return RegistryError(
        .notFound, "the model '\(reference.name)' has no version \(number)", expected: listed(numbers.map(String.init)),
        remedy: "\(reference.name)@\(nearest)")
    case .alias(let alias):
      let known = try database.values(
        "SELECT a.alias FROM aliases a JOIN models m ON m.id = a.modelID WHERE m.name = ? ORDER BY a.alias", [reference.name],
        as: String.self)
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
