import Databases
import Foundation

/// A signature that travels with a version to where there is no registry.
public struct DetachedSignature: Sendable, Hashable, Codable {
  /// The key's number.
  public let key: String
  /// Base64.
  public let signature: String

  /// Refuses a version that no trusted key signed.
  /// - Parameters:
  ///   - digest: the SHA-256 of the version's manifest.
  ///   - path: the list of trusted keys.
  /// - Returns: the name of the key that signed it.
  /// - Throws: `RegistryError` `.signature`.
  public static func require(
    _ signatures: [DetachedSignature], of digest: String, reference: String, trustedKeys path: String
  ) throws(RegistryError) -> String {
    let trusted = try TrustedKeys(file: path)
    guard let found = signatures.first(where: { trusted.accepts($0.signature, of: digest, by: $0.key) }) else {
      let problem = signatures.isEmpty ? "is not signed" : "is signed, but by no key that is trusted"
      throw RegistryError(
        .signature, "\(reference) \(problem)", expected: "a signature of one of \(trusted.names.values.sorted().joined(separator: ", "))",
        remedy: "sign it in the registry (martlet sign) and export it again")
    }
    return trusted.names[found.key] ?? found.key
  }
}

extension ModelRegistry {
  /// A version's signatures, to be taken elsewhere.
  /// - Throws: `RegistryError` `.notFound`.
  public func detachedSignatures(of version: ModelVersion) throws(RegistryError) -> [DetachedSignature] {
    try read { database in
      let digest = try find(version, in: database).version.digest
      let rows = try database.rows("SELECT keyID, signature FROM signatures WHERE digest = ? ORDER BY time, keyID", [digest])
      return try rows.map { DetachedSignature(key: try $0.get(0), signature: try $0.get(1)) }
    }
  }
}
