import HTTPTypes
import Logging
import MartletCore
import NIOCore
import Synchronization
import Web

extension ModelRepository {
  /// Loads a version, or loads it again, and lets it answer requests that name none.
  ///
  /// A version that is loaded already answers until the new copy has shown that it works; if loading fails, it stays. Two calls for the
  /// same name and version are one.
  /// - Parameter version: what the loader takes for the newest if `nil`.
  /// - Throws: what the loader throws; `HTTPProblem` 501 where there is none.
  @discardableResult
  package func load(_ name: String, version: String? = nil) async throws -> ModelChange {
    try await loading(name, version) { [self] model in try await change(to: model, retiring: .sameVersion) }
  }

  /// Loads a version beside the others. What answers requests that name no version stays the same.
  @discardableResult
  package func loadBeside(_ name: String, version: String) async throws -> ModelChange {
    try await loading(name, version) { [self] model in
      let standard = defaultVersion(of: name)
      return try await change(to: model, retiring: .sameVersion, keeping: standard)
    }
  }

  /// Lets another version take over from the one that answers now: it is warmed, then switched to, then the old one finishes its requests
  /// and is let go. A version that does not answer its warm-up changes nothing.
  /// - Returns: when the old version has gone.
  @discardableResult
  package func swap(_ name: String, to model: ServedModel) async throws -> ModelChange {
    guard model.name == name else {
      throw ArgumentError("the model that should take over from '\(name)' is called '\(model.name)'", expected: "the same name")
    }
    return try await change(to: model, retiring: .standard)
  }

  /// Adds a version that is at hand, beside the others.
  @discardableResult
  package func add(_ model: ServedModel, keepsDefault: Bool = true) async throws -> ModelChange {
    try await change(to: model, retiring: .sameVersion, keeping: keepsDefault ? defaultVersion(of: model.name) : nil)
  }

  /// Takes a version away, or all of a name. Requests that it has finish first, for `drain` at most.
  /// - Throws: `HTTPProblem` 404 for what is not there.
  @discardableResult
  package func unload(_ name: String, version: String? = nil, drain: Duration? = nil) async throws -> [ModelChange] {
    let runners = state.withLock { state -> [ModelRunner] in
      let leaving = (state.entries[name] ?? []).filter { (version == nil || $0.version == version) && $0.readyRunner != nil }
      for entry in leaving {
        var entry = entry
        entry.state = .unloading
        state.set(name, entry)
      }
      return leaving.compactMap(\.runner)
    }
    guard !runners.isEmpty else {
      guard versions(of: name).isEmpty, version == nil || state.withLock({ $0.entries[name] == nil }) else {
        throw HTTPProblem(.notFound, "model '\(excerpt(name))' has no version '\(excerpt(version ?? ""))' that is loaded")
      }
      throw HTTPProblem.unknownModel(name, known: names)
    }
    var changes: [ModelChange] = []
    for runner in runners {
      let (abandoned, time) = await retire(runner, drain)
      state.withLock { state in
        // It may have been loaded again in the meantime.
        guard state.entry(name, runner.model.version)?.runner === runner else { return }
        if state.defaults[name] == runner.model.version { state.defaults[name] = nil }
        state.set(name, Entry(version: runner.model.version, state: .unavailable, reason: "unloaded"))
      }
      changes.append(
        ModelChange(
          name: name, version: defaultVersion(of: name), retired: runner.model.version, abandoned: abandoned, drained: time))
    }
    return changes
  }

  /// Asks every model that is loaded once.
  /// - Throws: `ServerError` naming the one that does not answer.
  func warmUp() async throws {
    for runner in runners {
      do {
        try await WarmUp.run(runner.model, limit: settings.warmUp)
      } catch {
        throw ServerError(.brokenModel(name: runner.model.name, version: runner.model.version, detail: "\(error)"))
      }
    }
  }

  /// What a version takes over from, beside an older copy of itself.
  enum Retiring {
    case sameVersion
    /// Also what answered requests that name no version.
    case standard
  }

  // MARK: Steps

