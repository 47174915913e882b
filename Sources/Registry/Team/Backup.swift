import Bundles
import Databases
public import Foundation
import Glibc
import MartletCore

/// What a backup holds: `backup.json` in its folder.
public struct BackupSummary: Sendable, Hashable, Codable {
  /// The format of the folder.
  public var format = 1
  /// When the state was taken that it holds.
  public var time: Date
  /// The Martlet that wrote it.
  public var martlet: String
  /// SHA-256 of the file with the tables' rows, which is named by it.
  public var tables: String
  /// Rows by table.
  public var rows: [String: Int]
  /// Files, as the store keeps them: encrypted ones stay encrypted.
  public var objects: Int
  /// Bytes of the files.
  public var bytes: Int
  /// The newest event's hash.
  public var auditHead: String
}

/// The rows of a registry as lines of JSON, the same from both databases.
enum TableDump {
  /// Tables so that what is referred to comes first, with the columns that order them.
  static let tables: [(name: String, columns: [String], order: String)] = [
    ("models", ["id", "name", "nextNumber"], "id"),
    (
      "versions",
      ["id", "modelID", "number", "kind", "digest", "manifestSize", "size", "created", "registered", "user", "note", "parent"], "id"
    ),
    ("files", ["versionID", "path", "digest", "size"], "versionID, path"),
    ("metrics", ["versionID", "name", "value", "lower", "upper", "level", "higherIsBetter"], "versionID, name"),
    ("tags", ["versionID", "tag"], "versionID, tag"), ("aliases", ["modelID", "alias", "versionID"], "modelID, alias"),
    (
      "events", ["id", "time", "user", "action", "name", "version", "alias", "fromVersion", "toVersion", "note", "previous", "hash"], "id"
    ),
    ("dataKeys", ["id", "keyID", "wrapped", "created"], "id"),
    ("signatures", ["digest", "keyID", "signature", "time", "user"], "digest, keyID"),
    ("rules", ["modelID", "alias", "approvals", "gates"], "modelID, alias"),
    ("requests", ["id", "modelID", "alias", "versionID", "user", "time", "note", "state"], "id"),
    ("approvals", ["requestID", "user", "time", "note"], "requestID, \"user\""), ("retention", ["modelID", "rules"], "modelID"),
    ("webhooks", ["id", "url", "secret", "actions", "name", "created", "user"], "id"),
    ("outbox", ["id", "webhookID", "delivery", "body", "attempts", "due", "state", "answer"], "id"),
  ]
  /// Tables whose rows number themselves.
  static let numbered = ["models", "versions", "events", "requests", "webhooks", "outbox"]

  /// Column names as each database spells them without quotes: PostgreSQL has folded them.
  static func list(_ columns: [String], _ dialect: SQLDialect) -> String {
    columns.map { dialect == .postgres ? "\"\($0.lowercased())\"" : "\"\($0)\"" }.joined(separator: ", ")
  }

  static func line(_ table: String, _ row: SQLRow) throws -> Data {
    let values: [JSONValue] = row.values.map { value in
      switch value {
      case .null: .null
      case .int(let number): .int(Int(number))
      case .real(let number):
        number.isFinite ? .object(["real": .string("\(number)")]) : .object(["real": .string(number > 0 ? "inf" : "-inf")])
      case .text(let text): .string(text)
      case .blob(let data): .object(["base64": .string(data.base64EncodedString())])
      }
    }
    return try JSON.encode(JSONValue.array([.string(table)] + values), pretty: false) + [0x0A]
  }

  static func value(_ value: JSONValue) throws -> SQLValue {
    switch value {
    case .null: return .null
    case .int(let number): return .int(Int64(number))
    case .double(let number): return .int(Int64(number))
    case .string(let text): return .text(text)
    case .object(let members):
      if let text = members["real"]?.stringValue, let number = Double(text) { return .real(number) }
      if let text = members["base64"]?.stringValue, let data = Data(base64Encoded: text) { return .blob(data) }
      throw RegistryError(.corrupt, "the backup's tables hold a value that cannot be read")
    case .bool, .array: throw RegistryError(.corrupt, "the backup's tables hold a value that cannot be read")
    }
  }
}

extension ModelRegistry {
  private static let manifest = "backup.json"

