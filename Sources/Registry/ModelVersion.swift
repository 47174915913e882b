public import Bundles
public import Foundation

/// One registered bundle. Its content never changes; its tags, note and aliases may.
public struct ModelVersion: Sendable, Hashable, Codable {
  public let name: String
  /// 1, 2, 3 … for each model; a deleted version's number is not used again.
  public let number: Int
  /// The bundle's kind: `"image-classifier"`.
  public let kind: String
  /// SHA-256 of the bundle's manifest: the identity of the content.
  public let digest: String
  /// Bytes of the bundle's files.
  public let size: Int
  /// When the bundle was made.
  public let created: Date
  public let registered: Date
  public let registeredBy: String
  public let note: String
  /// Sorted.
  public let tags: [String]
  /// Aliases that point to this version, sorted.
  public let aliases: [String]
  public let metrics: [String: MetricSummary]
  /// The version it was made from, where the lineage says so.
  public let parent: String?

  /// `"name@3"`.
  public var reference: String { "\(name)@\(number)" }
}

/// A model: all versions of one name.
public struct ModelSummary: Sendable, Hashable, Codable {
  public let name: String
  public let versionCount: Int
  /// Bytes of all versions' files together, a file that several share counted for each.
  public let size: Int
  public let newest: ModelVersion
  /// Version numbers by alias.
  public let aliases: [String: Int]
}

/// What `setAlias` did.
public struct AliasChange: Sendable, Hashable, Codable {
  public let name: String
  public let alias: String
  /// Where the alias pointed before, if it was there.
  public let from: Int?
  public let to: Int
}

/// One line of the registry's log.
public struct RegistryEvent: Sendable, Hashable, Codable {
  /// What was done.
  public enum Action: String, Sendable, Hashable, Codable {
    case registered, aliasMoved, aliasRemoved, tagged, untagged, noted, deleted
  }

  public let time: Date
  public let user: String
  public let action: Action
  public let name: String
  public let version: Int?
  public let alias: String?
  /// For a moved or removed alias: where it pointed.
  public let from: Int?
  /// For a moved alias: where it points now.
  public let to: Int?
  public let note: String
}
