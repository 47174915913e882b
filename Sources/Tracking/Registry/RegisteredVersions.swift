import Bundles
import Databases
package import Registry

extension TrackingStore {
  /// What the tracking database knows of a version.
  struct VersionRow {
    var source: String
    var storage: String
    var run = ""
    var runLink = ""
    var loggedModel = ""
    var stage = VersionStage.none
    var updated: Milliseconds
  }

  /// One version.
  /// - Throws: `TrackingError`: `.notFound`, `.invalid`.
  package func registeredVersion(_ name: String, _ number: Int) throws(TrackingError) -> RegisteredVersion {
    let row = try requireModelRow(name)
    let version = try nativeVersion(row, number)
    guard let found = try views([version], row).first else { throw TrackingError(.notFound, "'\(excerpt(name))' has no version \(number)") }
    return found
  }

  /// Changes a version's description: Martlet's note.
  package func describeVersion(_ name: String, _ number: Int, _ description: String) throws(TrackingError) -> RegisteredVersion {
    let row = try requireModelRow(name)
    let version = try nativeVersion(row, number)
    try guarded { _ = try registry.setNote(description, for: version) }
    try keep(version) { _ in }
    return try registeredVersion(name, number)
  }

  /// Moves a version to a stage.
  /// - Parameter archiving: versions that are in the stage already are archived.
  /// - Throws: `TrackingError`: `.notFound`, `.invalid`.
  package func moveVersion(
    _ name: String, _ number: Int, to stage: VersionStage, archiving: Bool
  ) throws(TrackingError) -> RegisteredVersion {
    guard !archiving || stage == .staging || stage == .production else {
      throw TrackingError(
        .invalid, "versions cannot be archived by a move to '\(stage.rawValue)'", expected: "a move to Staging or Production")
    }
    let row = try adopt(name)
    let version = try nativeVersion(row, number)
    if archiving {
      try write { connection in
        try connection.execute(
          "UPDATE tracking_versions SET currentStage = ?, updated = ? WHERE model = ? AND currentStage = ? AND number <> ?",
          [VersionStage.archived.rawValue, Self.now, row.model, stage.rawValue, number])
      }
    }
    try keep(version) { $0.stage = stage }
    try touch(row)
    return try registeredVersion(name, number)
  }

  /// Deletes a version and the aliases that point to it.
  /// - Throws: `TrackingError`: `.notFound`, `.forbidden`.
  package func deleteVersion(_ name: String, _ number: Int) throws(TrackingError) {
    let row = try adopt(name)
    let version = try nativeVersion(row, number)
    try guarded { try registry.delete(version, force: true) }
    try write { connection in
      try connection.execute("DELETE FROM tracking_versions WHERE model = ? AND number = ?", [row.model, number])
      try connection.execute("DELETE FROM tracking_version_tags WHERE model = ? AND number = ?", [row.model, number])
    }
    try touch(row)
  }

  /// Sets a tag of a version; where it fits, it becomes one of Martlet's, too: `key=value`.
  /// - Throws: `TrackingError`: `.notFound`, `.invalid`.
  package func setVersionTag(_ name: String, _ number: Int, _ tag: TrackingTag) throws(TrackingError) {
    try Self.check(modelTag: tag)
    let row = try requireModelRow(name)
    let version = try nativeVersion(row, number)
    try guarded {
      let old = version.tags.filter { RegisteredNames.tag($0).key == tag.key }
      let new = RegisteredNames.word(tag)
      _ = try registry.removeTags(old.filter { $0 != new }, from: version)
      if let new { _ = try registry.addTags([new], to: version) }
    }
    try write { try put(tag, row.model, number, $0) }
  }

  /// Takes a tag from a version; one that it does not have is passed over.
  /// - Throws: `TrackingError`: `.notFound`, `.invalid`.
  package func deleteVersionTag(_ name: String, _ number: Int, key: String) throws(TrackingError) {
    try TrackingNames.check(key: key, "tag")
    let row = try requireModelRow(name)
    let version = try nativeVersion(row, number)
    try guarded { _ = try registry.removeTags(version.tags.filter { RegisteredNames.tag($0).key == key }, from: version) }
    try write { connection in
      try connection.execute("DELETE FROM tracking_version_tags WHERE model = ? AND number = ? AND key = ?", [row.model, number, key])
    }
  }

