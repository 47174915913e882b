import Databases
import Registry

/// Registered models and versions: Martlet's registry, with what only MLflow knows of them beside it. A version that either side registers
/// is there for both.
extension TrackingStore {
  /// What the tracking database knows of a model.
  struct ModelRow {
    let name: String
    let model: String
    let created: Milliseconds
    let updated: Milliseconds
    let description: String?

    init(_ row: SQLRow) throws {
      name = try row.get(0)
      model = try row.get(1)
      created = try row.get(2)
      updated = try row.get(3)
      description = try row.get(4)
    }

    init(name: String, model: String, created: Milliseconds, updated: Milliseconds, description: String?) {
      self.name = name
      self.model = model
      self.created = created
      self.updated = updated
      self.description = description
    }
  }

  static let modelRowColumns = "name, model, created, updated, description"

  /// Makes a registered model without versions.
  /// - Throws: `TrackingError`: `.exists`, `.invalid`.
  package func createRegisteredModel(
    _ name: String, description: String? = nil, tags: [TrackingTag] = []
  ) throws(TrackingError) -> RegisteredModel {
    try TrackingNames.check(model: name)
    for tag in tags { try Self.check(modelTag: tag) }
    guard try findModelRow(name) == nil else { throw Self.taken(name) }
    let native = Set(try guarded { try registry.models().map(\.name) })
    try write { connection in
      guard try connection.row("SELECT 1 FROM tracking_registered_models WHERE name = ?", [name]) == nil else { throw Self.taken(name) }
      let model = try RegisteredNames.model(for: name) { candidate in
        if native.contains(candidate) { return true }
        return try connection.row("SELECT 1 FROM tracking_registered_models WHERE model = ?", [candidate]) != nil
      }
      try connection.execute(
        "INSERT INTO tracking_registered_models (name, model, created, updated, description) VALUES (?, ?, ?, ?, ?)",
        [name, model, Self.now, Self.now, description])
      for tag in tags { try set(tag, in: "tracking_registered_tags", "model", model, connection) }
    }
    return try registeredModel(name)
  }

  /// A registered model.
  /// - Throws: `TrackingError`: `.notFound`, `.invalid`.
  package func registeredModel(_ name: String) throws(TrackingError) -> RegisteredModel {
    try describe(try requireModelRow(name))
  }

  /// What Martlet calls a model.
  /// - Throws: `TrackingError`: `.notFound`, `.invalid`.
  package func modelName(of name: String) throws(TrackingError) -> String { try requireModelRow(name).model }

  /// Changes a model's description.
  /// - Throws: `TrackingError`: `.notFound`, `.invalid`.
  package func describeRegisteredModel(_ name: String, _ description: String) throws(TrackingError) -> RegisteredModel {
    let row = try adopt(name)
    try write { connection in
      try connection.execute(
        "UPDATE tracking_registered_models SET description = ?, updated = ? WHERE model = ?", [description, Self.now, row.model])
    }
    return try registeredModel(name)
  }

  /// Gives a model another name with MLflow's clients. Martlet's own name for it stays: paths and addresses of served models hold it.
  /// - Throws: `TrackingError`: `.notFound`, `.exists`, `.invalid`.
  package func renameRegisteredModel(_ name: String, to other: String) throws(TrackingError) -> RegisteredModel {
    try TrackingNames.check(model: other)
    let row = try adopt(name)
    if name != other {
      guard try findModelRow(other) == nil else { throw Self.taken(other) }
      try write { connection in
        try connection.execute(
          "UPDATE tracking_registered_models SET name = ?, updated = ? WHERE model = ?", [other, Self.now, row.model])
      }
    }
    return try registeredModel(other)
  }

  /// Deletes a model and all its versions; aliases go with them.
  /// - Throws: `TrackingError`: `.notFound`, `.forbidden` where an alias may not be taken away.
  package func deleteRegisteredModel(_ name: String) throws(TrackingError) {
    let row = try requireModelRow(name)
    try guarded {
      for version in try nativeVersions(of: row.model) { try registry.delete(version, force: true) }
    }
    try write { connection in
      for table in [
        "tracking_registered_models", "tracking_registered_tags", "tracking_versions", "tracking_version_tags", "tracking_alias_spellings",
      ] {
        try connection.execute("DELETE FROM \(table) WHERE model = ?", [row.model])
      }
    }
  }

  /// Sets a tag of a model.
  /// - Throws: `TrackingError`: `.notFound`, `.invalid`.
  package func setRegisteredModelTag(_ name: String, _ tag: TrackingTag) throws(TrackingError) {
    try Self.check(modelTag: tag)
    let row = try adopt(name)
    try write { try set(tag, in: "tracking_registered_tags", "model", row.model, $0) }
  }

  /// Takes a tag from a model; one that it does not have is passed over.
  /// - Throws: `TrackingError`: `.notFound`, `.invalid`.
  package func deleteRegisteredModelTag(_ name: String, key: String) throws(TrackingError) {
    try TrackingNames.check(key: key, "tag")
    let row = try requireModelRow(name)
    try write { _ = try $0.execute("DELETE FROM tracking_registered_tags WHERE model = ? AND key = ?", [row.model, key]) }
  }

  /// Lets an alias point to a version.
  /// - Throws: `TrackingError`: `.notFound`, `.invalid`, `.forbidden` for an alias that needs approvals.
  package func setRegisteredAlias(_ name: String, _ spelling: String, to number: Int) throws(TrackingError) {
    let alias = try RegisteredNames.alias(spelling)
    let row = try adopt(name)
    let version = try nativeVersion(row, number)
    try guarded { _ = try registry.setAlias(alias, to: version) }
    try write { connection in
      try connection.execute(
        """
        INSERT INTO tracking_alias_spellings (model, alias, spelling) VALUES (?, ?, ?)
        ON CONFLICT (model, alias) DO UPDATE SET spelling = excluded.spelling
        """, [row.model, alias, spelling])
    }
  }

