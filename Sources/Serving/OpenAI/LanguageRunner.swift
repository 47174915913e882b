import HTTPTypes
import MartletCore
import NIOCore
import Synchronization
import Web

/// Runs one language model: counts what is under way, refuses what is too much, and ends everything when the server stops.
///
/// Which request is computed when is the engine's business; a language model works on many at once.
final class LanguageRunner: Sendable {
  let model: ServedLanguageModel
  let metrics = LanguageMetrics()
  private let limit: Int
  private let state = Mutex(State())

  private struct State {
    var active = 0
    var isStopped = false
    var generations: [WeakGeneration] = []
  }

  private struct WeakGeneration: Sendable {
    weak var generation: RunningGeneration?
  }

  init(model: ServedLanguageModel, limit: Int) {
    self.model = model
    self.limit = max(1, limit)
  }

  /// Requests that are computed or wait.
  var active: Int { state.withLock { $0.active } }

  /// - Parameter silence: how long nothing may come before a signal says so; `nil` never says so.
  /// - Throws: `APIProblem` 404 if the model does not generate, 429 where too much is under way, 503 where the server stops.
  func generate(_ request: GenerationRequest, silence: Duration?) throws(APIProblem) -> RunningGeneration {
    guard let generator = model.generator else {
      throw APIProblem(
        Sentence(
          "The model `\(model.name)` makes embeddings only. Did you mean to use v1/embeddings?",
          zh: "模型“\(model.name)”只能生成向量，您是否想用 v1/embeddings？"),
        status: .notFound, param: "model")
    }
    try begin()
    let generation = RunningGeneration(generator, request, runner: self, silence: silence)
    let isStopped = state.withLock { state in
      state.generations.removeAll { $0.generation == nil }
      state.generations.append(WeakGeneration(generation: generation))
      return state.isStopped
    }
    if isStopped { generation.cancel(LanguageRequestError(.stopping)) }
    return generation
  }

  private func begin() throws(APIProblem) {
    let problem: APIProblem? = state.withLock { state in
      if state.isStopped { return .stopping }
      if state.active >= limit { return .busy(state.active) }
      state.active += 1
      return nil
    }
    guard let problem else { return }
    if problem.status == .tooManyRequests { metrics.ended(.rejected) }
    throw problem
  }

  func ended() { state.withLock { $0.active -= 1 } }

  /// - Throws: as `generate`, and what the embedder throws.
  func embed(_ inputs: [EmbeddingInput], dimensions: Int?) async throws -> TextEmbeddings {
    guard let embedder = model.embedder else {
      throw APIProblem(
        Sentence(
          "The model `\(model.name)` does not make embeddings. Did you mean to use v1/completions?",
          zh: "模型“\(model.name)”不能生成向量，您是否想用 v1/completions？"),
        status: .notFound, param: "model")
    }
    try begin()
    defer { ended() }
    let start = NIODeadline.now()
    let result = try await embedder.embed(inputs, dimensions: dimensions)
    guard result.vectors.count == inputs.count else { throw EmbeddingsMissing(expected: inputs.count, found: result.vectors.count) }
    metrics.embedded(inputs: inputs.count, tokens: result.tokens, seconds: (NIODeadline.now() - start).seconds)
    return result
  }

  /// Ends everything that is under way, and refuses everything that comes later.
  func stop() {
    let generations = state.withLock { state in
      state.isStopped = true
      return state.generations.compactMap(\.generation)
    }
    for generation in generations { generation.cancel(LanguageRequestError(.stopping)) }
  }
}

/// An embedder that breaks its own contract: the server's fault, not the client's.
private struct EmbeddingsMissing: MartletError {
  let expected: Int
  let found: Int
  var problem: String { "the model gave \(found) vectors for \(expected) inputs" }
}

/// The language models of a server, by name and version.
struct LanguageTable: Sendable {
  /// In the order in which they were given.
  let runners: [LanguageRunner]
  private let byName: [String: [LanguageRunner]]

  /// - Throws: `ServerError` where two have one name and version.
  init(_ runners: [LanguageRunner]) throws(ServerError) {
    self.runners = runners
    byName = Dictionary(grouping: runners) { $0.model.name }
    for (name, versions) in byName {
      var seen: Set<String> = []
      for runner in versions where !seen.insert(runner.model.version).inserted {
        throw ServerError(.duplicateModel(name: name, version: runner.model.version))
      }
    }
  }

  var names: [String] { byName.keys.sorted() }

  /// What a client may call the models by: the name for the newest version, and `name@version` where there are several.
  var ids: [(id: String, runner: LanguageRunner)] {
    names.flatMap { name -> [(id: String, runner: LanguageRunner)] in
      let versions = byName[name] ?? []
      let newest = versions.last.map { [(id: name, runner: $0)] } ?? []
      return versions.count > 1 ? newest + versions.map { (id: "\(name)@\($0.model.version)", runner: $0) } : newest
    }
  }

  /// The model of a name or `name@version`, or `nil`.
  ///
  /// A model that the caller may not use is not there for them.
  func find(_ id: String) -> LanguageRunner? {
    any(id).flatMap { Caller.current.maySee(model: $0.model.name) ? $0 : nil }
  }

  private func any(_ id: String) -> LanguageRunner? {
    if let newest = byName[id]?.last { return newest }
    guard let mark = id.lastIndex(of: "@") else { return nil }
    let version = id[id.index(after: mark)...]
    return byName[String(id[..<mark])]?.last { $0.model.version == version }
  }

  /// - Throws: `APIProblem` 404 with the nearest name.
  func require(_ id: String) throws(APIProblem) -> LanguageRunner {
    guard let runner = find(id) else { throw .modelNotFound(id, known: names.filter { Caller.current.maySee(model: $0) }) }
    return runner
  }
}
