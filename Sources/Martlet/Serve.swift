import Access
public import Commands
import Foundation
import MartletCore
import Project
import Registry
import Releases
import Serving
import Torch
import TrackingServer

#if canImport(Glibc)
  import Glibc
#endif

extension MartletEngine {
  public func serve(_ request: ServeRequest) async throws -> ServeSummary {
    try TorchLibrary.check()
    FreedMemory.returns(after: .seconds(10))
    // A hang-up makes the server read its files again once it listens, and does nothing before: it never ends it.
    signal(SIGHUP, SIG_IGN)
    if let edge = request.edge { return try await Self.serveEdge(edge, request) }
    let clock = ContinuousClock.now
    let isTracking = request.listening.isTracking
    // Somebody who only keeps track of runs may begin with a new registry.
    let registry = try ModelRegistry.open(at: request.surroundings.registry, create: isTracking)
    let execution = request.settings?.execution ?? ProjectExecution()
    let isOnDemand = execution.onDemand ?? false
    let all = try request.references.isEmpty && !isOnDemand ? registry.models().map(\.name) : request.references
    guard !all.isEmpty || isOnDemand || isTracking else {
      throw ArgumentError("the registry \(request.surroundings.registry) holds no model", remedy: "martlet run")
    }
    var models: [ServedModel] = [], languageModels: [ServedLanguageModel] = []
    let drafts = DraftModels(request.listening.drafts, registry)
    try drafts.check(Self.writing(all, registry))
    for reference in all {
      let version = try registry.resolve(reference), kind = version.kind
      // Whoever names none has not asked for what clients of other libraries keep here.
      if request.references.isEmpty, !Self.canServe(kind) {
        if !request.surroundings.quiet { Terminal.note("\(version.reference) is a \(kind), which is not served") }
        continue
      }
      if LanguageBundle.kinds.contains(kind) {
        languageModels.append(try Self.servedLanguageModel(version, registry.bundle(version), registry, drafts))
      } else {
        models.append(try Self.served(version, from: registry, execution))
      }
    }
    var options = try Self.options(of: request)
    let names = models.map { "\($0.name)@\($0.version)" } + languageModels.map { "\($0.name)@\($0.version)" }
    // Releases are files beside the registry; one that is all on servers has no place beside it.
    if let folder = ReleaseFolder.path(registry) {
      options.releases = ReleaseSettings(store: ReleaseStore(folder: folder)) { alias, name, version, note in
        try registry.setAlias(alias, to: registry.resolve("\(name)@\(version)"), note: note)
      }
    }
    if !registry.isReadOnly {
      options.audit = RegistryAudit(registry)
      // What happened in the registry is told from here, too, whoever did it.
      options.chores.append(
        ServerChore("webhooks", every: .seconds(5)) { mayGoOn in _ = try registry.deliverWebhooks(while: mayGoOn) })
    }
    if isTracking { options.adminRoutes = TrackingEndpoints(try RunRecord.store(registry)).routes }
    let what = names.isEmpty ? "no model yet" : names.joined(separator: ", ")
    let server = try ModelServer(
      models: models, languageModels: languageModels, ensembles: Self.ensembles(request.settings), options: options,
      source: Self.source(request.surroundings.registry, execution), onReady: Self.announcing(what, options.access, request))
    return try await Self.run(server, request, names, since: clock)
  }

  /// Tells people, and whoever waits for the file, where the server listens.
  static func announcing(
    _ what: String, _ access: AccessSettings, _ request: ServeRequest
  ) -> @Sendable (ModelServer.Address) async -> Void {
    let audience = access.audience
    return { address in
      if let path = request.readyFile {
        var ready: [String: JSONValue] = ["host": .string(address.host), "port": .int(address.port), "pid": .int(Int(getpid()))]
        if let port = address.grpcPort { ready["grpc_port"] = .int(port) }
        if let port = address.adminPort { ready["admin_port"] = .int(port) }
        do { try AtomicFile.write(JSON.encode(JSONValue.object(ready)), to: path) } catch { Terminal.note("\(error)") }
      }
      guard !request.surroundings.quiet else { return }
      let grpc = address.grpcPort.map { ", gRPC at \(address.host):\($0)" } ?? ""
      Terminal.note("serving \(what) at \(address.url)\(grpc) · \(audience) · Ctrl-C stops")
    }
  }

  /// Runs until a signal.
  static func run(
    _ server: ModelServer, _ request: ServeRequest, _ names: [String], since start: ContinuousClock.Instant
  ) async throws -> ServeSummary {
    // Who waits for the file must not take a server that has stopped for one that listens.
    defer { if let path = request.readyFile { try? FileManager.default.removeItem(atPath: path) } }
    try await server.runUntilSignalled()
    return ServeSummary(
      models: names, host: request.host, port: server.address?.port ?? request.port, requests: server.answeredRequests,
      seconds: (ContinuousClock.now - start) / .seconds(1))
  }

  /// The names of the models that write among those that are served, and of those that routers name.
  private static func writing(_ references: [String], _ registry: ModelRegistry) throws -> Set<String> {
    var names: Set<String> = []
    for reference in references {
      let version = try registry.resolve(reference)
      switch try registry.manifest(of: version).kind {
      case LanguageBundle.generator: names.insert(version.name)
      case LanguageRoutes.kind:
        let parts = try LanguageRoutes.parts(of: registry.bundle(version))
        names.formUnion(try parts.map { try registry.resolve($0).name })
      default: break
      }
    }
    return names
  }
}