  /// Writes the registry as it is now into a folder, while others go on writing. A folder that holds a backup already is brought up to
  /// date: only new files are copied.
  /// - Throws: `RegistryError`: `.io`, `.diskFull`, `.missingObject` if files are gone.
  @discardableResult
  public func backup(to folder: String) throws(RegistryError) -> BackupSummary {
    try guarded {
      let objects = folder + "/objects"
      try FileTools.makeFolders(objects)
      for attempt in 1... {
        let state = try dump(to: folder)
        do {
          var summary = state.summary
          for digest in state.digests {
            let file = try copy(digest, to: objects)
            summary.objects += 1
            summary.bytes += file
          }
          try AtomicFile.write(JSON.encode(summary), to: folder + "/" + Self.manifest)
          try tidy(folder, keeping: summary.tables)
          return summary
        } catch let failure as SystemFailure where failure.code == ENOENT {
          // A version was deleted and its files collected while they were copied: the next state does not have it.
          guard attempt < 3 else {
            throw RegistryError(.missingObject, "files of the registry at \(path) are gone: \(failure.path)", remedy: "martlet verify")
          }
        }
      }
      throw RegistryError(.busy, "the registry at \(path) changes too fast for a backup")
    }
  }

  /// Writes all rows as one state of the database, and lists the objects that they refer to.
  private func dump(to folder: String) throws -> (summary: BackupSummary, digests: [String]) {
    var running = RunningDigest()
    var summary = BackupSummary(
      time: Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded(.down)), martlet: MartletVersion.current, tables: "",
      rows: [:], objects: 0, bytes: 0, auditHead: AuditChain.start)
    let temporary = AtomicFile.temporaryPath(beside: folder + "/tables.jsonl")
    defer { unlink(temporary) }
    var digests: [String] = []
    var failure: (any Error)?
    try FileTools.create(temporary, mode: 0o600) { descriptor in
      do {
        try database.read { database in
          for table in TableDump.tables {
            var buffer = Data(), count = 0
            func flush() throws {
              guard !buffer.isEmpty else { return }
              running.add(buffer)
              try FileTools.writeAll(buffer, to: descriptor, path: temporary)
              buffer.removeAll(keepingCapacity: true)
            }
            let columns = TableDump.list(table.columns, database.dialect)
            try database.forEach("SELECT \(columns) FROM \(table.name) ORDER BY \(table.order)") { row in
              buffer.append(try TableDump.line(table.name, row))
              count += 1
              if buffer.count > 1 << 20 { try flush() }
            }
            try flush()
            summary.rows[table.name] = count
          }
          digests = try database.values("SELECT digest FROM files UNION SELECT digest FROM versions ORDER BY digest", as: String.self)
          summary.auditHead = try database.value("SELECT hash FROM events ORDER BY id DESC LIMIT 1") ?? AuditChain.start
        }
      } catch { failure = error }
    }
    if let failure { throw failure }
    summary.tables = running.finish()
    guard rename(temporary, folder + "/tables-\(summary.tables).jsonl") == 0 else { throw SystemFailure(path: folder) }
    return (summary, digests)
  }

  /// Copies an object as it is kept; a plain one is compared with its digest on the way.
  /// - Returns: its bytes.
  private func copy(_ digest: String, to objects: String) throws -> Int {
    guard let file = try store.status(digest) else { throw SystemFailure(path: store.location(of: digest), code: ENOENT) }
    let target = objects + "/" + file.name
    var status = stat()
    if lstat(target, &status) == 0, Int(status.st_size) == file.size { return file.size }
    try FileTools.makeFolders((target as NSString).deletingLastPathComponent)
    let temporary = AtomicFile.temporaryPath(beside: target)
    defer { unlink(temporary) }
    var running = RunningDigest(), failure: (any Error)?
    try FileTools.create(temporary) { descriptor in
      do {
        try store.backend.read(file.name) { piece in
          running.add(piece)
          if !piece.isEmpty { try FileTools.writeAll(piece, to: descriptor, path: temporary) }
        }
      } catch { failure = error }
    }
    if let failure { throw failure }
    guard file.name.hasSuffix(ObjectStore.suffix) || running.finish() == digest else {
      throw RegistryError(.bundle, "\(store.location(of: digest)) has been changed", remedy: "martlet verify; register the model again")
    }
    guard rename(temporary, target) == 0 else { throw SystemFailure(path: target) }
    return file.size
  }

  /// Removes the rows of earlier backups.
  private func tidy(_ folder: String, keeping tables: String) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: folder)
    where name.hasPrefix("tables-") && name != "tables-\(tables).jsonl" { unlink(folder + "/" + name) }
  }

  /// Fills this registry, which must be empty, from a backup: of the same kind of database or of the other, its files to wherever this
  /// registry keeps them. Nothing is there before everything is there.
  /// - Throws: `RegistryError`: `.exists` for a registry with versions, `.corrupt` for a backup that was changed, `.encryption` where it was
  ///   encrypted and the key is not at hand, `.io`.
  @discardableResult
  public func restore(from folder: String) throws(RegistryError) -> BackupSummary {
    try requireWritable()
    return try guarded {
      guard let data = FileManager.default.contents(atPath: folder + "/" + Self.manifest) else {
        throw RegistryError(.notFound, "there is no backup in \(folder)", expected: "a folder that holds backup.json")
      }
      let summary = try JSON.decode(BackupSummary.self, from: data, source: folder + "/" + Self.manifest)
      guard summary.format == 1, isSHA256(summary.tables) else {
        throw RegistryError(
          .newerSchema, "the backup in \(folder) has format \(summary.format)", expected: "format 1", remedy: "a newer Martlet")
      }
      let tables = folder + "/tables-\(summary.tables).jsonl"
      guard try Digest.sha256(file: tables) == summary.tables else { throw Self.damaged(tables) }
      try restoreObjects(folder)
      try database.write { database in
        guard try database.row("SELECT 1 FROM events LIMIT 1") == nil, try database.row("SELECT 1 FROM models LIMIT 1") == nil else {
          throw RegistryError(.exists, "the registry at \(path) is not empty", expected: "a new registry to restore into")
        }
        try insert(tables, into: database)
        try log(.restored, "", note: "from a backup of \(summary.time.ISO8601Format())", in: database)
      }
      return summary
    }
  }

  private static func damaged(_ path: String) -> RegistryError {
    RegistryError(.corrupt, "\(path) has been changed", remedy: "another backup")
  }

  private func restoreObjects(_ folder: String) throws {
    try store.create()
    let source = FolderBackend(folder: folder)
    for file in try source.list() {
      let digest = file.name.replacing("/", with: "").replacing(ObjectStore.suffix, with: "")
      guard isSHA256(digest) else { continue }
      if !file.name.hasSuffix(ObjectStore.suffix), try Digest.sha256(file: source.root + "/" + file.name) != digest {
        throw Self.damaged(source.root + "/" + file.name)
      }
      if try store.backend.status(file.name)?.size == file.size { continue }
      try FileTools.makeFolders(store.backend.staging)
      let temporary = AtomicFile.temporaryPath(beside: store.backend.staging + "/" + digest.prefix(12))
      defer { unlink(temporary) }
      let opened = try FileTools.openRegular(source.root + "/" + file.name)
      defer { Glibc.close(opened.descriptor) }
      try FileTools.create(temporary) { (descriptor) throws(SystemFailure) in
        _ = FileTools.tryLock(descriptor)
        try FileTools.copy(opened.descriptor, to: descriptor, path: file.name)
        fchmod(descriptor, 0o444)
      }
      guard try store.backend.place(temporary, as: file.name) else { throw SystemFailure(path: temporary, code: ENOENT) }
    }
  }

  private func insert(_ tables: String, into database: SQLConnection) throws {
    let known = Dictionary(uniqueKeysWithValues: TableDump.tables.map { ($0.name, $0) })
    guard let handle = FileHandle(forReadingAtPath: tables) else { throw Self.damaged(tables) }
    defer { try? handle.close() }
    var rest = Data()
    func insert(_ line: Data) throws {
      guard !line.isEmpty else { return }
      let row = try JSON.decode([JSONValue].self, from: line, source: tables)
      guard let name = row.first?.stringValue, let table = known[name], row.count == table.columns.count + 1 else {
        throw Self.damaged(tables)
      }
      let places = table.columns.map { _ in "?" }.joined(separator: ", ")
      let columns = TableDump.list(table.columns, database.dialect)
      try database.execute("INSERT INTO \(table.name) (\(columns)) VALUES (\(places))", try row.dropFirst().map { try TableDump.value($0) })
    }
    while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty {
      rest.append(piece)
      var start = rest.startIndex
      while let end = rest[start...].firstIndex(of: 0x0A) {
        try insert(Data(rest[start..<end]))
        start = end + 1
      }
      rest = Data(rest[start...])
    }
    guard rest.isEmpty else { throw Self.damaged(tables) }
    guard database.dialect == .postgres else { return }
    for table in TableDump.numbered {
      // What comes next gets a number of its own.
      _ = try database.rows(
        "SELECT setval(pg_get_serial_sequence('\(table.lowercased())', 'id'), (SELECT COALESCE(MAX(id), 0) + 1 FROM \(table)), false)")
    }
  }
}
