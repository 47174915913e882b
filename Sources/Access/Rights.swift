/// What somebody may be allowed to do with a server.
public enum Right: String, Sendable, Hashable, CaseIterable, Codable {
  /// Ask models, and ask about them.
  case predict
  /// See figures of the server: metrics, statistics, costs.
  case observe
  /// Look into the registry, runs and releases.
  case read
  /// Log runs, register versions.
  case write
  /// Change what serves: loading, releases, aliases, keys.
  case admin
}

/// What somebody is to a server: a name for several rights.
public enum Role: String, Sendable, Hashable, CaseIterable, Codable {
  /// A program that asks models.
  case client
  /// A program that collects figures, such as Prometheus.
  case monitor
  /// Somebody who looks at runs, versions and releases.
  case viewer
  /// Somebody who trains models and logs runs.
  case contributor
  /// Somebody who may do everything.
  case admin

  /// What the role is allowed to do.
  public var rights: Set<Right> {
    switch self {
    case .client: [.predict]
    case .monitor: [.observe]
    case .viewer: [.observe, .read]
    case .contributor: [.observe, .read, .write]
    case .admin: Set(Right.allCases)
    }
  }
}