  /// Runs the loader once for all who want the same.
  func loading(
    _ name: String, _ version: String?, isEvictable: Bool = false,
    _ install: @escaping @Sendable (ServedModel) async throws -> ModelChange
  ) async throws -> ModelChange {
    guard let loader = settings.loader else {
      throw HTTPProblem(
        .notImplemented, "this server was started with its models and loads no others", expected: "a server with a registry")
    }
    let reference = version.map { "\(name)@\($0)" } ?? name
    let task = state.withLock { state -> Task<ModelChange, any Error> in
      if let running = state.loading[reference] { return running }
      if let version, state.entry(name, version)?.readyRunner == nil {
        state.set(name, Entry(version: version, state: .loading, isEvictable: isEvictable))
      }
      let task = Task { try await self.load(reference, name, version, loader, install) }
      state.loading[reference] = task
      return task
    }
    return try await task.value
  }

  private func load(
    _ reference: String, _ name: String, _ version: String?, _ loader: ModelLoader,
    _ install: @Sendable (ServedModel) async throws -> ModelChange
  ) async throws -> ModelChange {
    defer { state.withLock { $0.loading[reference] = nil } }
    do {
      let model = try await loader(reference)
      guard model.name == name, version == nil || model.version == version else {
        throw ArgumentError("loading \(reference) gave \(model.name)@\(model.version)", expected: reference)
      }
      return try await install(model)
    } catch {
      let reason = (error as? any MartletError)?.description ?? "loading failed"
      logger.error("a model cannot be loaded", metadata: ["model": .string(reference), "detail": .string("\(error)")])
      state.withLock { state in
        // What was loaded before goes on.
        guard let version, state.entry(name, version)?.readyRunner == nil else { return }
        state.set(name, Entry(version: version, state: .unavailable, reason: reason))
      }
      throw error
    }
  }

  /// Warms a model, puts it into the table, and retires the version that it takes over from.
  /// - Parameter keeping: the version that goes on answering requests that name none; the new one if `nil`.
  func change(to model: ServedModel, retiring: Retiring, keeping: String? = nil, isEvictable: Bool = false) async throws -> ModelChange {
    if let ragged = (model.batching as? Batching)?.ragged { try ragged.check(model.predictor.signature) }
    try await WarmUp.run(model, limit: settings.warmUp)
    let runner = runner(model)
    let retired = state.withLock { state -> [ModelRunner]? in
      guard !state.isStopped else { return nil }
      let leaving = retiring == .standard ? state.standard(model.name) : nil
      let same = state.entry(model.name, model.version)?.runner
      if let leaving, leaving !== same { state.remove(model.name, leaving.model.version) }
      state.set(
        model.name, Entry(version: model.version, state: .ready, runner: runner, isEvictable: isEvictable), asNewest: keeping == nil)
      state.defaults[model.name] = keeping
      return leaving === same ? [same].compactMap { $0 } : [leaving, same].compactMap { $0 }
    }
    guard let retired else { throw HTTPProblem.stopping }
    logger.info("a model was loaded", metadata: ["model": .string(model.name), "version": .string(model.version)])
    var abandoned = 0
    var drained = Duration.zero
    for old in retired {
      let (left, time) = await retire(old, nil)
      abandoned += left
      drained += time
    }
    return ModelChange(
      name: model.name, version: defaultVersion(of: model.name), retired: retired.first?.model.version, abandoned: abandoned,
      drained: drained)
  }

  /// Lets a version that nobody finds any more finish its requests.
  private func retire(_ runner: ModelRunner, _ limit: Duration?) async -> (abandoned: Int, time: Duration) {
    let start = ContinuousClock.now
    let abandoned = await runner.drain(for: limit ?? settings.drain)
    settings.cache?.forget(runner.model)
    let time = ContinuousClock.now - start
    logger.info(
      "a model has gone",
      metadata: [
        "model": .string(runner.model.name), "version": .string(runner.model.version), "abandoned": .stringConvertible(abandoned),
      ])
    return (abandoned, time)
  }
}