  /// Takes an alias away; one that is not there is passed over.
  /// - Throws: `TrackingError`: `.notFound` for the model, `.invalid`, `.forbidden`.
  package func deleteRegisteredAlias(_ name: String, _ spelling: String) throws(TrackingError) {
    let alias = try RegisteredNames.alias(spelling)
    let row = try requireModelRow(name)
    guard try guarded({ try nativeAliases(of: row.model) })[alias] != nil else { return }
    try guarded { try registry.removeAlias(alias, of: row.model) }
    try write { _ = try $0.execute("DELETE FROM tracking_alias_spellings WHERE model = ? AND alias = ?", [row.model, alias]) }
  }

  /// The version that an alias points to.
  /// - Throws: `TrackingError`: `.notFound` for the model, `.invalid` for the alias: MLflow's clients tell them apart by that.
  package func registeredVersion(_ name: String, alias spelling: String) throws(TrackingError) -> RegisteredVersion {
    let alias = try RegisteredNames.alias(spelling)
    let row = try requireModelRow(name)
    guard let number = try guarded({ try nativeAliases(of: row.model) })[alias] else {
      throw TrackingError(.invalid, "the model '\(excerpt(name))' has no alias '\(excerpt(spelling))'", expected: "an alias of the model")
    }
    return try registeredVersion(name, number)
  }

  // MARK: Rows

  /// The row of a model, made up for one that only Martlet knows; `nil` where there is no such model.
  func findModelRow(_ name: String) throws(TrackingError) -> ModelRow? {
    let known = try read { connection in
      try connection.row("SELECT \(Self.modelRowColumns) FROM tracking_registered_models WHERE name = ?", [name]).map { try ModelRow($0) }
    }
    if let known { return known }
    return try guarded {
      // A model may be called otherwise here than in Martlet.
      let isOther = try database.read { try $0.row("SELECT 1 FROM tracking_registered_models WHERE model = ?", [name]) != nil }
      guard !isOther else { return nil }
      let versions = try nativeVersions(of: name)
      guard let newest = versions.first, let oldest = versions.last else { return nil }
      return ModelRow(
        name: name, model: name, created: oldest.registered.milliseconds, updated: newest.registered.milliseconds, description: nil)
    }
  }

  func requireModelRow(_ name: String) throws(TrackingError) -> ModelRow {
    try TrackingNames.check(model: name)
    guard let row = try findModelRow(name) else {
      throw TrackingError(.notFound, "there is no registered model '\(excerpt(name))'")
    }
    return row
  }

  /// The row of a model, kept from now on.
  func adopt(_ name: String) throws(TrackingError) -> ModelRow {
    let row = try requireModelRow(name)
    try write { connection in
      try connection.execute(
        """
        INSERT INTO tracking_registered_models (name, model, created, updated, description) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """, [row.name, row.model, row.created, row.updated, row.description])
    }
    return row
  }

  func touch(_ row: ModelRow) throws(TrackingError) {
    try write { _ = try $0.execute("UPDATE tracking_registered_models SET updated = ? WHERE model = ?", [Self.now, row.model]) }
  }

  func describe(_ row: ModelRow) throws(TrackingError) -> RegisteredModel {
    let versions = try versions(of: row)
    let tags = try read { try texts("tracking_registered_tags", owner: "model", of: [row.model], $0) }
    var aliases: [RegisteredAlias] = []
    for version in versions { for alias in version.aliases { aliases.append(RegisteredAlias(alias: alias, number: version.number)) } }
    var latest: [VersionStage: RegisteredVersion] = [:]
    for version in versions where latest[version.stage].map({ $0.number < version.number }) ?? true { latest[version.stage] = version }
    return RegisteredModel(
      name: row.name, model: row.model, created: row.created, updated: row.updated, description: row.description,
      tags: tags[row.model] ?? [], aliases: aliases.sorted { $0.alias < $1.alias }, latest: latest.values.sorted { $0.number < $1.number })
  }

  /// A model's versions in Martlet's registry, newest first; empty where there is none.
  func nativeVersions(of model: String) throws -> [ModelVersion] {
    do throws(RegistryError) { return try registry.versions(of: model) } catch {
      if error.kind == .notFound || error.kind == .invalidName { return [] }
      throw error
    }
  }

  func nativeAliases(of model: String) throws -> [String: Int] {
    do throws(RegistryError) { return try registry.aliases(of: model) } catch {
      if error.kind == .notFound { return [:] }
      throw error
    }
  }

  func nativeVersion(_ row: ModelRow, _ number: Int) throws(TrackingError) -> ModelVersion {
    do throws(RegistryError) { return try registry.resolve(ModelReference(name: row.model, .number(number))) } catch {
      guard error.kind == .notFound else { throw TrackingError(any: error) }
      throw TrackingError(.notFound, "the registered model '\(excerpt(row.name))' has no version \(number)")
    }
  }

  static func check(modelTag tag: TrackingTag) throws(TrackingError) {
    try TrackingNames.check(key: tag.key, "tag")
    try TrackingNames.check(length: tag.value, TrackingLimits.modelTagLength, "the tag '\(excerpt(tag.key))'")
  }

  private static func taken(_ name: String) -> TrackingError {
    TrackingError(.exists, "there is a registered model '\(excerpt(name))' already", remedy: "another name, or a new version of it")
  }
}
