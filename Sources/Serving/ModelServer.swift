import Access
import Foundation
import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
import NIOPosix
import Releases
public import ServiceLifecycle
import Synchronization
import UnixSignals
import Web

/// Serves models over HTTP.
///
/// ```swift
/// let server = try ModelServer(models: [ServedModel(name: "fashion", version: "3", predictor: classifier)])
/// try await server.runUntilSignalled()
/// ```
///
/// A `Service` for a group of services, or a program of its own by `runUntilSignalled()`. When it is told to stop it takes no new
/// connections, lets requests in flight finish for `ServerOptions.drainTimeout`, answers what is left with 503, and returns.
public final class ModelServer: Service {
  /// Where a server listens.
  public struct Address: Sendable, Hashable {
    /// As it was given in the options.
    public let host: String
    /// The port that the server got.
    public let port: Int
    /// The port of gRPC; `nil` where it is not served.
    public var grpcPort: Int?
    /// The port of the admin listener; `nil` where there is none.
    public var adminPort: Int?
    /// It speaks TLS.
    public var isEncrypted = false
    /// `http://127.0.0.1:8080`
    public var url: String { "http\(isEncrypted ? "s" : "")://\(host.contains(":") ? "[\(host)]" : host):\(port)" }
  }

  private let options: ServerOptions
  private let logger: Logger
  package let repository: ModelRepository
  private let languages: LanguageTable
  let releases: ReleaseRunner?
  private let readiness = Readiness()
  let listeners: Listeners
  let grpc: GRPCEndpoint?
  private let onReady: @Sendable (Address) async -> Void
  private let bound = Mutex<(data: Address?, admin: Address?)>((nil, nil))

  /// - Parameters:
  ///   - models: several versions of one name are allowed; the last given is the one that answers where a request names none.
  ///   - languageModels: models for the endpoints of OpenAI's clients, by the same rule.
  ///   - ensembles: models that are made of those given before them.
  ///   - source: makes models while the server runs; without it those given here are all.
  ///   - logger: by default a `JSONLogHandler` on standard error.
  ///   - onReady: is called once the server listens, with the port that it got.
  /// - Throws: `ServerError` if there is no model, or two are the same.
  public init(
    models: [ServedModel], languageModels: [ServedLanguageModel] = [], ensembles: [EnsembleSpec] = [],
    options: ServerOptions = ServerOptions(), source: ModelSource? = nil, logger: Logger? = nil,
    onReady: @escaping @Sendable (Address) async -> Void = { _ in }
  ) throws(ServerError) {
    let logger = logger ?? Logger(label: "martlet.serving") { JSONLogHandler(label: $0) }
    let limits = ModelRunner.Limits(
      queue: max(0, options.maxQueuedRequests), timeout: TimeAmount(options.requestTimeout),
      hang: options.hangTimeout.map { TimeAmount($0) })
    let settings = ModelRepository.Settings(
      limits: limits, cache: options.responseCacheBytes > 0 ? ResponseCache(maxBytes: options.responseCacheBytes) : nil,
      loader: source?.load,
      knows: source?.knows, memoryBudget: options.modelMemoryBytes, loadWait: options.loadWait, drain: options.swapDrainTimeout,
      warmUp: options.warmUpTimeout, faults: options.faults)
    let models = try ModelRepository(models, settings: settings, logger: logger, isAlone: languageModels.isEmpty)
    for ensemble in ensembles { try models.add(ensemble) }
    let languages = try LanguageTable(languageModels.map { LanguageRunner(model: $0, limit: options.maxLanguageRequests) })
    for runner in languages.runners
    where models.versions(of: runner.model.name).contains(where: { $0.model.version == runner.model.version }) {
      throw ServerError(.duplicateModel(name: runner.model.name, version: runner.model.version))
    }
    let metrics = ServerMetrics()
    let traffic = options.releases.map { _ in ReleaseTraffic() }
    models.setPolicy(traffic)
    models.setObserver(traffic)
    releases = options.releases.flatMap { settings in
      traffic.map { traffic in
        ReleaseRunner(
          store: settings.store, environment: RepositoryReleases(repository: models, traffic: traffic, alias: settings.moveAlias),
          report: { logger.info("release", metadata: ["detail": .string($0)]) })
      }
    }
    self.options = options
    self.logger = logger
    repository = models
    self.languages = languages
    self.onReady = onReady
    let service = InferenceService(
      models: models, languages: languages, byteLimit: options.maxTensorBytes, languageLimits: LanguageLimits(options),
      readiness: readiness)
    let control = RepositoryControl(models: models, languages: languages)
    let guardian = try Guardian(options, logger: logger)
    grpc = options.grpcPort.map { port in
      GRPCEndpoint(
        InferenceProvider(service: service, repository: control, bodies: guardian.bodies), options: options, port: port,
        guardian: guardian, metrics: metrics, logger: logger)
    }
    listeners = Self.listeners(models, languages, options, service, traffic, control, grpc?.metrics ?? [], guardian, metrics, logger)
  }

