import Bundles
import Commands
import Project
import Registry
import Serving

extension MartletEngine {
  /// Serves a directory of `martlet export --edge`: its one version, no registry, no releases.
  static func serveEdge(_ path: String, _ request: ServeRequest) async throws -> ServeSummary {
    let clock = ContinuousClock.now
    let edge = try EdgeFolder(path)
    let version = edge.description.version
    let execution = request.settings?.execution ?? ProjectExecution()
    var models: [ServedModel] = [], languageModels: [ServedLanguageModel] = []
    if LanguageBundle.kinds.contains(edge.bundle.manifest.kind) {
      languageModels = [try servedLanguageModel(version, edge.bundle, nil, DraftModels([:], nil))]
    } else {
      models = [try served(version, edge.bundle, execution)]
    }
    let options = try options(of: request), reference = version.reference
    let server = try ModelServer(
      models: models, languageModels: languageModels, options: options,
      onReady: announcing("\(reference) out of \(path)", options.access, request))
    return try await run(server, request, [reference], since: clock)
  }
}
