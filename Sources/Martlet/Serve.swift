public import Commands
import Foundation
import MartletCore
import Project
import Registry
import Releases
import Serving
import Torch

#if canImport(Glibc)
  import Glibc
#endif

extension MartletEngine {
  public func serve(_ request: ServeRequest) async throws -> ServeSummary {
    try TorchLibrary.check()
    let clock = ContinuousClock.now
    let registry = try ModelRegistry.open(at: request.surroundings.registry)
    let execution = request.settings?.execution ?? ProjectExecution()
    let isOnDemand = execution.onDemand ?? false
    let all = try request.references.isEmpty && !isOnDemand ? registry.models().map(\.name) : request.references
    guard !all.isEmpty || isOnDemand else {
      throw ArgumentError("the registry \(request.surroundings.registry) holds no model", remedy: "martlet run")
    }
    var models: [ServedModel] = [], languageModels: [ServedLanguageModel] = []
    let drafts = DraftModels(request.listening.drafts, registry)
    try drafts.check(Self.writing(all, registry))
    for reference in all {
      let version = try registry.resolve(reference)
      if LanguageBundle.kinds.contains(try registry.manifest(of: version).kind) {
        languageModels.append(try Self.servedLanguageModel(version, registry.bundle(version), registry, drafts))
      } else {
        models.append(try Self.served(version, from: registry, execution))
      }
    }
    var options = Self.options(of: request)
    options.grpcPort = request.grpcPort
    options.take(execution)
    try options.takeFaults()
    let names = models.map { "\($0.name)@\($0.version)" } + languageModels.map { "\($0.name)@\($0.version)" }
    let quiet = request.surroundings.quiet
    let path = request.surroundings.registry, audience = options.access.audience
    // Releases are files beside the registry; one in a database has no place beside it.
    if !path.contains("://") {
      options.releases = ReleaseSettings(store: ReleaseStore(folder: ReleaseFolder.path(path))) { alias, name, version, note in
        let registry = try ModelRegistry.open(at: path)
        try registry.setAlias(alias, to: registry.resolve("\(name)@\(version)"), note: note)
      }
    }
    let server = try ModelServer(
      models: models, languageModels: languageModels, ensembles: Self.ensembles(request.settings), options: options,
      source: Self.source(request.surroundings.registry, execution)
    ) { address in
      if let path = request.readyFile {
        var ready: [String: JSONValue] = ["host": .string(address.host), "port": .int(address.port), "pid": .int(Int(getpid()))]
        if let port = address.grpcPort { ready["grpc_port"] = .int(port) }
        do { try AtomicFile.write(JSON.encode(JSONValue.object(ready)), to: path) } catch { Terminal.note("\(error)") }
      }
      if !quiet {
        let grpc = address.grpcPort.map { ", gRPC at \(address.host):\($0)" } ?? ""
        Terminal.note("serving \(names.joined(separator: ", ")) at \(address.url)\(grpc) · \(audience) · Ctrl-C stops")
      }
    }
    // Who waits for the file must not take a server that has stopped for one that listens.
    defer { if let path = request.readyFile { try? FileManager.default.removeItem(atPath: path) } }
    try await server.runUntilSignalled()
    return ServeSummary(
      models: names, host: request.host, port: server.address?.port ?? request.port, requests: server.answeredRequests,
      seconds: (ContinuousClock.now - clock) / .seconds(1))
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
