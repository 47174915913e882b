/// Who may use a server, as its settings say it.
public struct AccessSettings: Sendable, Hashable, Codable {
  /// The file with the API keys.
  public var keys: String?
  /// Signed tokens of an identity provider.
  public var tokens: TokenSettings?
  /// What client certificates stand for, the first rule that fits. They are asked for when TLS has an authority for clients.
  public var certificates: [CertificateRule] = []
  /// Also listens to other machines without any credential: everybody may do everything.
  public var allowsAnyone = false

  public init() {}

  private enum CodingKeys: String, CodingKey {
    case keys, tokens, certificates
    case allowsAnyone = "insecure"
  }

  /// Whether somebody must say who they are.
  public var isRequired: Bool { keys != nil || tokens != nil || !certificates.isEmpty }
}

/// What is believed of JSON Web Tokens (RFC 7519).
public struct TokenSettings: Sendable, Hashable, Codable {
  /// What `iss` must be.
  public var issuer: String
  /// What `aud` must be, or be among.
  public var audience: String
  /// The provider's public keys as a JSON Web Key Set: a file, or an address that begins with `https://`.
  public var keys: String
  /// The claim with the roles; a dot goes into an object: `realm_access.roles`.
  public var rolesClaim = "roles"
  /// The claim with names of models; without it the token is for all models.
  public var modelsClaim = "models"
  /// What the claim's values stand for. Empty: they are the roles' own names.
  public var roles: [String: Role] = [:]
  /// Seconds by which clocks may differ.
  public var leeway = 60.0

  public init(issuer: String, audience: String, keys: String) {
    self.issuer = issuer
    self.audience = audience
    self.keys = keys
  }

  private enum CodingKeys: String, CodingKey {
    case issuer, audience, keys, roles, leeway
    case rolesClaim = "roles-claim"
    case modelsClaim = "models-claim"
  }
}

/// What a client's certificate stands for.
public struct CertificateRule: Sendable, Hashable, Codable {
  /// The common name, or a DNS or URI name of the certificate; `*` stands for any characters.
  public var subject: ModelPattern
  public var roles: [Role]
  public var models: [ModelPattern]

  public init(subject: ModelPattern, roles: [Role], models: [ModelPattern] = [.all]) {
    self.subject = subject
    self.roles = roles
    self.models = models
  }
}
