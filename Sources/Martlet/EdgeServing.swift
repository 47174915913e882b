import Commands
import Foundation
import MartletCore
import Project
import Registry
import Serving

#if canImport(Glibc)
  import Glibc
#endif

extension MartletEngine {
  /// Serves a directory of `martlet export --edge`: its one version, no registry, no releases.
  static func serveEdge(_ path: String, _ request: ServeRequest) async throws -> ServeSummary {
    let clock = ContinuousClock.now
    let edge = try EdgeFolder(path)
    let version = edge.description.version
    let execution = request.settings?.execution ?? ProjectExecution()
    var models: [ServedModel] = [], languageModels: [ServedLanguageModel] = []
    if LanguageBundle.kinds.contains(edge.bundle.manifest.kind) {
      languageModels = [try servedLanguageModel(version, edge.bundle)]
    } else {
      models = [try served(version, edge.bundle, execution)]
    }
    var options = options(of: request)
    options.grpcPort = request.grpcPort
    options.take(execution)
    try options.takeFaults()
    let quiet = request.surroundings.quiet, audience = options.access.audience
    let server = try ModelServer(models: models, languageModels: languageModels, options: options) { address in
      if let path = request.readyFile {
        var ready: [String: JSONValue] = ["host": .string(address.host), "port": .int(address.port), "pid": .int(Int(getpid()))]
        if let port = address.grpcPort { ready["grpc_port"] = .int(port) }
        if let port = address.adminPort { ready["admin_port"] = .int(port) }
        do { try AtomicFile.write(JSON.encode(JSONValue.object(ready)), to: path) } catch { Terminal.note("\(error)") }
      }
      if !quiet { Terminal.note("serving \(version.reference) out of \(path) at \(address.url) · \(audience) · Ctrl-C stops") }
    }
    defer { if let path = request.readyFile { try? FileManager.default.removeItem(atPath: path) } }
    try await server.runUntilSignalled()
    return ServeSummary(
      models: [version.reference], host: request.host, port: server.address?.port ?? request.port, requests: server.answeredRequests,
      seconds: (ContinuousClock.now - clock) / .seconds(1))
  }
}
