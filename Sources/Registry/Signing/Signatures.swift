import Bundles
import Databases
public import Foundation

/// A signature of a version.
public struct VersionSignature: Sendable, Hashable, Codable {
  /// The key's number.
  public let key: String
  /// The key's name in the list of trusted keys; `nil` where it is not in it, or there is no list.
  public let name: String?
  /// Who put it there.
  public let user: String
  /// When it was put there.
  public let time: Date
  /// Whether a trusted key made it; `nil` where there is no list.
  public let isTrusted: Bool?
}

extension ModelRegistry {
  /// Signs a version: its manifest's digest, and so every file of it.
  ///
  /// Every byte is checked first: nobody signs what was changed.
  /// - Throws: `RegistryError`: `.notFound`, `.bundle`, `.missingObject`, `.readOnly`.
  public func sign(_ version: ModelVersion, with key: SigningKey) throws(RegistryError) {
    try guarded { try bundle(digest: version.digest, reference: version.reference).require(.full) }
    try write { database in
      let found = try find(version, in: database).version
      try database.execute(
        """
        INSERT INTO signatures (digest, keyID, signature, time, "user") VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (digest, keyID) DO UPDATE SET signature = excluded.signature, time = excluded.time, "user" = excluded."user"
        """, [found.digest, key.identifier, try key.sign(found.digest), Date(), options.user])
      try log(.signed, found.name, version: found.number, note: "\(key.name) \(key.identifier)", in: database)
    }
  }

  /// A version's signatures.
  /// - Throws: `RegistryError` `.notFound`, `.signature` for a list of trusted keys that cannot be read.
  public func signatures(of version: ModelVersion) throws(RegistryError) -> [VersionSignature] {
    let trusted = try trustedKeys()
    return try read { database in
      let digest = try find(version, in: database).version.digest
      let rows = try database.rows(
        "SELECT keyID, signature, time, \"user\" FROM signatures WHERE digest = ? ORDER BY time, keyID", [digest])
      return try rows.map {
        let key: String = try $0.get(0), signature: String = try $0.get(1)
        return VersionSignature(
          key: key, name: trusted?.names[key], user: try $0.get(3), time: try $0.get(2),
          isTrusted: trusted.map { $0.accepts(signature, of: digest, by: key) })
      }
    }
  }

  private func trustedKeys() throws(RegistryError) -> TrustedKeys? {
    guard let path = options.trustedKeys else { return nil }
    return try TrustedKeys(file: path)
  }

  /// Refuses a version that no trusted key signed, where there is a list of trusted keys.
  func requireSignature(_ version: ModelVersion) throws(RegistryError) {
    guard let trusted = try trustedKeys() else { return }
    let rows = try read { try $0.rows("SELECT keyID, signature FROM signatures WHERE digest = ?", [version.digest]) }
    let isTrusted = try guarded { try rows.contains { trusted.accepts(try $0.get(1), of: version.digest, by: try $0.get(0)) } }
    guard isTrusted else {
      let found = rows.isEmpty ? "is not signed" : "is signed, but by no key that is trusted"
      throw RegistryError(
        .signature, "\(version.reference) \(found)",
        expected: "a signature of one of \(trusted.names.values.sorted().joined(separator: ", "))",
        remedy: "martlet sign \(version.reference) --key FILE, by somebody who is trusted")
    }
  }
}
