/// How a listener encrypts.
public struct TLSSettings: Sendable, Hashable, Codable {
  /// The server's certificate and those between it and the authority, as PEM.
  public var certificate: String
  /// The certificate's private key, as PEM.
  public var key: String
  /// The authority, or authorities, that clients' certificates must come from, as PEM. `nil` asks clients for none.
  public var clients: String?
  /// A client without a certificate gets no connection; otherwise it may come with a key instead.
  public var requiresClients = false

  public init(certificate: String, key: String, clients: String? = nil, requiresClients: Bool = false) {
    self.certificate = certificate
    self.key = key
    self.clients = clients
    self.requiresClients = requiresClients
  }

  private enum CodingKeys: String, CodingKey {
    case certificate, key, clients
    case requiresClients = "requires-clients"
  }
}
