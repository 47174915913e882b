/// Who asks: a name, what it may do, with which models, and how much.
public struct Principal: Sendable, Hashable {
  /// How it is known who asks.
  public enum Source: String, Sendable, Hashable {
    /// Nobody said who they are.
    case anonymous
    /// The server has no keys and takes connections from its own machine only.
    case local
    /// An API key.
    case key
    /// A signed token of an identity provider.
    case token
    /// A client's certificate.
    case certificate
  }

  /// What logs and reports call it.
  public let name: String
  public let source: Source
  /// Names the credential without giving it away: the key's id, the token's subject, the certificate's fingerprint.
  public let credential: String
  public let rights: Set<Right>
  /// The models that it may use; empty is none.
  public let models: [ModelPattern]
  public let limits: UsageLimits

  public init(
    name: String, source: Source, credential: String, rights: Set<Right>, models: [ModelPattern], limits: UsageLimits = UsageLimits()
  ) {
    self.name = name
    self.source = source
    self.credential = credential
    self.rights = rights
    self.models = models
    self.limits = limits
  }

  public init(
    name: String, source: Source, credential: String, roles: [Role], models: [ModelPattern], limits: UsageLimits = UsageLimits()
  ) {
    self.init(
      name: name, source: source, credential: credential, rights: roles.reduce(into: []) { $0.formUnion($1.rights) }, models: models,
      limits: limits)
  }

  /// Somebody without a credential, who may do nothing.
  public static let nobody = Principal(name: "anonymous", source: .anonymous, credential: "", rights: [], models: [])

  /// Anyone at all, on a server that has no credentials.
  public static let local = Principal(name: "local", source: .local, credential: "", roles: [.admin], models: [.all])

  public func may(_ right: Right) -> Bool { rights.contains(right) }

  /// Whether it may use the model, or know of it.
  public func mayUse(model: String) -> Bool { models.contains { $0.matches(model) } }
}

/// How much somebody may use; `nil` is as much as the server has.
public struct UsageLimits: Sendable, Hashable, Codable {
  /// Requests a minute, in the long run.
  public var requestsPerMinute: Double?
  /// Items, rows or tokens a minute, in the long run.
  public var itemsPerMinute: Double?
  /// How many seconds' worth may be used at once after a pause; `nil` is a minute's.
  public var burstSeconds: Double?
  /// Requests at one time.
  public var concurrentRequests: Int?

  public init(
    requestsPerMinute: Double? = nil, itemsPerMinute: Double? = nil, burstSeconds: Double? = nil, concurrentRequests: Int? = nil
  ) {
    self.requestsPerMinute = requestsPerMinute
    self.itemsPerMinute = itemsPerMinute
    self.burstSeconds = burstSeconds
    self.concurrentRequests = concurrentRequests
  }

  public var isUnlimited: Bool { requestsPerMinute == nil && itemsPerMinute == nil && concurrentRequests == nil }
}
