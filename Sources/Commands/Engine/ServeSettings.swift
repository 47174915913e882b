public import Access
public import Project

/// How a server is reached, by whom, and what it takes, as the command line and the project say it.
public struct ServeSettings: Codable, Sendable, Hashable {
  /// Who may call it. Without a file of keys the one beside the registry is taken, if there is one.
  public var access = AccessSettings()
  /// Certificate and key of the listeners.
  public var tls: TLSSettings?
  /// The admin listener's port; `nil` is none.
  public var adminPort: Int?
  /// The admin listener's address.
  public var adminHost = "127.0.0.1"
  /// Names by which it may be called.
  public var hosts: [String]?
  /// Origins of web pages that may call it.
  public var origins: [String] = []
  /// What it takes at most.
  public var limits = ProjectServing.Limits()
  /// Where traces go.
  public var tracing: ProjectServing.Tracing?
  /// What the machine costs.
  public var prices: ProjectServing.Prices?
  /// Smaller models that guess ahead, by the name of the language model that they guess for; `*` is every one.
  public var drafts: [String: String] = [:]
  /// Experiments and runs are kept for MLflow's clients, too.
  public var isTracking = false

  /// No credentials, one listener, no TLS.
  public init() {}

  /// What a project says.
  public init(_ project: ProjectServing) {
    access = project.access ?? AccessSettings()
    tls = project.tls
    adminPort = project.admin?.port
    adminHost = project.admin?.host ?? adminHost
    hosts = project.hosts
    origins = project.origins ?? []
    limits = project.limits ?? limits
    tracing = project.tracing
    prices = project.prices
    drafts = project.drafts ?? [:]
    isTracking = project.tracking ?? false
  }
}
