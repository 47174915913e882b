public import Bundles
import Databases
import Foundation
import Glibc
import MartletCore

extension ModelRegistry {
  /// Another process collected an object between its copying and the transaction.
  private struct ObjectVanished: Error {}

  /// Copies a bundle into the registry as the next version of a model.
  ///
  /// Registering the same content again makes another version and stores no file twice.
  /// - Parameters:
  ///   - name: the model; the manifest's name where it is not given.
  ///   - aliases: aliases that point to the new version in the same moment as it appears.
  /// - Returns: the new version, when it is safe on the disk.
  /// - Throws: `RegistryError`: `.invalidName`, `.bundle` if a file is not as its manifest says, `.protected` for an alias that needs
  ///   approvals, `.gate`, `.busy`, `.diskFull`, `.readOnly`, `.io`. Nothing is registered then.
  @discardableResult
  public func register(
    _ bundle: ModelBundle, name: String? = nil, tags: [String] = [], note: String = "", aliases: [String] = []
  ) throws(RegistryError) -> ModelVersion {
    let name = name ?? bundle.manifest.name
    try ModelReference.check(name: name)
    for tag in tags { try ModelReference.check(tag: tag) }
    for alias in aliases { try ModelReference.check(alias: alias) }
    try requireWritable()
    return try guarded {
      for _ in 0..<5 {
        try copyObjects(of: bundle)
        do {
          let version = try record(bundle, name: name, tags: tags, note: note, aliases: aliases)
          try reach(.recorded)
          return version
        } catch is ObjectVanished {
          continue
        }
      }
      throw RegistryError(
        .busy, "files of \(bundle.location) were collected as garbage while they were registered",
        remedy: "collect garbage with a longer grace period, and register again")
    }
  }

  private func reach(_ step: RegistrationStep) throws { try options.willReach?(step) }

  private func copyObjects(of bundle: ModelBundle) throws {
    try store.create()
    for file in bundle.manifest.files {
      try store.put(file.sha256, size: file.size, name: file.path, steps: reach) { take in
        let source = try bundle.open(file).descriptor
        defer { Glibc.close(source) }
        try FileTools.pieces(of: source, path: file.path, take)
      }
    }
    let manifest = ModelBundle.WellKnown.manifest
    try store.put(bundle.digest, size: bundle.manifestData.count, name: manifest, steps: reach) { try $0(bundle.manifestData) }
  }

  private func record(_ bundle: ModelBundle, name: String, tags: [String], note: String, aliases: [String]) throws -> ModelVersion {
    let manifest = bundle.manifest
    return try database.write { database in
      // Garbage is collected under the write lock that this transaction holds: what is there now stays.
      let hasAll =
        try store.contains(bundle.digest, size: bundle.manifestData.count)
        && manifest.files.allSatisfy { try store.contains($0.sha256, size: $0.size) }
      guard hasAll else { throw ObjectVanished() }
      try database.execute("INSERT INTO models (name) VALUES (?) ON CONFLICT DO NOTHING", [name])
      let model = try database.row(
        "UPDATE models SET nextNumber = nextNumber + 1 WHERE name = ? RETURNING id, nextNumber - 1 AS number", [name])
      guard let model else { throw RegistryError(.corrupt, "the model '\(name)' cannot be stored in the registry at \(path)") }
      let modelID: Int64 = try model.get(0), number: Int = try model.get(1)
      let versionID: Int64? = try database.value(
        """
        INSERT INTO versions (modelID, number, kind, digest, manifestSize, size, created, registered, "user", note, parent)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
        """,
        [
          modelID, number, manifest.kind, bundle.digest, bundle.manifestData.count, manifest.size, manifest.created, Date(), options.user,
          note, manifest.lineage.parent,
        ])
      guard let versionID else { throw RegistryError(.corrupt, "\(name)@\(number) cannot be stored in the registry at \(path)") }
      try reach(.recording)
      for file in manifest.files {
        try database.execute(
          "INSERT INTO files (versionID, path, digest, size) VALUES (?, ?, ?, ?)", [versionID, file.path, file.sha256, file.size])
      }
      for (metric, summary) in manifest.metrics {
        try database.execute(
          "INSERT INTO metrics (versionID, name, value, lower, upper, level, higherIsBetter) VALUES (?, ?, ?, ?, ?, ?, ?)",
          [versionID, metric, summary.value, summary.lower, summary.upper, summary.level, summary.higherIsBetter])
      }
      for tag in Set(tags) { try database.execute("INSERT INTO tags (versionID, tag) VALUES (?, ?)", [versionID, tag]) }
      try log(.registered, name, version: number, note: note, in: database)
      for alias in aliases { _ = try point(alias, of: name, modelID: modelID, to: number, versionID: versionID, note: "", in: database) }
      try reach(.committing)
      guard let version = try fetchVersions(where: "v.id = ?", [versionID], in: database).first else {
        throw RegistryError(.corrupt, "the version \(name)@\(number) cannot be read back from the registry at \(path)")
      }
      return version
    }
  }
}
