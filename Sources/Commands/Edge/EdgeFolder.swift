public import Bundles
public import Foundation
import MartletCore
public import Registry

/// One directory that serves a version without a registry: `martlet export NAME --edge`.
public struct EdgeFolder: Sendable {
  /// What `edge.json` says.
  public struct Description: Codable, Sendable, Hashable {
    var format = 1
    /// The version as the registry knew it.
    public var version: ModelVersion
    public var signatures: [DetachedSignature]
    /// The program lies beside it.
    public var hasProgram: Bool
  }

  static let descriptionName = "edge.json", bundleName = "bundle", sumsName = "SHA256SUMS"

  public let path: String
  public let description: Description
  /// Every byte of it was checked.
  public let bundle: ModelBundle

  /// Opens and verifies it: every file of the bundle against its SHA-256, the bundle against the version, and, where a list of trusted keys
  /// is given, the version's signature.
  /// - Throws: `FileError` where it is no such directory, `BundleError` for files that were changed, `RegistryError` for a signature that is
  ///   missing or not trusted.
  public init(_ path: String, trustedKeys: String? = ProcessInfo.processInfo.environment["MARTLET_TRUSTED_KEYS"]) throws {
    guard let data = FileManager.default.contents(atPath: path + "/" + Self.descriptionName) else {
      throw FileError(
        path: path, problem: "is no edge directory", expected: "a directory with an \(Self.descriptionName) in it",
        remedy: "martlet export NAME --edge DIR")
    }
    let description = try JSON.decode(Description.self, from: data, source: path + "/" + Self.descriptionName)
    guard description.format == 1 else {
      throw FileError(path: path, problem: "is of format \(description.format)", expected: "1", remedy: "use a newer martlet")
    }
    let bundle = try ModelBundle.open(path + "/" + Self.bundleName)
    guard bundle.digest == description.version.digest else {
      throw FileError(
        path: path, problem: "holds another bundle than that of \(description.version.reference)",
        expected: "the digest \(description.version.digest)", remedy: "export it again; do not use this one")
    }
    if let trustedKeys {
      _ = try DetachedSignature.require(
        description.signatures, of: bundle.digest, reference: description.version.reference, trustedKeys: trustedKeys)
    }
    self.path = path
    self.description = description
    self.bundle = bundle
  }
}
