import Bundles
public import Commands
import Foundation
import Images
import MartletCore
import Registry
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
    let references = try request.references.isEmpty ? registry.models().map(\.name) : request.references
    guard !references.isEmpty else {
      throw ArgumentError("the registry \(request.surroundings.registry) holds no model", remedy: "martlet run")
    }
    var models: [ServedModel] = [], languageModels: [ServedLanguageModel] = []
    for reference in references {
      let version = try registry.resolve(reference)
      if LanguageBundle.kinds.contains(try registry.manifest(of: version).kind) {
        languageModels.append(try Self.servedLanguageModel(version, registry.bundle(version)))
      } else {
        models.append(try Self.served(version, from: registry))
      }
    }
    var options = ServerOptions()
    options.host = request.host
    options.port = request.port
    let names = models.map { "\($0.name)@\($0.version)" } + languageModels.map { "\($0.name)@\($0.version)" }
    let quiet = request.surroundings.quiet
    let server = try ModelServer(models: models, languageModels: languageModels, options: options) { address in
      if let path = request.readyFile {
        let ready: JSONValue = ["host": .string(address.host), "port": .int(address.port), "pid": .int(Int(getpid()))]
        do { try AtomicFile.write(JSON.encode(ready), to: path) } catch { Terminal.note("\(error)") }
      }
      if !quiet { Terminal.note("serving \(names.joined(separator: ", ")) at \(address.url) · Ctrl-C stops") }
    }
    // Who waits for the file must not take a server that has stopped for one that listens.
    defer { if let path = request.readyFile { try? FileManager.default.removeItem(atPath: path) } }
    try await server.runUntilSignalled()
    return ServeSummary(
      models: names, host: request.host, port: server.address?.port ?? request.port, requests: server.answeredRequests,
      seconds: (ContinuousClock.now - clock) / .seconds(1))
  }

  /// A version of the registry, verified and loaded, with one forward pass behind it so that the first request is not the slow one.
  static func served(_ version: ModelVersion, from registry: ModelRegistry) throws -> ServedModel {
    let bundle = try registry.bundle(version)
    if TableBundle.kinds.contains(bundle.manifest.kind) { return try TableServing.model(version, bundle) }
    guard bundle.manifest.kind == ImageBundle.kind else {
      throw ArgumentError("\(version.reference) is a \(bundle.manifest.kind), which this server cannot run", expected: ImageBundle.kind)
    }
    let preparation = try bundle.json(ImageRecipe.self, of: ModelBundle.WellKnown.recipe).preparation.plain
    let adapter = InputAdapter { bytes in
      let image = try preparation.decode(Data(bytes), source: "the picture in the request")
      return [TorchClassifier.inputName: try HostArray(try preparation.floats(image), shape: [1] + preparation.shape)]
    }
    return ServedModel(
      name: version.name, version: String(version.number), predictor: try TorchClassifier(bundle: bundle), platform: "martlet_libtorch",
      metrics: version.metrics.mapValues(\.value), adapter: adapter)
  }
}
