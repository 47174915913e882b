public import Foundation
import MartletCore
import Synchronization

/// What carries a release out: the process that serves the model. Every call may be repeated after a crash and must then do no harm.
public protocol ReleaseEnvironment: Sendable {
  /// Loads a version beside the one that answers, checks and warms it. Returns at once where it is there.
  /// - Throws: any error where it cannot; nothing has changed then.
  func load(_ model: String, version: String) async throws
  /// Checks that whoever asks the baseline can ask the candidate in the same words. Both are loaded.
  /// - Throws: an error that says what differs.
  func check(_ model: String, baseline: String, candidate: String) async throws
  /// Sends requests that name no version where the split says; `nil` ends splitting: everything goes to `version`.
  func route(_ model: String, to version: String, split: TrafficSplit?) async throws
  /// Lets requests that a version has under way finish, then frees it. Does nothing where it is not there.
  func unload(_ model: String, version: String) async throws
  /// Moves an alias in the registry.
  func moveAlias(_ alias: String, of model: String, to version: String, note: String) async throws
  /// What was seen of both versions since the process began.
  func figures(_ model: String, baseline: String, candidate: String) async -> ReleaseFigures
}

extension ReleaseEnvironment {
  /// Versions that are all asked alike need no check.
  public func check(_ model: String, baseline: String, candidate: String) async throws {}
}

/// The points at which a process may die; tests break them one by one.
package enum ReleaseStep: String, CaseIterable, Sendable {
  case loading, loaded, routing, routed, recorded, promoting, aliasMoved, unloading, unloaded
}