  private static func listeners(
    _ models: ModelRepository, _ languages: LanguageTable, _ options: ServerOptions, _ service: InferenceService,
    _ traffic: ReleaseTraffic?, _ repository: RepositoryControl, _ calls: [RouteMetrics], _ guardian: Guardian, _ metrics: ServerMetrics,
    _ logger: Logger
  ) -> Listeners {
    // The page of metrics and the index show all routes, themselves included, so they look into this box.
    let box = Box<Listeners>()
    let page = MetricsEndpoint(
      models: models, languages: languages, metrics: metrics, more: { guardian.writeFigures(to: &$0) },
      routes: { (box.value?.routeMetrics ?? []) + calls })
    let routes =
      PredictEndpoints(models: models, byteLimit: options.maxTensorBytes).routes
      + InferenceEndpoints(service: service).routes
      + GenerateEndpoints(service: service, silence: options.streamSilence, logger: logger).routes
      + RepositoryEndpoints(repository: repository).routes
      + OpenAIEndpoints(
        languages: languages, limits: LanguageLimits(options), silence: options.streamSilence, writeTimeout: options.streamWriteTimeout,
        logger: logger
      ).routes
      + (traffic.flatMap { traffic in
        options.releases.map { ReleaseEndpoints(store: $0.store, recorder: traffic.recorder, repository: models).routes }
      } ?? [])
      + TFServingEndpoints(models: models, languages: languages, byteLimit: options.maxTensorBytes).routes
      + DocumentationEndpoints { box.value?.data.routes.routes ?? [] }.routes
      + StatusEndpoints(models: models, languages: languages, readiness: service.readiness, metrics: metrics).routes
      + [
        Route(.get, "/metrics", .observe, "figures for Prometheus") { _ in page.reply() },
        Route(.get, "/admin/cost", .observe, "what models, versions and keys have cost, and what larger batches would save") { _ in
          CostEndpoint(models: models, ledger: guardian.gate.ledger, prices: options.prices).reply()
        },
        Route(.get, "/", .open, "what can be called") { _ in
          IndexEndpoint.reply(routes: box.value?.data.routes.routes ?? [], models: models, languages: languages)
        },
      ]
    let result = Listeners(routes, guardian, options: options, metrics: metrics, logger: logger)
    box.value = result
    return result
  }

  /// Where the server listens, or `nil` before it does.
  public var address: Address? { bound.withLock { $0.data } }

  /// Where the admin listener listens, or `nil` where there is none.
  public var adminAddress: Address? { bound.withLock { $0.admin } }

  /// Requests that have been answered, whatever the answer.
  public var answeredRequests: Int {
    listeners.routeMetrics.reduce(0) { $0 + Int($1.snapshot.statuses.values.reduce(0, +)) }
  }

