import HTTPTypes
import Logging
import MartletCore
import Synchronization
import Web

extension ModelRepository {
  /// Loads what a request asks for, where the server loads on demand, and waits for it for a while.
  /// - Throws: `HTTPProblem` 404 for a name that nobody knows, 503 with `Retry-After` while it is being loaded or there is no room.
  func loadForRequest(_ name: String, _ version: String?) async throws {
    guard let knows = settings.knows, settings.loader != nil else { return }
    // A name that somebody made up must not become work for the registry's disk.
    guard await knows(version.map { "\(name)@\($0)" } ?? name) else { throw HTTPProblem.unknownModel(name, known: names) }
    do {
      _ = try await TimeLimit.run(settings.loadWait) { [self] in
        try await loading(name, version, isEvictable: true) { [self] model in
          // One after the other: two that make room at the same time would both take it.
          await turns.take()
          defer { turns.giveBack() }
          try await makeRoom(for: model)
          return try await change(to: model, retiring: .sameVersion, keeping: defaultVersion(of: name), isEvictable: true)
        }
      } late: {
        HTTPProblem.stillLoading(model: name)
      }
    } catch let error as HTTPProblem {
      throw error
    } catch {
      var problem = HTTPProblem(.serviceUnavailable, "model '\(excerpt(name))' cannot be loaded", remedy: "ask whoever runs the server")
      problem.detail = "\(error)"
      throw problem
    }
  }

  /// Bytes of the models that are loaded, as far as they say.
  package var memoryInUse: Int { runners.reduce(0) { $0 + $1.model.memoryBytes } }

  /// Unloads what was loaded on demand and not asked for longest, until a model fits into the budget.
  /// - Throws: `HTTPProblem` 503 where only models are left that may not go.
  private func makeRoom(for model: ServedModel) async throws {
    guard let budget = settings.memoryBudget else { return }
    while memoryInUse + model.memoryBytes > budget {
      let candidate = state.withLock { state in
        state.entries.values.joined().filter { $0.isEvictable && $0.readyRunner != nil }.compactMap(\.runner)
          .min { $0.lastUsed < $1.lastUsed }
      }
      guard let candidate else { throw HTTPProblem.noRoom(model: model.name, needs: model.memoryBytes, budget: budget) }
      logger.info(
        "a model makes room for another",
        metadata: [
          "model": .string("\(candidate.model.name)@\(candidate.model.version)"), "for": .string("\(model.name)@\(model.version)"),
        ])
      try await unload(candidate.model.name, version: candidate.model.version)
      state.withLock { state in
        guard state.entry(candidate.model.name, candidate.model.version)?.state == .unavailable else { return }
        state.set(candidate.model.name, Entry(version: candidate.model.version, state: .unavailable, reason: "made room for another model"))
      }
    }
  }
}

/// Lets tasks do something one after the other, in the order in which they asked.
final class Turns: Sendable {
  private struct State {
    var isTaken = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  func take() async {
    await withCheckedContinuation { continuation in
      let isFree = state.withLock { state in
        if state.isTaken { state.waiting.append(continuation) }
        defer { state.isTaken = true }
        return !state.isTaken
      }
      if isFree { continuation.resume() }
    }
  }

  func giveBack() {
    let next = state.withLock { state in
      guard !state.waiting.isEmpty else {
        state.isTaken = false
        return nil as CheckedContinuation<Void, Never>?
      }
      return state.waiting.removeFirst()
    }
    next?.resume()
  }
}