  /// Says which run made a version that Martlet registered.
  /// - Throws: `TrackingError`: `.notFound` for the run, `.busy`.
  package func link(_ version: ModelVersion, to run: String) throws(TrackingError) {
    let known = try self.run(run)
    try keep(version) { $0.run = known.info.id }
  }

  func put(_ tag: TrackingTag, _ model: String, _ number: Int, _ connection: SQLConnection) throws {
    try connection.execute(
      """
      INSERT INTO tracking_version_tags (model, number, key, value) VALUES (?, ?, ?, ?)
      ON CONFLICT (model, number, key) DO UPDATE SET value = excluded.value
      """, [model, number, tag.key, tag.value])
  }

  /// All versions of a model, newest first.
  func versions(of row: ModelRow) throws(TrackingError) -> [RegisteredVersion] {
    try views(try guarded { try nativeVersions(of: row.model) }, row)
  }

  /// Where the files of a version that Martlet registered can be fetched.
  static func nativeSource(_ version: ModelVersion) -> String {
    "\(ArtifactFolder.scheme):/\(RegistryTree.root)/\(version.name)/\(version.number)"
  }

  /// Changes what the tracking database knows of a version.
  func keep(_ version: ModelVersion, _ change: (inout VersionRow) -> Void) throws(TrackingError) {
    try write { connection in
      let known = try versionRows(version.name, connection)[version.number]
      let source = Self.nativeSource(version)
      var row = known ?? VersionRow(source: source, storage: source, updated: 0)
      change(&row)
      try connection.execute(
        """
        INSERT INTO tracking_versions (model, number, source, storage, run, runLink, loggedModel, currentStage, updated)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (model, number) DO UPDATE SET source = excluded.source, storage = excluded.storage, run = excluded.run,
          runLink = excluded.runLink, loggedModel = excluded.loggedModel, currentStage = excluded.currentStage, updated = excluded.updated
        """,
        [
          version.name, version.number, row.source, row.storage, row.run, row.runLink, row.loggedModel, row.stage.rawValue, Self.now,
        ])
    }
  }

  private func versionRows(_ model: String, _ connection: SQLConnection) throws -> [Int: VersionRow] {
    var found: [Int: VersionRow] = [:]
    try connection.forEach(
      "SELECT number, source, storage, run, runLink, loggedModel, currentStage, updated FROM tracking_versions WHERE model = ?", [model]
    ) { row in
      found[try row.get(0)] = VersionRow(
        source: try row.get(1), storage: try row.get(2), run: try row.get(3), runLink: try row.get(4), loggedModel: try row.get(5),
        stage: VersionStage(rawValue: try row.get(6)) ?? .none, updated: try row.get(7))
    }
    return found
  }

  private func views(_ versions: [ModelVersion], _ model: ModelRow) throws(TrackingError) -> [RegisteredVersion] {
    guard !versions.isEmpty else { return [] }
    return try read { connection in
      let rows = try versionRows(model.model, connection)
      var tags: [Int: [TrackingTag]] = [:]
      try connection.forEach("SELECT number, key, value FROM tracking_version_tags WHERE model = ?", [model.model]) { row in
        tags[try row.get(0), default: []].append(TrackingTag(try row.get(1), try row.get(2)))
      }
      var spellings: [String: String] = [:]
      try connection.forEach("SELECT alias, spelling FROM tracking_alias_spellings WHERE model = ?", [model.model]) { row in
        spellings[try row.get(0)] = try row.get(1)
      }
      return versions.map { version in
        let row = rows[version.number]
        let source = Self.nativeSource(version)
        let isForeign = row.map { $0.source != source } ?? false
        let words = version.tags.map(RegisteredNames.tag)
        let all = Dictionary((words + (tags[version.number] ?? [])).map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last })
        return RegisteredVersion(
          name: model.name, model: model.model, number: version.number, created: version.registered.milliseconds,
          updated: row?.updated ?? version.registered.milliseconds, user: isForeign ? nil : version.registeredBy,
          stage: row?.stage ?? .none,
          description: version.note, source: row?.source ?? source, storage: row?.storage ?? source, run: row?.run ?? "",
          runLink: row?.runLink ?? "", loggedModel: row?.loggedModel ?? "",
          tags: all.map { TrackingTag($0.key, $0.value) }.sorted { $0.key < $1.key },
          aliases: version.aliases.map { spellings[$0] ?? $0 }.sorted(), metrics: isForeign ? [:] : version.metrics.mapValues(\.value))
      }
    }
  }
}
