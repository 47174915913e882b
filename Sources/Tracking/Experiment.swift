/// Milliseconds since 1970, as runs and metrics are stamped.
public typealias Milliseconds = Int64

/// Whether a thing is in use or was deleted; what was deleted can be brought back.
public enum LifecycleStage: String, Sendable, Hashable, Codable {
  case active, deleted
}

/// Which things a search sees.
public enum StageFilter: String, Sendable, Hashable {
  case active = "ACTIVE_ONLY"
  case deleted = "DELETED_ONLY"
  case all = "ALL"

  /// The stages that are seen.
  var stages: [String] {
    switch self {
    case .active: [LifecycleStage.active.rawValue]
    case .deleted: [LifecycleStage.deleted.rawValue]
    case .all: [LifecycleStage.active.rawValue, LifecycleStage.deleted.rawValue]
    }
  }
}

/// A name and a text.
public struct TrackingTag: Sendable, Hashable, Codable {
  /// What the tag is called.
  public let key: String
  /// What it says.
  public let value: String

  /// Makes a tag.
  public init(_ key: String, _ value: String) {
    self.key = key
    self.value = value
  }
}

/// Runs that belong together.
public struct Experiment: Sendable, Hashable, Codable {
  /// A number, as text.
  public let id: String
  /// Unique among all experiments, deleted ones included.
  public let name: String
  /// Where its runs' files are: `mlflow-artifacts:/3`.
  public let artifactLocation: String
  /// Whether it was deleted.
  public let stage: LifecycleStage
  /// When it was made.
  public let created: Milliseconds
  /// When its name or stage changed.
  public let updated: Milliseconds
  /// Sorted by key.
  public let tags: [TrackingTag]
}

/// A part of a long list, and where the next one begins.
public struct Page<Element: Sendable>: Sendable {
  /// The elements of this page.
  public let elements: [Element]
  /// Where the next page begins; `nil` on the last one.
  public let next: Int?

  /// - Parameter found: one element more than `limit` where there is another page.
  init(_ found: [Element], offset: Int, limit: Int) {
    elements = Array(found.prefix(limit))
    next = found.count > limit ? offset + limit : nil
  }
}
