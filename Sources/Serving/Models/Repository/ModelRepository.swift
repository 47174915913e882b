import HTTPTypes
import Logging
import MartletCore
import NIOCore
import Synchronization
import Web

/// The models of a server, by name and version, while they come and go.
///
/// Requests find a version and hold it by their ``ModelCall``; whoever changes the table never waits for them while it is locked, and a
/// version that is taken away finishes the requests that hold it. No lock is held across an `await`.
package final class ModelRepository: Sendable {
  /// How models come into being and how much of them there may be.
  struct Settings: Sendable {
    var limits: ModelRunner.Limits
    var cache: ResponseCache?
    /// Makes a model of `name` or `name@version`; `nil` where the models are given once and for all.
    var loader: ModelLoader?
    /// Names that are loaded when somebody asks for them; without it nothing is.
    var knows: (@Sendable (String) async -> Bool)?
    /// Bytes that loaded models may take; `nil` for no bound.
    var memoryBudget: Int?
    /// How long a request waits for its model to be loaded.
    var loadWait: Duration = .seconds(10)
    /// How long a retired version may finish its requests.
    var drain: Duration = .seconds(60)
    /// How long a new version may take for its first answer.
    var warmUp: Duration = .seconds(120)
    /// Given to models on purpose.
    var faults: [Fault] = []
  }

  /// One version of a name.
  struct Entry {
    let version: String
    var state: ModelState
    var reason = ""
    var runner: ModelRunner?
    /// It was loaded because somebody asked, and may go when there is no room.
    var isEvictable = false
  }

  struct State {
    /// In the order in which names came.
    var names: [String] = []
    /// The newest last.
    var entries: [String: [Entry]] = [:]
    /// What answers requests that name no version, where it is not the newest.
    var defaults: [String: String] = [:]
    var policy: (any TrafficPolicy)?
    var loading: [String: Task<ModelChange, any Error>] = [:]
    var isStopped = false
  }

  let settings: Settings
  let logger: Logger
  let lane = ShadowLane()
  let turns = Turns()
  let state = Mutex(State())

  /// - Throws: `ServerError` where two models have one name and version, or there is none and nothing can be loaded.
  init(_ models: [ServedModel], settings: Settings, logger: Logger, isAlone: Bool = true) throws(ServerError) {
    guard !models.isEmpty || !isAlone || settings.loader != nil else { throw ServerError(.noModels) }
    self.settings = settings
    self.logger = logger
    for model in models { try insert(model) }
  }

  /// Puts a model into the table before the server runs.
  /// - Throws: `ServerError` where its name and version are taken.
  func insert(_ model: ServedModel) throws(ServerError) {
    let runner = runner(model)
    let isNew = state.withLock { state in
      guard state.entry(model.name, model.version) == nil else { return false }
      state.set(model.name, Entry(version: model.version, state: .ready, runner: runner))
      return true
    }
    guard isNew else { throw ServerError(.duplicateModel(name: model.name, version: model.version)) }
  }

  func runner(_ model: ServedModel) -> ModelRunner {
    ModelRunner(model: model.with(settings.faults), limits: settings.limits, logger: logger, cache: settings.cache)
  }

  // MARK: What there is

  /// Every version that the server knows, loaded or not, by name and then in the order in which they came.
  package func index() -> [ModelIndexEntry] {
    state.withLock { state in
      state.names.flatMap { name in
        (state.entries[name] ?? []).map { ModelIndexEntry(name: name, version: $0.version, state: $0.state, reason: $0.reason) }
      }
    }
  }

  /// The names of models that answer, sorted.
  package var names: [String] { state.withLock { state in state.names.filter { !state.ready($0).isEmpty }.sorted() } }

  /// What answers, by name in the order in which the names came, the newest version last.
  package var runners: [ModelRunner] { state.withLock { state in state.names.flatMap { state.ready($0) } } }

  /// The versions of one name that answer, the newest last.
  package func versions(of name: String) -> [ModelRunner] { state.withLock { $0.ready(name) } }

  /// What answers requests that name no version.
  package func defaultVersion(of name: String) -> String? { state.withLock { $0.standard(name)?.model.version } }

  // MARK: Requests

  /// The version that answers a request, held until the call is let go. Loads it if it may.
  /// - Parameters:
  ///   - version: what the client named; `nil` asks the traffic policy, and then the default version.
  /// - Throws: `HTTPProblem` 404 naming what there is, 503 for a version that is being loaded or has gone.
  package func find(
    _ name: String, version: String? = nil, for request: RequestIdentity = RequestIdentity(requestID: "")
  ) async throws
    -> ModelCall
  {
    try Caller.current.require(model: name)
    if let call = try take(name, version, request) { return call }
    try await loadForRequest(name, version)
    guard let call = try take(name, version, request) else {
      throw HTTPProblem.unknownModel(name, known: names.filter { Caller.current.maySee(model: $0) })
    }
    return call
  }

  /// The model of `POST /predict`, which names none.
  /// - Throws: `HTTPProblem` 400 where there is more than one.
  package func only(for request: RequestIdentity = RequestIdentity(requestID: "")) async throws -> ModelCall {
    let names = state.withLock { state in state.names.filter { !state.ready($0).isEmpty } }
    guard names.count == 1, let name = names.first else {
      throw HTTPProblem(
        .badRequest, "this server has \(names.count) models, so the request must name one",
        remedy: names.isEmpty
          ? nil : names.sorted().filter { Caller.current.maySee(model: $0) }.map { "/models/\($0)/predict" }.joined(separator: " or "))
    }
    return try await find(name, for: request)
  }

  /// - Returns: `nil` where loading may help.
  private func take(_ name: String, _ version: String?, _ request: RequestIdentity) throws -> ModelCall? {
    let observer = lane.observer
    var decision = TrafficDecision(version: version)
    if version == nil, let policy = state.withLock({ $0.policy }) { decision = policy.choose(model: name, request: request) }
    let found = state.withLock { state -> (runner: ModelRunner, shadows: [ModelRunner])? in
      let chosen = decision.version.flatMap { state.entry(name, $0)?.readyRunner }
      guard let runner = version == nil ? chosen ?? state.standard(name) : chosen else { return nil }
      runner.lease()
      let shadows = decision.shadows.filter { $0 != runner.model.version }.compactMap { state.entry(name, $0)?.readyRunner }
      for shadow in shadows { shadow.lease() }
      return (runner, shadows)
    }
    guard let found else {
      try explain(name, version)
      return nil
    }
    let traffic =
      observer == nil && found.shadows.isEmpty ? nil : ModelCall.Traffic(observer: observer, shadows: found.shadows, lane: lane)
    return ModelCall(found.runner, request, traffic)
  }

  /// - Throws: why nothing answers, unless loading may help.
  private func explain(_ name: String, _ version: String?) throws {
    let (entries, mayLoad) = state.withLock { ($0.entries[name] ?? [], settings.knows != nil && settings.loader != nil) }
    if let version {
      let entry = entries.first { $0.version == version }
      if entry == nil || entry?.state == .unavailable, mayLoad { return }
      guard let entry else {
        guard !entries.isEmpty else { throw HTTPProblem.unknownModel(name, known: names.filter { Caller.current.maySee(model: $0) }) }
        throw HTTPProblem(
          .notFound, "model '\(name)' has no version '\(excerpt(version))'", expected: entries.map(\.version).joined(separator: ", "))
      }
      throw HTTPProblem.notReady(model: name, version: version, entry.state, reason: entry.reason)
    }
    if mayLoad { return }
    guard let newest = entries.last else { throw HTTPProblem.unknownModel(name, known: names.filter { Caller.current.maySee(model: $0) }) }
    throw HTTPProblem.notReady(model: name, version: newest.version, newest.state, reason: newest.reason)
  }

  // MARK: Traffic

  /// Who chooses versions for requests that name none; `nil` for the default versions.
  package func setPolicy(_ policy: (any TrafficPolicy)?) { state.withLock { $0.policy = policy } }

  /// Who sees what became of requests.
  package func setObserver(_ observer: (any TrafficObserver)?) { lane.observer = observer }

  /// Lets a version that is loaded answer requests that name none.
  /// - Throws: `HTTPProblem` 404 if it is not ready.
  package func setDefault(_ name: String, version: String) throws {
    let isReady = state.withLock { state in
      guard state.entry(name, version)?.readyRunner != nil else { return false }
      state.defaults[name] = version
      return true
    }
    guard isReady else { throw HTTPProblem(.notFound, "model '\(name)' has no version '\(version)' that is ready") }
  }

  /// Answers everything with 503 from now on.
  func stop() {
    let runners = state.withLock { state in
      state.isStopped = true
      return state.entries.values.flatMap { $0.compactMap(\.runner) }
    }
    for runner in runners { runner.stop() }
  }
}

