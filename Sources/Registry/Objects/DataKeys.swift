import Crypto
import Databases
import Foundation
import MartletCore
import Synchronization

/// The keys that objects are encrypted with, kept in the database, each wrapped (encrypted) with a key of the team's that is not.
///
/// A new key of the team's needs only the data keys wrapped again; no object is touched.
final class DataKeys: Sendable {
  private let source: EncryptionKeys
  private let database: any SQLDatabase
  private let known = Mutex<[UUID: SymmetricKey]>([:])
  private let active = Mutex<UUID?>(nil)

  init(_ source: EncryptionKeys, _ database: any SQLDatabase) {
    self.source = source
    self.database = database
  }

  /// The key for new objects; made where there is none under the team's newest key.
  func current() throws -> (UUID, SymmetricKey) {
    if let identifier = active.withLock({ $0 }), let key = try find(identifier) { return (identifier, key) }
    let master = try source.active()
    let row = try database.read {
      try $0.row("SELECT id FROM dataKeys WHERE keyID = ? ORDER BY created DESC, id LIMIT 1", [master.identifier])
    }
    if let row, let identifier = UUID(uuidString: try row.get(0)), let key = try find(identifier) {
      active.withLock { $0 = identifier }
      return (identifier, key)
    }
    let identifier = UUID(), key = SymmetricKey(size: .bits256)
    let wrapped = try Self.wrap(key, identifier, with: master)
    try database.write {
      try $0.execute(
        "INSERT INTO dataKeys (id, keyID, wrapped, created) VALUES (?, ?, ?, ?)",
        [identifier.uuidString, master.identifier, wrapped, Date()])
    }
    known.withLock { $0[identifier] = key }
    active.withLock { $0 = identifier }
    return (identifier, key)
  }

  /// The data key of that number.
  /// - Returns: `nil` where the registry has none.
  /// - Throws: `RegistryError` `.encryption` where the team's key for it is not at hand, or it was changed.
  func find(_ identifier: UUID) throws -> SymmetricKey? {
    if let key = known.withLock({ $0[identifier] }) { return key }
    let row = try database.read { try $0.row("SELECT keyID, wrapped FROM dataKeys WHERE id = ?", [identifier.uuidString]) }
    guard let row else { return nil }
    let key = try Self.unwrap(row.get(1), identifier, with: source.key(row.get(0)))
    known.withLock { $0[identifier] = key }
    return key
  }

  /// Wraps every data key again that is not under the team's newest key, in one transaction.
  /// - Returns: how many there were.
  func rotate() throws -> Int {
    let master = try source.active()
    return try database.write { database in
      let rows = try database.rows("SELECT id, keyID, wrapped FROM dataKeys WHERE keyID <> ?", [master.identifier])
      for row in rows {
        guard let identifier = UUID(uuidString: try row.get(0)) else { continue }
        let key = try Self.unwrap(row.get(2), identifier, with: source.key(row.get(1)))
        try database.execute(
          "UPDATE dataKeys SET keyID = ?, wrapped = ? WHERE id = ?",
          [master.identifier, try Self.wrap(key, identifier, with: master), identifier.uuidString])
      }
      active.withLock { $0 = nil }
      return rows.count
    }
  }

  private static func context(_ identifier: UUID, _ master: EncryptionKeys.Key) -> Data {
    Data("martlet data key \(identifier.uuidString) under \(master.identifier)".utf8)
  }

  private static func wrap(_ key: SymmetricKey, _ identifier: UUID, with master: EncryptionKeys.Key) throws -> String {
    let plain = key.withUnsafeBytes { Data($0) }
    let box = try AES.GCM.seal(plain, using: master.key, authenticating: context(identifier, master))
    return (box.combined ?? Data()).base64EncodedString()
  }

  private static func unwrap(_ wrapped: String, _ identifier: UUID, with master: EncryptionKeys.Key) throws -> SymmetricKey {
    guard let data = Data(base64Encoded: wrapped), let box = try? AES.GCM.SealedBox(combined: data),
      let plain = try? AES.GCM.open(box, using: master.key, authenticating: context(identifier, master))
    else {
      throw RegistryError(
        .encryption, "the data key \(identifier.uuidString) cannot be opened with the key '\(master.identifier)'",
        expected: "the key that it was wrapped with", remedy: "the right key under that name, or dataKeys from a backup")
    }
    return SymmetricKey(data: plain)
  }
}

extension ModelRegistry {
  /// Wraps the keys of all encrypted files with the team's newest key. No file is touched.
  /// - Returns: how many keys were wrapped with another one.
  /// - Throws: `RegistryError`: `.encryption` without keys, or where one that is needed is not at hand; `.busy`, `.readOnly`.
  public func rotateKeys() throws(RegistryError) -> Int {
    try requireWritable()
    guard let sealer = store.sealer else {
      throw RegistryError(
        .encryption, "there are no keys for encryption", remedy: "set MARTLET_ENCRYPTION_KEY_FILE (martlet keys encrypt FILE)")
    }
    return try guarded {
      let count = try sealer.keys.rotate()
      if count > 0 { try database.write { try log(.keysRotated, "", note: "\(count) data keys", in: $0) } }
      return count
    }
  }
}
