import Bundles
import Foundation
import Images
import MartletCore
import Project
import Registry
import Serving
import Torch

/// How versions of the registry become models of a server.
extension MartletEngine {
  /// A version of the registry, verified and loaded.
  static func served(
    _ version: ModelVersion, from registry: ModelRegistry, _ execution: ProjectExecution = ProjectExecution()
  ) throws -> ServedModel {
    try served(version, registry.bundle(version), execution)
  }

  /// A version whose bundle was verified.
  static func served(
    _ version: ModelVersion, _ bundle: ModelBundle, _ execution: ProjectExecution = ProjectExecution()
  ) throws -> ServedModel {
    if TableBundle.kinds.contains(bundle.manifest.kind) { return try TableServing.model(version, bundle) }
    if TextBundle.kinds.contains(bundle.manifest.kind) { return try TextServing.model(version, bundle) }
    guard bundle.manifest.kind == ImageBundle.kind else {
      throw ArgumentError("\(version.reference) is a \(bundle.manifest.kind), which this server cannot run", expected: ImageBundle.kind)
    }
    let preparation = try bundle.json(ImageRecipe.self, of: ModelBundle.WellKnown.recipe).preparation.plain
    let adapter = InputAdapter { bytes in
      let image = try preparation.decode(Data(bytes), source: "the picture in the request")
      return [TorchClassifier.inputName: try HostArray(try preparation.floats(image), shape: [1] + preparation.shape)]
    }
    let threads = execution.threads
    let device = try Self.device(execution.device ?? "cpu")
    let make: @Sendable () throws -> any Predictor = { try TorchClassifier(bundle: bundle, threads: threads, device: device) }
    let instances = try (0..<(execution.instances ?? 1)).map { _ in try make() }
    return ServedModel(
      name: version.name, version: String(version.number), predictor: instances[0], platform: "martlet_libtorch",
      metrics: version.metrics.mapValues(\.value), adapter: adapter,
      batching: Batching.whileBusy(maxItems: execution.batch ?? 32, maxDelay: .milliseconds(execution.batchDelay ?? 0)),
      replicas: Array(instances.dropFirst()), makeInstance: make, memoryBytes: bundle.manifest.size * instances.count)
  }

  /// Whether this server can run models of a kind.
  static func canServe(_ kind: String) -> Bool {
    TableBundle.kinds.contains(kind) || TextBundle.kinds.contains(kind) || LanguageBundle.kinds.contains(kind) || kind == ImageBundle.kind
  }

  private static func device(_ name: String) throws -> Device {
    guard let device = Device(name), device.kind == .cpu || device.kind == .cuda else {
      throw ArgumentError("serve.execution.device is '\(name)'", expected: "cpu, cuda or cuda:1")
    }
    return device
  }

  /// Loads `NAME` or `NAME@V` of a registry while the server runs.
  static func source(_ registry: String, _ execution: ProjectExecution) -> ModelSource {
    let knows: @Sendable (String) async -> Bool = { reference in
      guard let registry = try? ModelRegistry.open(at: registry), let version = try? registry.resolve(reference),
        let kind = try? registry.manifest(of: version).kind
      else { return false }
      return !LanguageBundle.kinds.contains(kind)
    }
    return ModelSource(onDemand: execution.onDemand ?? false ? knows : nil) { reference in
      let registry = try ModelRegistry.open(at: registry)
      let version = try registry.resolve(reference)
      guard !LanguageBundle.kinds.contains(try registry.manifest(of: version).kind) else {
        throw ArgumentError(
          "\(version.reference) is a language model", expected: "a model that predicts", remedy: "martlet serve \(reference)")
      }
      return try served(version, from: registry, execution)
    }
  }

  /// The ensembles of a project, in the order of their names.
  static func ensembles(_ settings: ProjectServing?) -> [EnsembleSpec] {
    (settings?.ensembles ?? [:]).sorted { $0.key < $1.key }.map { name, ensemble in
      let rule: EnsembleSpec.Rule =
        switch ensemble.rule {
        case .vote: .vote
        case .average: .average
        case .weighted: .weighted(ensemble.weights ?? [])
        case .cascade: .cascade(confidence: ensemble.confidence ?? 0.8)
        }
      return EnsembleSpec(
        name: name, members: ensemble.members, rule: rule, memberFailure: ensemble.memberFailure == .skip ? .skip : .fail)
    }
  }
}

extension ServerOptions {
  /// What a project says about how the server computes.
  mutating func take(_ execution: ProjectExecution) {
    if let queue = execution.queue { maxQueuedRequests = queue }
    if let seconds = execution.timeout { requestTimeout = .seconds(seconds) }
    if let seconds = execution.hang { hangTimeout = .seconds(seconds) }
    if let size = execution.cache { responseCacheBytes = size << 20 }
    if let size = execution.memory { modelMemoryBytes = size << 20 }
  }

  /// Faults of the variable `MARTLET_FAULT`, for tests of what surrounds the server. Programs that were built for release do not look at it.
  mutating func takeFaults() throws {
    #if DEBUG
      if let text = ProcessInfo.processInfo.environment["MARTLET_FAULT"] {
        faults = try text.split(separator: ",").map { try Fault(String($0)) }
      }
    #endif
  }
}