/// Carries out the releases of the models that a process serves.
///
/// Each change is written down before its effects, and effects can be repeated: after `kill -9` at any point the same release goes on where it
/// was. What was seen before the crash is lost, so the step begins anew.
public actor ReleaseRunner {
  private let store: ReleaseStore
  private let environment: any ReleaseEnvironment
  private let clock: @Sendable () -> Date
  private let reach: @Sendable (ReleaseStep) throws -> Void
  /// What had been seen when the step of a release began; also says which releases this process has taken up.
  private var begun: [String: (step: Int, stepStarted: Date, figures: ReleaseFigures)] = [:]
  /// What was reported last of each release.
  private var told: [String: ReleaseState.Event] = [:]
  private let report: @Sendable (String) -> Void

  /// - Parameters:
  ///   - report: is told what happens, in sentences.
  public init(
    store: ReleaseStore, environment: any ReleaseEnvironment, clock: @escaping @Sendable () -> Date = { Date() },
    report: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.store = store
    self.environment = environment
    self.clock = clock
    self.report = report
    reach = { _ in }
  }

  package init(
    store: ReleaseStore, environment: any ReleaseEnvironment, clock: @escaping @Sendable () -> Date,
    reach: @escaping @Sendable (ReleaseStep) throws -> Void
  ) {
    self.store = store
    self.environment = environment
    self.clock = clock
    self.reach = reach
    report = { _ in }
  }

  /// Looks at all releases of these models, again and again until the task is cancelled.
  public func run(_ models: @Sendable () async -> [String], every seconds: Double = 1) async {
    while !Task.isCancelled {
      for model in await models() {
        do { try await tick(model) } catch { report("the release of \(model): \(error)") }
      }
      try? await Task.sleep(nanoseconds: UInt64(max(0.01, seconds) * 1e9))
    }
  }

  /// Begins a release in this process.
  /// - Throws: `ReleaseError` `.badPlan`, `.underWay`, `.store`.
  @discardableResult
  public func begin(_ plan: ReleasePlan, by actor: String) async throws -> ReleaseState {
    let state = try ReleaseState(plan, by: actor, at: clock())
    try store.begin(state)
    return state
  }

  /// Takes one look at a model's release: orders, loading, gates, effects.
  public func tick(_ model: String) async throws {
    guard var state = try store.active(model) else { return }
    if begun[state.id] == nil { try await takeUp(&state) }
    try obeyOrders(&state)
    switch state.phase {
    case .preparing: try await prepare(&state)
    case .running, .holding: try await look(&state)
    default: break
    }
    switch state.phase {
    case .promoting: try await promote(&state)
    case .rollingBack: try await rollBack(&state)
    default: break
    }
  }

  /// This process has not seen the release before: it begins, or it goes on after a crash.
  private func takeUp(_ state: inout ReleaseState) async throws {
    if state.phase == .running || state.phase == .holding {
      do {
        try await environment.load(state.plan.model, version: state.plan.baseline)
        try await environment.load(state.plan.model, version: state.plan.candidate)
        try await environment.route(state.plan.model, to: state.plan.baseline, split: state.split)
        state.note(clock(), ReleaseState.itself, "taken up after a restart; step \(state.step + 1) begins anew")
        state.beginStep(at: clock())
      } catch {
        state.failed("\(state.plan.model)@\(state.plan.candidate) cannot be loaded after a restart: \(Self.words(error))", at: clock())
      }
      try save(state)
    } else if state.phase == .preparing {
      state.note(clock(), ReleaseState.itself, "taken up by a server; \(state.plan.model)@\(state.plan.candidate) is being loaded")
      try save(state)
    }
    await mark(state)
  }

  private func mark(_ state: ReleaseState) async {
    let figures = await environment.figures(state.plan.model, baseline: state.plan.baseline, candidate: state.plan.candidate)
    begun[state.id] = (state.step, state.stepStarted, figures)
  }

  private func obeyOrders(_ state: inout ReleaseState) throws {
    for (waiting, path) in try store.orders(state) {
      do { try state.obey(waiting.order, by: waiting.actor, reason: waiting.reason, at: clock()) } catch {
        state.note(clock(), waiting.actor, "not done: \(error.description)")
      }
      // First the state, then the order: one that is carried out twice does no harm, one that is lost does.
      try save(state)
      try? FileManager.default.removeItem(atPath: path)
    }
  }

  private func prepare(_ state: inout ReleaseState) async throws {
    try reach(.loading)
    do {
      try await environment.load(state.plan.model, version: state.plan.candidate)
      try await environment.check(state.plan.model, baseline: state.plan.baseline, candidate: state.plan.candidate)
    } catch {
      state.failed("\(state.plan.model)@\(state.plan.candidate) cannot be loaded: \(Self.words(error))", at: clock())
      return try save(state)
    }
    try reach(.loaded)
    state.prepared(at: clock())
    try save(state)
    try await route(state)
    await mark(state)
  }

  private func look(_ state: inout ReleaseState) async throws {
    let before = state
    let all = await environment.figures(state.plan.model, baseline: state.plan.baseline, candidate: state.plan.candidate)
    if begun[state.id].map({ $0.step != state.step || $0.stepStarted != state.stepStarted }) ?? true {
      begun[state.id] = (state.step, state.stepStarted, all)
      try await route(state)
    }
    let seen = all.since(begun[state.id]?.figures ?? ReleaseFigures())
    state.look(at: seen, now: clock())
    guard state != before else { return }
    try save(state)
    if state.step != before.step {
      begun[state.id] = (state.step, state.stepStarted, all)
      try await route(state)
    }
  }

  private func route(_ state: ReleaseState) async throws {
    try reach(.routing)
    try await environment.route(state.plan.model, to: state.plan.baseline, split: state.split)
    try reach(.routed)
  }

  private func promote(_ state: inout ReleaseState) async throws {
    try reach(.promoting)
    let plan = state.plan
    do {
      // After a restart the candidate may not be there.
      try await environment.load(plan.model, version: plan.candidate)
    } catch {
      state.failed("\(plan.model)@\(plan.candidate) cannot be loaded: \(Self.words(error))", at: clock())
      try save(state)
      return try await rollBack(&state)
    }
    try await environment.route(plan.model, to: plan.candidate, split: nil)
    if let alias = plan.alias {
      if !state.hasMovedAlias {
        state.hasMovedAlias = true
        try save(state)
      }
      try await environment.moveAlias(alias, of: plan.model, to: plan.candidate, note: "release \(state.id)")
      try reach(.aliasMoved)
    }
    try reach(.unloading)
    try await environment.unload(plan.model, version: plan.baseline)
    try reach(.unloaded)
    try finish(&state)
  }

  private func rollBack(_ state: inout ReleaseState) async throws {
    let plan = state.plan
    try await environment.load(plan.model, version: plan.baseline)
    try reach(.routing)
    try await environment.route(plan.model, to: plan.baseline, split: nil)
    if let alias = plan.alias, state.hasMovedAlias {
      try await environment.moveAlias(alias, of: plan.model, to: plan.baseline, note: "release \(state.id) was rolled back")
    }
    try reach(.unloading)
    try await environment.unload(plan.model, version: plan.candidate)
    try reach(.unloaded)
    try finish(&state)
  }

  private func finish(_ state: inout ReleaseState) throws {
    state.finished(at: clock())
    try save(state)
    begun[state.id] = nil
    told[state.id] = nil
  }

  private func save(_ state: ReleaseState) throws {
    try store.write(state)
    // Every look at the gates is saved; what was said stays said.
    if let event = state.events.last, told[state.id] != event {
      told[state.id] = event
      report("\(state.plan.model): \(event.text)")
    }
    try reach(.recorded)
  }

  private static func words(_ error: any Error) -> String { (error as? any MartletError)?.description ?? "\(error)" }
}
