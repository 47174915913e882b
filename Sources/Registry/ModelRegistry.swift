import Bundles
import Foundation
import GRDB
import Glibc
import MartletCore

/// The versions of a team's models: a folder with a SQLite database and the bundles' files by content.
///
/// Every method may be called from any task or thread; several processes may use one folder at once. Methods block for as long as the
/// disk and other writers take. Registering copies files first and writes the database last, in one transaction, so a process that dies
/// leaves at most files that nothing refers to; `collectGarbage` removes them.
public final class ModelRegistry: Sendable {
  /// The registry's folder.
  public let path: String
  /// Writing is refused: it was opened so, or the folder does not allow more.
  public let isReadOnly: Bool
  let database: any DatabaseWriter
  let store: ObjectStore
  let options: RegistryOptions

  private init(path: String, database: any DatabaseWriter, isReadOnly: Bool, options: RegistryOptions) {
    self.path = path
    self.database = database
    self.isReadOnly = isReadOnly
    self.options = options
    store = ObjectStore(registry: path)
  }

  /// Opens the registry in the folder `path`.
  /// - Parameters:
  ///   - create: make it where there is none.
  ///   - readOnly: never write. A folder that cannot be written is opened so in any case; from one on read-only media the list of versions
  ///     is the one at the time of opening.
  /// - Throws: `RegistryError`: `.notFound`, `.busy`, `.corrupt`, `.newerSchema`, `.readOnly`, `.io`.
  public static func open(
    at path: String, create: Bool = false, readOnly: Bool = false, options: RegistryOptions = RegistryOptions()
  ) throws(RegistryError) -> ModelRegistry {
    let path = URL(fileURLWithPath: path).standardizedFileURL.path
    let file = path + "/registry.sqlite"
    do {
      let exists = access(file, F_OK) == 0
      guard exists || (create && !readOnly) else {
        throw RegistryError(
          .notFound, "there is no registry at \(path)",
          remedy: "register a model first (martlet run), or set MARTLET_REGISTRY to its folder")
      }
      if exists, readOnly || access(file, W_OK) != 0 || access(path, W_OK) != 0 {
        let reader = try openReader(file, path: path, options: options)
        return ModelRegistry(path: path, database: reader, isReadOnly: true, options: options)
      }
      if !exists {
        try ObjectStore(registry: path).create()
        // The folder lies in the user's project and is not for version control.
        try AtomicFile.write(Data("*\n".utf8), to: path + "/.gitignore")
      }
      let pool = try openPool(file, options: options)
      try Schema.migrate(pool, path: path)
      return ModelRegistry(path: path, database: pool, isReadOnly: false, options: options)
    } catch {
      throw RegistryError(error, path: path)
    }
  }

  /// Ends all connections. The registry cannot be used afterwards.
  public func close() throws(RegistryError) { try guarded { try database.close() } }

  private static func configuration(_ options: RegistryOptions) -> Configuration {
    var configuration = Configuration()
    configuration.busyMode = .timeout(options.busyTimeout)
    configuration.foreignKeysEnabled = true
    configuration.label = "martlet.registry"
    return configuration
  }

  private static func openPool(_ file: String, options: RegistryOptions) throws -> DatabasePool {
    // The change to write-ahead logging does not wait for other processes that do the same, so that is done here.
    let limit = Date().addingTimeInterval(options.busyTimeout)
    while true {
      do {
        let pool = try DatabasePool(path: file, configuration: configuration(options))
        // A version that was announced must survive a power cut.
        try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        return pool
      } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY && Date() < limit {
        Thread.sleep(forTimeInterval: 0.02)
      }
    }
  }

  private static func openReader(_ file: String, path: String, options: RegistryOptions) throws -> any DatabaseWriter {
    do {
      var configuration = configuration(options)
      configuration.readonly = true
      let pool = try DatabasePool(path: file, configuration: configuration)
      try requireCurrent(pool, path: path)
      return pool
    } catch let error as DatabaseError where [.SQLITE_CANTOPEN, .SQLITE_READONLY].contains(error.resultCode) {
      // A log needs a shared-memory file beside it, which read-only media cannot have.
      let copy = try snapshot(of: file)
      try requireCurrent(copy, path: path)
      return copy
    }
  }

  private static func requireCurrent(_ reader: some DatabaseReader, path: String) throws {
    let version = try reader.read { try Schema.check($0, path: path) }
    guard version == Schema.steps.count else {
      throw RegistryError(
        .readOnly, "the registry at \(path) has schema \(version), which must be brought to \(Schema.steps.count) first",
        remedy: "open it once where it can be written")
    }
  }

  /// The database as it is on the disk now, in memory.
  static func snapshot(of file: String) throws -> DatabaseQueue {
    let folder = NSTemporaryDirectory() + "/martlet-registry-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for suffix in ["", "-wal"] where access(file + suffix, F_OK) == 0 {
      let target = folder + "/registry.sqlite" + suffix
      try FileManager.default.copyItem(atPath: file + suffix, toPath: target)
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: target)
    }
    let source = try DatabaseQueue(path: folder + "/registry.sqlite")
    let memory = try DatabaseQueue()
    try source.backup(to: memory)
    try source.close()
    return memory
  }

  func guarded<Value>(_ body: () throws -> Value) throws(RegistryError) -> Value {
    do { return try body() } catch { throw RegistryError(error, path: path) }
  }

  func read<Value>(_ body: (Database) throws -> Value) throws(RegistryError) -> Value { try guarded { try database.read(body) } }

  /// Runs `body` in a transaction that holds the write lock from the start.
  func write<Value>(_ body: (Database) throws -> Value) throws(RegistryError) -> Value {
    try requireWritable()
    return try guarded { try database.write(body) }
  }

  func requireWritable() throws(RegistryError) {
    guard !isReadOnly else {
      throw RegistryError(
        .readOnly, "the registry at \(path) is open for reading only", remedy: "open it where its folder can be written")
    }
  }

  func log(
    _ action: RegistryEvent.Action, _ name: String, version: Int? = nil, alias: String? = nil, from: Int? = nil, to: Int? = nil,
    note: String = "", in database: Database
  ) throws {
    try database.execute(
      sql: """
        INSERT INTO events (time, user, action, name, version, alias, fromVersion, toVersion, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [Date().timeIntervalSince1970, options.user, action.rawValue, name, version, alias, from, to, note])
  }
}