extension ModelRepository.Entry {
  var readyRunner: ModelRunner? { state == .ready ? runner : nil }
}

extension ModelRepository.State {
  func entry(_ name: String, _ version: String) -> ModelRepository.Entry? { entries[name]?.first { $0.version == version } }

  func ready(_ name: String) -> [ModelRunner] { (entries[name] ?? []).compactMap(\.readyRunner) }

  /// What answers requests that name no version.
  func standard(_ name: String) -> ModelRunner? {
    if let version = defaults[name], let runner = entry(name, version)?.readyRunner { return runner }
    return entries[name]?.last { $0.readyRunner != nil }?.runner
  }

  /// Puts an entry in the place of the one of its version, or behind all others.
  mutating func set(_ name: String, _ entry: ModelRepository.Entry, asNewest: Bool = false) {
    if entries[name] == nil { names.append(name) }
    var list = entries[name] ?? []
    if let index = list.firstIndex(where: { $0.version == entry.version }) {
      if asNewest {
        list.remove(at: index)
        list.append(entry)
      } else {
        list[index] = entry
      }
    } else {
      list.append(entry)
    }
    entries[name] = list
  }

  mutating func remove(_ name: String, _ version: String) {
    entries[name]?.removeAll { $0.version == version }
    if defaults[name] == version { defaults[name] = nil }
    if entries[name]?.isEmpty ?? false {
      entries[name] = nil
      names.removeAll { $0 == name }
    }
  }
}