  /// Runs until the service group (or the task) tells it to stop.
  /// - Throws: `ServerError` if it cannot listen.
  public func run() async throws {
    if options.warmsUp { try await repository.warmUp() }
    readiness.loops.start()
    do {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await self.listen() }
        group.addTask { try await self.supervise() }
        if let releases = self.releases, let settings = self.options.releases {
          // It goes on until it is cancelled.
          group.addTask { await releases.run({ self.repository.names }, every: settings.interval) }
        }
        if let exporter = listeners.guardian.exporter { group.addTask { await exporter.run() } }
        for chore in options.chores { group.addTask { await chore.run(logger: self.logger) } }
        // The supervisor returns only after the drain timeout, the application when all connections have ended.
        try await group.next()
        group.cancelAll()
        try await group.waitForAll()
      }
    } catch is CancellationError {
    } catch {
      throw translate(error, host: options.host, port: options.port)
    }
  }

  /// Runs all listeners until their last connections have ended.
  private func listen() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.listenToHTTP() }
      if let grpc { group.addTask { try await self.listen(grpc) } }
      try await group.waitForAll()
    }
  }

  private func listen(_ grpc: GRPCEndpoint) async throws {
    do { try await grpc.run() } catch let error as IOError where error.errnoCode == EADDRINUSE {
      throw ServerError(.portTaken(options.grpcPort ?? 0))
    }
  }

  /// Runs until SIGTERM or SIGINT (Ctrl-C), then stops gracefully. SIGHUP never ends it: it reads certificates and keys again.
  /// - Throws: `ServerError` if it cannot listen.
  public func runUntilSignalled() async throws {
    let group = ServiceGroup(configuration: .init(services: [self], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    let signals = await UnixSignalsSequence(trapping: .sighup)
    let reloading = Task { for await _ in signals { await reload() } }
    defer { reloading.cancel() }
    try await group.run()
  }

  /// Reads certificates, API keys and the key sets of tokens again now; what cannot be read stays as it was. (Changed files are found
  /// within a second of the next request anyway.)
  public func reload() async {
    listeners.guardian.identity?.lookAgain(every: .zero)
    await listeners.guardian.gate.reload()
    logger.info("certificates and keys were looked at again")
  }

  /// The application behind the server; tests send requests straight to its responder.
  var application: Application<WebResponder> { listeners.application { channel in await self.didStart(channel) } }

  /// Opens the admin listener, then the other one, so that whoever is told that the server is ready finds both.
  private func listenToHTTP() async throws {
    let (started, continuation) = AsyncStream<Void>.makeStream()
    let admin = listeners.adminApplication { channel in
      let address = Address(
        host: self.options.adminHost, port: channel.localAddress?.port ?? 0, grpcPort: nil, isEncrypted: self.options.tls != nil)
      self.bound.withLock { $0.admin = address }
      continuation.finish()
    }
    guard let admin else { return try await application.run() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        defer { continuation.finish() }
        do {
          try await admin.run()
        } catch {
          throw self.translate(error, host: self.options.adminHost, port: self.options.adminPort ?? 0)
        }
      }
      for await _ in started {}
      if adminAddress != nil {
        let application = application
        group.addTask { try await application.run() }
      }
      try await group.waitForAll()
    }
  }

  private func didStart(_ channel: any Channel) async {
    var address = Address(host: options.host, port: channel.localAddress?.port ?? options.port)
    address.isEncrypted = options.tls != nil
    if let grpc {
      // Where it does not listen the server stops anyway.
      guard let port = try? await grpc.port else { return }
      address.grpcPort = port
    }
    address.adminPort = adminAddress?.port
    let known = address
    bound.withLock { $0.data = known }
    if !options.access.isRequired {
      let whom = options.access.allowsAnyone ? "anyone may do everything" : "there are no keys, so only this machine may call"
      logger.warning("\(whom)", metadata: ["address": .string(known.url)])
    }
    await onReady(address)
  }

  /// Waits for the order to stop, then for the drain timeout, then ends what is left.
  private func supervise() async throws {
    try await gracefulShutdown()
    readiness.beginDraining()
    defer { readiness.loops.stop() }
    logger.info(
      "stopping: requests in flight may finish", metadata: ["seconds": .stringConvertible(TimeAmount(options.drainTimeout).seconds)])
    try await Task.sleep(for: options.drainTimeout)
    logger.warning("the drain timeout has passed; the remaining requests are answered with 503")
    repository.stop()
    for runner in languages.runners { runner.stop() }
    // The answers need a moment to be written.
    try await Task.sleep(for: .milliseconds(200))
  }

  private func translate(_ error: any Error, host: String, port: Int) -> any Error {
    switch error {
    case let error as IOError where error.errnoCode == EADDRINUSE: ServerError(.portTaken(port))
    case let error as IOError where error.errnoCode == EACCES: ServerError(.portForbidden(port))
    case let error as IOError where error.errnoCode == EADDRNOTAVAIL: ServerError(.unknownHost(host))
    case is SocketAddressError, is NIOConnectionError: ServerError(.unknownHost(host))
    case is ServerError: error
    default: ServerError(.other("\(error)"))
    }
  }
}

/// A value that is filled in after closures have caught it.
private final class Box<Value: Sendable>: Sendable {
  private let state = Mutex<Value?>(nil)

  var value: Value? {
    get { state.withLock { $0 } }
    set { state.withLock { $0 = newValue } }
  }
}
