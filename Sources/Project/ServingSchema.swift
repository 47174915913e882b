import Access
import MartletCore

extension ProjectSchema {
  private static let roles = Shape.list(.word(Role.allCases.map(\.rawValue)), count: 1...5)
  private static let models = Shape.list(.text(.any), count: 0...1000)

  /// Settings of the server.
  static let serve = MappingShape([
    .standard("host", .text(.any), "127.0.0.1", "The address to listen on; 0.0.0.0 is every one of the machine, which takes keys."),
    .standard("port", .whole(0...65_535), 8080, "The port; 0 takes a free one."),
    .optional("execution", .mapping(ProjectExecution.shape), "How the server computes: batches, copies, queues, memory."),
    .optional("ensembles", .table(.mapping(ProjectEnsemble.shape)), "Models that answer as one, by name."),
    .optional("access", .mapping(access), "Who may call the server. Left out: anyone on this machine, and nobody else."),
    .optional("tls", .mapping(tls), "Certificate and key: then all ports speak TLS."),
    .optional(
      "admin", .mapping(admin), "A port of its own for figures, the registry, releases and keys. Left out: they are on the same port."),
    .optional(
      "hosts", .list(.text(.any), count: 1...100),
      "Names by which the server may be called; *.example.org is all below one. Left out: its own without keys, any with keys."),
    .optional("origins", .list(.text(.any), count: 1...100), "Origins of web pages that may call the server, besides its own."),
    .optional("limits", .mapping(limits), "What the server takes at most."),
    .optional("tracing", .mapping(tracing), "Where traces of requests go. Left out: nowhere."),
    .optional("prices", .mapping(prices), "What the machine costs, for the cost report."),
    .optional(
      "drafts", .table(.text(.any)),
      "Smaller models that guess ahead, by the language model's name: {smollm2: tiny@1}; '*' is every one. The same texts, sooner."),
    .optional(
      "tracking", .flag,
      "MLflow's interface, on the admin port where there is one: experiments, runs, their files, and the registry. Left out: false."),
  ])

  private static let access = MappingShape([
    .optional("keys", .text(.path), "The file with API keys, made by martlet keys. Left out: keys.json beside the registry, if there."),
    .optional("tokens", .mapping(tokens), "Signed tokens (JWT) of an identity provider."),
    .standard(
      "certificates", .list(.mapping(certificate), count: 0...1000), [], "What clients' certificates stand for; the first that fits counts."
    ),
    .standard("insecure", .flag, false, "Listen to other machines without any credential: everybody may do everything."),
  ])

  private static let tokens = MappingShape([
    .required("issuer", .text(.any), "What iss must be."),
    .required("audience", .text(.any), "What aud must be, or be among."),
    .required("keys", .text(.any), "The provider's public keys (JWKS): a file, or an address that begins with https://."),
    .standard("roles-claim", .text(.any), "roles", "The claim with the roles; a dot goes into an object: realm_access.roles."),
    .standard("models-claim", .text(.any), "models", "The claim with names of models; a token without it is for all."),
    .standard(
      "roles", .table(.word(Role.allCases.map(\.rawValue))), [:],
      "What the claim's values stand for: {ml-admins: admin}. Empty: themselves."),
    .standard("leeway", .number(.init(from: 0, to: 600)), 60, "Seconds by which clocks may differ."),
  ])

  private static let certificate = MappingShape([
    .required("subject", .text(.any), "The common name, or a DNS or URI name; * stands for any characters."),
    .required("roles", roles, "What it may do: client, monitor, viewer, contributor, admin."),
    .standard("models", models, ["*"], "The models that it may use; * stands for any characters."),
  ])

  private static let tls = MappingShape([
    .required("certificate", .text(.path), "The certificate and those between it and the authority, as PEM."),
    .required("key", .text(.path), "The private key, as PEM."),
    .optional("clients", .text(.path), "The authority of clients' certificates, as PEM. Left out: clients are asked for none."),
    .standard("requires-clients", .flag, false, "A client without a certificate gets no connection."),
  ])

  private static let admin = MappingShape([
    .standard("host", .text(.any), "127.0.0.1", "The address."),
    .required("port", .whole(0...65_535), "The port; 0 takes a free one."),
  ])

  private static let limits = MappingShape([
    .optional("body-bytes", .whole(1...Shape.unbounded), "Of one body."),
    .optional("tensor-bytes", .whole(1...Shape.unbounded), "Of one tensor after decoding."),
    .optional("body-bytes-in-flight", .whole(1...Shape.unbounded), "Of the bodies of all requests that are under way."),
    .optional("header-bytes", .whole(1024...1 << 20), "Of all header fields of a request."),
    .optional("header-fields", .whole(10...10_000), "Header fields of a request."),
    .optional("connections", .whole(counting), "Connections at one time."),
    .optional("connections-per-address", .whole(counting), "Connections of one address at one time."),
    .optional("requests-per-connection", .whole(counting), "Requests of one connection; then it is closed."),
    .optional("head-seconds", positive, "How long the head of a request may take to arrive."),
    .optional("body-seconds", positive, "How long a body may take to arrive."),
    .optional("idle-seconds", positive, "How long a connection may be silent."),
    .optional("drain-seconds", positive, "How long a stopping server lets requests finish."),
  ])

  private static let tracing = MappingShape([
    .required("endpoint", .text(.any), "Where OTLP over HTTP is taken: http://127.0.0.1:4318/v1/traces."),
    .standard("share", .number(.init(from: 0, to: 1)), 1, "The share of requests to trace where the caller has not decided."),
    .standard("service", .text(.any), "martlet", "What the traces call the server."),
  ])

  private static let prices = MappingShape([
    .required("core-hour", .number(.init(from: 0)), "One processor core for an hour."),
    .standard("gigabyte-hour", .number(.init(from: 0)), 0, "One gigabyte of memory for an hour."),
    .standard("currency", .text(.any), "EUR", "What the prices are in."),
  ])
}
