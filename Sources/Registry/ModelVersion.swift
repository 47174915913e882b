public import Bundles
public import Foundation

/// One registered bundle. Its content never changes; its tags, note and aliases may.
public struct ModelVersion: Sendable, Hashable, Codable {
  /// The model.
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
  /// When it was registered.
  public let registered: Date
  /// The user who registered it.
  public let registeredBy: String
  /// A person's remark; may be empty.
  public let note: String
  /// Sorted.
  public let tags: [String]
  /// Aliases that point to this version, sorted.
  public let aliases: [String]
  /// Results of the evaluation by name.
  public let metrics: [String: MetricSummary]
  /// The version it was made from, where the lineage says so.
  public let parent: String?

  /// `"name@3"`.
  public var reference: String { "\(name)@\(number)" }
}

/// A model: all versions of one name.
public struct ModelSummary: Sendable, Hashable, Codable {
  /// The model.
  public let name: String
  /// How many versions there are.
  public let versionCount: Int
  /// Bytes of all versions' files together, a file that several share counted for each.
  public let size: Int
  /// The version with the highest number.
  public let newest: ModelVersion
  /// Version numbers by alias.
  public let aliases: [String: Int]
}

/// What `setAlias` did.
public struct AliasChange: Sendable, Hashable, Codable {
  /// The model.
  public let name: String
  /// The alias.
  public let alias: String
  /// Where the alias pointed before, if it was there.
  public let from: Int?
  /// Where the alias points now.
  public let to: Int
}

/// One line of the registry's log.
public struct RegistryEvent: Sendable, Hashable, Codable {
  /// What was done.
  public enum Action: String, Sendable, Hashable, Codable, CaseIterable {
    case registered, aliasMoved, aliasRemoved, tagged, untagged, noted, deleted
    case protected, requested, approved, rejected, signed, keysRotated, retentionSet, restored, webhookAdded, webhookRemoved
    /// Something that was done to a server of the registry, or tried.
    case operated
  }

  /// When it was done.
  public let time: Date
  /// Who did it.
  public let user: String
  /// What was done.
  public let action: Action
  /// The model.
  public let name: String
  /// The version that it was done to.
  public let version: Int?
  /// For an alias: which.
  public let alias: String?
  /// For a moved or removed alias: where it pointed.
  public let from: Int?
  /// For a moved alias: where it points now.
  public let to: Int?
  /// The remark that came with it; for tags the tag, for a deleted version its digest.
  public let note: String
}
