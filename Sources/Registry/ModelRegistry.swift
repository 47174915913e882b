import Bundles
package import Databases
import Foundation
import Glibc
import MartletCore

/// The versions of a team's models: a database (a file of SQLite's in a folder, or a server of PostgreSQL's) and the bundles' files by
/// content (in that folder, in another, or in a bucket of S3's).
///
/// Every method may be called from any task or thread; several processes and machines may use one registry at once. Methods block for as
/// long as the disk, the network and other writers take. Registering copies files first and writes the database last, in one transaction,
/// so a process that dies leaves at most files that nothing refers to; `collectGarbage` removes them.
public final class ModelRegistry: Sendable {
  /// The registry's folder, or its server's URL without a password.
  public let path: String
  /// Writing is refused: it was opened so, or the folder does not allow more.
  public let isReadOnly: Bool
  /// The registry's database; the tracking of experiments keeps its own records beside it.
  package let database: any SQLDatabase
  let store: ObjectStore
  let options: RegistryOptions
  /// A folder for what belongs to the registry and is no version's: its own, or the one that a team shares for the files; `nil` where the
  /// records are on a server and the files in a bucket.
  package let folder: String?
  /// How to open the database again; may hold a password.
  package let databaseURL: String

  private init(
    path: String, folder: String?, databaseURL: String, database: any SQLDatabase, store: ObjectStore, options: RegistryOptions
  ) {
    self.path = path
    self.folder = folder
    self.databaseURL = databaseURL
    self.database = database
    self.store = store
    self.options = options
    isReadOnly = database.isReadOnly
  }

  /// Opens a registry.
  /// - Parameters:
  ///   - location: a folder, or `postgresql://…`. A server needs `options.artifacts` the first time; it remembers them.
  ///   - create: make it where there is none.
  ///   - readOnly: never write. A folder that cannot be written is opened so in any case; from one on read-only media the list of versions
  ///     is the one at the time of opening.
  /// - Throws: `RegistryError`: `.notFound`, `.busy`, `.corrupt`, `.newerSchema`, `.readOnly`, `.unreachable`, `.io`.
  public static func open(
    at location: String, create: Bool = false, readOnly: Bool = false, options: RegistryOptions = RegistryOptions()
  ) throws(RegistryError) -> ModelRegistry {
    let isServer = SQLLocation.isServer(location)
    let folder = isServer ? nil : URL(fileURLWithPath: location).standardizedFileURL.path
    let path = folder ?? SQLLocation(location).description
    do {
      if let folder { try prepare(folder, create: create && !readOnly) }
      let settings = SQLOptions(component: Schema.current.component, busyTimeout: options.busyTimeout, readOnly: readOnly)
      let database = try SQLLocation(folder.map { $0 + "/registry.sqlite" } ?? location).open(settings)
      let version = try database.read { try Schema.current.version($0, location: path) }
      guard !isServer || create || version > 0 else { throw absent(path) }
      try Schema.current.prepare(database)
      // Events from before there was a chain are linked.
      if version == 1 { _ = try database.write { try AuditChain.head(in: $0) } }
      let backend = try backend(for: database, folder: folder, path: path, options: options)
      let sealer = options.encryption.map { Sealer(keys: DataKeys($0, database)) }
      let cache = ObjectCache(folder: options.cacheFolder(for: backend.location))
      let store = ObjectStore(backend: backend, sealer: sealer, cache: cache)
      return ModelRegistry(
        path: path, folder: folder ?? (backend as? FolderBackend)?.folder, databaseURL: folder.map { $0 + "/registry.sqlite" } ?? location,
        database: database, store: store, options: options)
    } catch {
      throw RegistryError(error, path: path)
    }
  }

  /// Whether there may be a registry: a folder is looked at, a server says so itself when it is opened.
  public static func mayExist(at location: String) -> Bool {
    SQLLocation.isServer(location) || FileManager.default.fileExists(atPath: location)
  }

  private static func absent(_ path: String) -> RegistryError {
    RegistryError(
      .notFound, "there is no registry at \(path)",
      remedy: "register a model first (martlet run), or set MARTLET_REGISTRY to its folder or its postgresql:// URL")
  }

  private static func prepare(_ folder: String, create: Bool) throws {
    guard access(folder + "/registry.sqlite", F_OK) != 0 else { return }
    guard create else { throw absent(folder) }
    try FolderBackend(folder: folder).create()
    // The folder lies in the user's project and is not for version control.
    try AtomicFile.write(Data("*\n".utf8), to: folder + "/.gitignore")
  }

  /// Where the objects are: what the options say, what the registry remembers, or its own folder. All who use it must use the same.
  private static func backend(
    for database: any SQLDatabase, folder: String?, path: String, options: RegistryOptions
  ) throws -> any ObjectBackend {
    let remembered: String? = try database.read { try $0.value("SELECT value FROM settings WHERE key = 'artifacts'") }
    var wanted = options.artifacts
    if let text = wanted, !text.hasPrefix("s3://") { wanted = URL(fileURLWithPath: text).standardizedFileURL.path }
    if let wanted, let remembered, wanted != remembered {
      throw RegistryError(
        .artifacts, "the registry at \(path) keeps its files in \(remembered), not in \(wanted)", remedy: "MARTLET_ARTIFACTS=\(remembered)")
    }
    guard let place = wanted ?? remembered else {
      if let folder { return FolderBackend(folder: folder) }
      throw RegistryError(
        .artifacts, "nobody said where the registry at \(path) keeps its files",
        expected: "a folder that the team shares, or s3://bucket/prefix", remedy: "MARTLET_ARTIFACTS=s3://bucket/prefix")
    }
    if remembered == nil, !database.isReadOnly {
      try database.write { database in
        if let folder {
          let versions: Int = try database.value("SELECT COUNT(*) FROM versions") ?? 0
          guard versions == 0 || place == folder else {
            throw RegistryError(
              .artifacts, "the registry at \(path) has files in its own folder already", expected: "no MARTLET_ARTIFACTS",
              remedy: "martlet backup, then martlet restore into a new registry")
          }
        }
        try database.execute("INSERT INTO settings (key, value) VALUES ('artifacts', ?) ON CONFLICT DO NOTHING", [place])
      }
    }
    let backend: any ObjectBackend =
      place.hasPrefix("s3://") ? try S3Backend(place, options: options) : FolderBackend(folder: place)
    if !database.isReadOnly { try backend.create() }
    return backend
  }

  /// The same registry in the hands of somebody else: what they do to it stands in its log under their name.
  public func acting(as user: String) -> ModelRegistry {
    var options = options
    options.user = user
    return ModelRegistry(path: path, folder: folder, databaseURL: databaseURL, database: database, store: store, options: options)
  }

  /// Ends all connections. The registry cannot be used afterwards.
  public func close() throws(RegistryError) { try guarded { try database.close() } }

  func guarded<Value>(_ body: () throws -> Value) throws(RegistryError) -> Value {
    do { return try body() } catch { throw RegistryError(error, path: path) }
  }

  func read<Value>(_ body: (SQLConnection) throws -> Value) throws(RegistryError) -> Value { try guarded { try database.read(body) } }

  /// Runs `body` in a transaction that holds the write lock from the start.
  func write<Value>(_ body: (SQLConnection) throws -> Value) throws(RegistryError) -> Value {
    try requireWritable()
    return try guarded { try database.write(body) }
  }

  func requireWritable() throws(RegistryError) {
    guard !isReadOnly else {
      throw RegistryError(
        .readOnly, "the registry at \(path) is open for reading only", remedy: "open it where its folder can be written")
    }
  }
}
