/// What somebody must be allowed to do to call a route. Every route names it: there is no default that could be forgotten.
package enum RouteAccess: String, Sendable, Hashable, CaseIterable {
  /// Anyone may call it, without a key: health, the index.
  case open
  /// Asking models, and asking about them.
  case predict
  /// Figures of the server: metrics, statistics, costs.
  case observe
  /// Looking into the registry, runs and releases.
  case read
  /// Logging runs, registering versions.
  case write
  /// Changing what serves: loading, releases, aliases, keys.
  case admin
}
