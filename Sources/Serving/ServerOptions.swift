public import Access
package import Web

/// How a server listens, and what it takes from a client.
public struct ServerOptions: Sendable {
  /// The address to listen on. The default takes connections from this machine only.
  public var host = "127.0.0.1"
  /// The port to listen on; 0 takes any free one.
  public var port = 8080
  /// The port for gRPC; 0 takes any free one, `nil` serves HTTP only.
  public var grpcPort: Int?
  /// The longest body in bytes. A longer one is refused with 413, by its declared length before it is read.
  public var maxBodyBytes = 64 << 20
  /// The most bytes of one tensor after decoding.
  public var maxTensorBytes = 64 << 20
  /// The most bytes of bodies of all requests that are under way; more are refused with 503.
  public var maxBodyBytesInFlight = 1 << 30
  /// The most bytes of one header field, and of all of them together.
  public var maxHeaderBytes = 32 << 10
  /// The most header fields of one request.
  public var maxHeaderFields = 100
  /// The most connections at one time; more wait until another one ends.
  public var maxConnections = 8192
  /// The most requests that wait for one model; more are refused with 503 and `Retry-After`.
  public var maxQueuedRequests = 256
  /// How long a request may wait for its model's answer, the time in the queue included; then it gets 504.
  public var requestTimeout: Duration = .seconds(30)
  /// How long an instance of a model may be silent before it is taken for dead and replaced; `nil` waits for ever.
  public var hangTimeout: Duration? = .seconds(120)
  /// How long a version that another one has taken over from may finish its requests; then they get 503.
  public var swapDrainTimeout: Duration = .seconds(60)
  /// How long a model may take for its first answer; a model that does not give it is not served.
  public var warmUpTimeout: Duration = .seconds(120)
  /// Ask every model once before the server listens.
  public var warmsUp = true
  /// Bytes for answers that were given before; 0 keeps none.
  public var responseCacheBytes = 0
  /// Bytes that models which were loaded on demand may fill together with the others; `nil` for no bound.
  public var modelMemoryBytes: Int?
  /// How long a request waits for its model to be loaded; then it gets 503 and `Retry-After`.
  public var loadWait: Duration = .seconds(10)
  /// Faults that models are given on purpose, for tests of what surrounds the server.
  public var faults: [Fault] = []
  /// How long a body may take to arrive; then the request gets 408.
  public var bodyTimeout: Duration = .seconds(30)
  /// How long a connection may stay silent before it is closed.
  public var idleTimeout: Duration = .seconds(60)
  /// How long a stopping server lets requests finish. Then they get 503 and the connections are closed.
  public var drainTimeout: Duration = .seconds(10)
  /// The most requests to one language model that are computed or wait; more are refused with 429 and `Retry-After`.
  public var maxLanguageRequests = 256
  /// The most tokens that a request may ask for; also what a request gets that asks for none. `nil` is what the context has room for.
  public var maxGeneratedTokens: Int?
  /// The most messages of a conversation.
  public var maxMessages = 2048
  /// The most choices of one request, over all its prompts.
  public var maxChoices = 128
  /// The most strings that may end an output.
  public var maxStopStrings = 16
  /// The most tools of one request.
  public var maxTools = 128
  /// The most texts to embed in one request.
  public var maxEmbeddingInputs = 2048
  /// How long a language model may work for one request, the time in the queue included; `nil` is as long as it takes.
  public var generationTimeout: Duration? = .seconds(600)
  /// A stream that has been silent for so long gets a comment, so that nobody in between takes it for dead; `nil` sends none.
  public var streamSilence: Duration? = .seconds(15)
  /// The connection of a client that reads nothing of its stream for so long is closed; `nil` waits for ever.
  public var streamWriteTimeout: Duration? = .seconds(60)
  /// One line in the log for every request.
  public var logsRequests = true
  /// Who may call the server. Without any credential it listens to its own machine only.
  public var access = AccessSettings()
  /// Where traces of requests go, by OTLP over HTTP; `nil` is nowhere.
  public var tracing: TracingSettings?
  /// What the machine costs, for the cost report.
  public var prices: PriceSettings?
  /// A file that keeps what is done on admin routes, each entry with the hash of the one before; `nil` keeps nothing.
  public var auditFile: String?
  /// Encrypts all listeners; `nil` does not.
  public var tls: TLSSettings?
  /// A port of its own for everything that is not asking models: figures, the registry, releases, keys; 0 takes any free one. The other
  /// listener then knows nothing of these. `nil` has everything on one port.
  public var adminPort: Int?
  /// The address of that listener.
  public var adminHost = "127.0.0.1"
  /// Names by which the server may be called (`Host`); `*.example.org` is all names below one. `nil` is its own names where it has no
  /// credentials, so that no web page can reach it by a name that leads here, and any name where it has.
  public var hosts: [String]?
  /// Origins of web pages that may call the server besides its own; `*` is every page.
  public var origins: [String] = []
  /// How long the head of a request may take to arrive; then the connection is closed.
  public var headTimeout: Duration = .seconds(10)
  /// The most requests of one connection; then it is closed. `nil` is as many as come.
  public var maxRequestsPerConnection: Int?
  /// The most connections of one address at one time; `nil` is as many as come.
  public var maxConnectionsPerAddress: Int? = 1024

  /// Where releases are written down and how they are carried out; `nil` for a server without releases.
  public var releases: ReleaseSettings?

  /// Keeps what is done on admin routes, in the place of `auditFile`; `nil` leaves it to that.
  public var audit: (any AuditSink)?
  /// What the server does beside answering.
  public var chores: [ServerChore] = []
  /// Routes of others: on the admin listener where there is one, and nowhere else then.
  package var adminRoutes: [Route] = []

  /// The defaults; change what should differ.
  public init() {}
}

/// Where traces go.
public struct TracingSettings: Sendable, Hashable {
  /// `http://127.0.0.1:4318/v1/traces`
  public var endpoint: String
  /// The share of requests to trace where the caller has not decided, from 0 to 1.
  public var share = 1.0
  /// What the traces call the server.
  public var service = "martlet"
  /// How often they are sent.
  public var interval: Duration = .seconds(2)

  /// Traces all requests.
  public init(endpoint: String) { self.endpoint = endpoint }
}

/// What the machine costs.
public struct PriceSettings: Sendable, Hashable {
  /// One processor core for an hour.
  public var coreHour: Double
  /// One gigabyte of memory for an hour.
  public var gigabyteHour: Double
  /// What the prices are in.
  public var currency: String

  public init(coreHour: Double, gigabyteHour: Double = 0, currency: String = "EUR") {
    self.coreHour = coreHour
    self.gigabyteHour = gigabyteHour
    self.currency = currency
  }
}
