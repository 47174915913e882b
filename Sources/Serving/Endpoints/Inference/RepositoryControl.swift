import HTTPTypes
import MartletCore
import Web

/// What the model repository extension sees: models that come and go, and language models that stay.
struct RepositoryControl: Sendable {
  let models: ModelRepository
  let languages: LanguageTable

  /// What the caller may know of.
  func index() -> [ModelIndexEntry] {
    let all = models.index() + languages.runners.map { ModelIndexEntry(name: $0.model.name, version: $0.model.version, state: .ready) }
    return all.filter { Caller.current.maySee(model: $0.name) }
  }

  /// - Throws: `HTTPProblem` 400 for a language model; what loading throws.
  func load(_ name: String, version: String?) async throws {
    try refuse(name)
    do {
      try await models.load(name, version: version)
    } catch let error as HTTPProblem {
      throw error
    } catch let error as any MartletError {
      // Why a model does not load is what whoever may load it must know.
      throw HTTPProblem(.badRequest, because: error)
    }
  }

  /// - Throws: `HTTPProblem` 404 for what is not there, 400 for a language model.
  func unload(_ name: String, version: String?) async throws {
    try refuse(name)
    try await models.unload(name, version: version)
  }

  private func refuse(_ name: String) throws {
    try Caller.current.require(model: name)
    guard languages.names.contains(name), models.versions(of: name).isEmpty else { return }
    throw HTTPProblem(.badRequest, "language models stay as long as the server runs", remedy: "start it anew")
  }
}
