public import Access

/// Where the server listens, and to whom.
public struct ProjectServing: Codable, Sendable, Hashable {
  /// The address.
  public var host: String
  /// The port; 0 takes a free one.
  public var port: Int
  /// How the server computes; `nil` is its own way.
  public var execution: ProjectExecution?
  /// Models that answer as one, by name.
  public var ensembles: [String: ProjectEnsemble]?
  /// Who may call the server.
  public var access: AccessSettings?
  /// How it encrypts.
  public var tls: TLSSettings?
  /// The admin listener; `nil` is none.
  public var admin: AdminListener?
  /// Names by which it may be called.
  public var hosts: [String]?
  /// Origins of web pages that may call it.
  public var origins: [String]?
  /// What it takes at most.
  public var limits: Limits?
  /// Where traces go.
  public var tracing: Tracing?
  /// What the machine costs.
  public var prices: Prices?
  /// Smaller models that guess ahead, by the name of the language model that they guess for; `*` is every one.
  public var drafts: [String: String]?
  /// Keep experiments and runs for MLflow's clients; `nil` does not.
  public var tracking: Bool?

  /// Where the admin listener listens.
  public struct AdminListener: Codable, Sendable, Hashable {
    /// The address.
    public var host: String
    /// The port; 0 takes a free one.
    public var port: Int
  }

  /// What the server takes at most; `nil` is its own limit.
  public struct Limits: Codable, Sendable, Hashable {
    public var bodyBytes: Int?
    public var tensorBytes: Int?
    public var bodyBytesInFlight: Int?
    public var headerBytes: Int?
    public var headerFields: Int?
    public var connections: Int?
    public var connectionsPerAddress: Int?
    public var requestsPerConnection: Int?
    public var headSeconds: Double?
    public var bodySeconds: Double?
    public var idleSeconds: Double?
    public var drainSeconds: Double?

    /// The server's own limits.
    public init() {}

    private enum CodingKeys: String, CodingKey {
      case connections
      case bodyBytes = "body-bytes"
      case tensorBytes = "tensor-bytes"
      case bodyBytesInFlight = "body-bytes-in-flight"
      case headerBytes = "header-bytes"
      case headerFields = "header-fields"
      case connectionsPerAddress = "connections-per-address"
      case requestsPerConnection = "requests-per-connection"
      case headSeconds = "head-seconds"
      case bodySeconds = "body-seconds"
      case idleSeconds = "idle-seconds"
      case drainSeconds = "drain-seconds"
    }
  }

  /// Where traces of requests go.
  public struct Tracing: Codable, Sendable, Hashable {
    /// Where OTLP over HTTP is taken.
    public var endpoint: String
    /// The share of requests to trace where the caller has not decided.
    public var share: Double
    /// What the traces call the server.
    public var service: String
  }

  /// What the machine costs.
  public struct Prices: Codable, Sendable, Hashable {
    /// One processor core for an hour.
    public var coreHour: Double
    /// One gigabyte of memory for an hour.
    public var gigabyteHour: Double
    /// What the prices are in.
    public var currency: String

    private enum CodingKeys: String, CodingKey {
      case currency
      case coreHour = "core-hour"
      case gigabyteHour = "gigabyte-hour"
    }
  }
}
