import Foundation
import MartletCore
import Synchronization
import Testing

@testable import Releases

/// A server that a test can look into. What it holds is lost when it "dies"; the registry's alias is not.
private final class FakeServer: ReleaseEnvironment {
  struct State {
    var loaded: Set<String> = ["1"]
    var answers = "1"
    var split: TrafficSplit?
    var alias = "1"
    var figures = ReleaseFigures()
    var brokenVersions: Set<String> = []
  }

  struct Broken: Error {}

  let state = Mutex(State())

  func load(_ model: String, version: String) async throws {
    try state.withLock { state in
      if state.brokenVersions.contains(version) { throw Broken() }
      state.loaded.insert(version)
    }
  }

  func route(_ model: String, to version: String, split: TrafficSplit?) async throws {
    state.withLock { state in
      state.answers = version
      state.split = split
      #expect(state.loaded.contains(version), "traffic to \(version), which is not loaded")
      if let split, split.share > 0 { #expect(state.loaded.contains(split.candidate)) }
    }
  }

  func unload(_ model: String, version: String) async throws {
    state.withLock { state in
      #expect(state.answers != version && state.split == nil, "version \(version) is freed while it answers")
      state.loaded.remove(version)
    }
  }

  func moveAlias(_ alias: String, of model: String, to version: String, note: String) async throws {
    state.withLock { $0.alias = version }
  }

  func figures(_ model: String, baseline: String, candidate: String) async -> ReleaseFigures { state.withLock { $0.figures } }

  /// Requests of one second.
  func serve(errors: Int = 0) {
    state.withLock { state in
      guard let split = state.split, split.share > 0 || split.isShadowing else { return }
      state.figures.candidate.requests += 100
      state.figures.candidate.failures += errors
      state.figures.baseline.requests += 100
    }
  }

  /// The process dies and begins again with what the registry's alias names.
  func restart() {
    state.withLock { state in
      state.loaded = [state.alias]
      state.answers = state.alias
      state.split = nil
      state.figures = ReleaseFigures()
    }
  }
}

private final class Clock: Sendable {
  private let time = Mutex(Date(timeIntervalSince1970: 1_000_000))
  var now: Date { time.withLock { $0 } }
  func advance(_ seconds: Double) { time.withLock { $0 += seconds } }
}

private struct Killed: Error {}

private final class Bench: Sendable {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("releases-\(UUID().uuidString)").path
  let server = FakeServer()
  let clock = Clock()
  var store: ReleaseStore { ReleaseStore(folder: folder) }

  static let plan: ReleasePlan = {
    var plan = ReleasePlan(
      model: "m", baseline: "1", candidate: "2",
      steps: [.init(share: 0, seconds: 5), .init(share: 0.2, seconds: 5), .init(share: 0.6, seconds: 5)], alias: "production")
    plan.gates = [.errorRate(atMost: 0.05)]
    return plan
  }()

  func runner(_ reach: @escaping @Sendable (ReleaseStep) throws -> Void = { _ in }) -> ReleaseRunner {
    let clock = clock
    return ReleaseRunner(store: store, environment: server, clock: { clock.now }, reach: reach)
  }

  /// A second of traffic and a look, until the release is over.
  func run(_ runner: ReleaseRunner, errors: Int = 0, seconds: Int = 200) async throws {
    for _ in 0..<seconds {
      try await runner.tick("m")
      if try store.active("m") == nil { return }
      clock.advance(1)
      server.serve(errors: errors)
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }
}

@Suite struct ReleaseRunnerTests {
  @Test func `a good version takes over, its alias with it, and the old one is freed`() async throws {
    let bench = Bench()
    let runner = bench.runner()
    try await runner.begin(Bench.plan, by: "ann")
    try await bench.run(runner)
    #expect(try bench.store.newest("m")?.phase == .promoted)
    bench.server.state.withLock { state in
      #expect(state.answers == "2" && state.split == nil && state.alias == "2" && state.loaded == ["2"])
    }
  }

  @Test func `a broken version is sent back within seconds and freed`() async throws {
    let bench = Bench()
    let runner = bench.runner()
    try await runner.begin(Bench.plan, by: "ann")
    try await bench.run(runner, errors: 90)
    let state = try #require(try bench.store.newest("m"))
    #expect(state.phase == .rolledBack)
    let last = try #require(state.events.last).time.timeIntervalSince(state.started)
    #expect(last <= 3, "\(last) s of the bench's clock")
    bench.server.state.withLock { #expect($0.answers == "1" && $0.alias == "1" && $0.loaded == ["1"]) }
  }

  @Test func `a version that cannot be loaded changes nothing`() async throws {
    let bench = Bench()
    bench.server.state.withLock { $0.brokenVersions = ["2"] }
    let runner = bench.runner()
    try await runner.begin(Bench.plan, by: "ann")
    try await bench.run(runner)
    let state = try #require(try bench.store.newest("m"))
    #expect(state.phase == .rolledBack && state.reason?.contains("m@2 cannot be loaded") == true)
    bench.server.state.withLock { #expect($0.answers == "1" && $0.loaded == ["1"]) }
  }

  @Test func `one release at a time`() async throws {
    let bench = Bench()
    let runner = bench.runner()
    try await runner.begin(Bench.plan, by: "ann")
    var other = Bench.plan
    other.candidate = "3"
    let error = await #expect(throws: ReleaseError.self) { try await runner.begin(other, by: "bob") }
    #expect(error?.kind == .underWay)
    try bench.store.order(.rollback, "m", by: "ann", reason: "the wrong one")
    try await bench.run(runner)
    #expect(try bench.store.newest("m")?.reason == "rolled back by ann: the wrong one")
    bench.clock.advance(1)
    try await runner.begin(other, by: "bob")
    #expect(try bench.store.history("m").map(\.plan.candidate) == ["3", "2"])
  }

  @Test func `orders are carried out once each, those that do not fit are noted`() async throws {
    let bench = Bench()
    let runner = bench.runner()
    #expect(throws: ReleaseError.self) { try bench.store.order(.pause, "m", by: "ann") }
    try await runner.begin(Bench.plan, by: "ann")
    try bench.store.order(.approve, "m", by: "too early")
    try await runner.tick("m")
    try bench.store.order(.pause, "m", by: "bob")
    try bench.store.order(.resume, "m", by: "cid")
    try await runner.tick("m")
    try await runner.tick("m")
    let texts = try #require(try bench.store.active("m")).events.map { "\($0.actor): \($0.text)" }
    #expect(texts.count { $0.hasPrefix("too early: not done") } == 1)
    #expect(texts.count { $0 == "bob: paused" } == 1 && texts.count { $0 == "cid: goes on" } == 1, "\(texts)")
  }

  /// At every point of every release, good or bad, the process dies at once; another one goes on.
  @Test(arguments: ReleaseStep.allCases, [0, 90])
  func `killed anywhere, the release ends as it would have`(step: ReleaseStep, errors: Int) async throws {
    for death in 1...6 {
      let bench = Bench()
      let passed = Mutex(0)
      let dying = bench.runner { reached in
        guard reached == step else { return }
        let count = passed.withLock { count in
          count += 1
          return count
        }
        if count == death { throw Killed() }
      }
      try await dying.begin(Bench.plan, by: "ann")
      do { try await bench.run(dying, errors: errors) } catch is Killed {
        bench.server.restart()
        // What it left can be read, whole.
        #expect(try bench.store.newest("m") != nil)
        try await bench.run(bench.runner(), errors: errors)
      }
      let state = try #require(try bench.store.newest("m"))
      #expect(state.phase == (errors == 0 ? .promoted : .rolledBack), "\(step) for the \(death). time: \(state.events.map(\.text))")
      let version = errors == 0 ? "2" : "1"
      bench.server.state.withLock { state in
        #expect(state.answers == version && state.alias == version && state.split == nil && state.loaded == [version], "\(state)")
      }
    }
  }

  @Test(arguments: ["a/b", "..", "é 漢", "x%2Fy", "con.json", "active"])
  func `any name is one folder`(name: String) async throws {
    let bench = Bench()
    var plan = Bench.plan
    plan.model = name
    let state = try ReleaseState(plan, by: "ann")
    try bench.store.begin(state)
    #expect(try bench.store.active(name)?.id == state.id)
    #expect(bench.store.models() == [name])
    let inside = try FileManager.default.contentsOfDirectory(atPath: bench.folder)
    #expect(inside.count == 1)
  }

  @Test func `a damaged record is an error with its name`() throws {
    let bench = Bench()
    let state = try ReleaseState(Bench.plan, by: "ann")
    try bench.store.begin(state)
    try Data("{".utf8).write(to: URL(fileURLWithPath: bench.folder + "/m/\(state.id).json"))
    let error = #expect(throws: ReleaseError.self) { try bench.store.active("m") }
    #expect(error?.kind == .store && error?.problem.contains(state.id) == true)
  }
}

@Suite struct TrafficRecorderTests {
  @Test func `truths and verdicts count for the version that answered, once`() {
    let recorder = TrafficRecorder(capacity: 3)
    recorder.answered("m", version: "2", id: "a", seconds: 0.1, hasFailed: false, answer: "cat")
    recorder.answered("m", version: "1", id: "b", seconds: 0.1, hasFailed: false, answer: "dog")
    recorder.answered("m", version: "2", id: "c", seconds: 0.1, hasFailed: true, answer: nil)
    #expect(recorder.label(request: "a", truth: "cat") == .counted)
    #expect(recorder.label(request: "a", truth: "dog") == .repeated)
    #expect(recorder.label(request: "b", truth: "cat") == .counted)
    #expect(recorder.label(request: "c", truth: "cat") == .unknown)
    #expect(recorder.judge(request: "a", isGood: false, by: "ann") == .counted)
    #expect(recorder.judge(request: "a", isGood: true, by: "ann") == .repeated)
    #expect(recorder.judge(request: "a", isGood: true, by: "bob") == .counted)
    let figures = recorder.figures("m", baseline: "1", candidate: "2")
    #expect(figures.candidate.requests == 2 && figures.candidate.failures == 1 && figures.candidate.latency.count == 1)
    #expect((figures.candidate.labelled, figures.candidate.correct) == (1, 1))
    #expect((figures.baseline.labelled, figures.baseline.correct) == (1, 0))
    #expect((figures.candidate.judged, figures.candidate.good) == (2, 1))
  }

  @Test func `old answers are forgotten, counts are not`() {
    let recorder = TrafficRecorder(capacity: 10)
    for index in 0..<1000 { recorder.answered("m", version: "1", id: "r\(index)", seconds: 0.1, hasFailed: false, answer: "x\(index)") }
    #expect(recorder.label(request: "r0", truth: "x0") == .unknown)
    #expect(recorder.label(request: "r989", truth: "x") == .unknown)
    #expect(recorder.label(request: "r990", truth: "x990") == .counted)
    #expect(recorder.figures("m", baseline: "1", candidate: "2").baseline.requests == 1000)
    recorder.compared("m", baseline: "1", candidate: "2", agree: true)
    recorder.compared("m", baseline: "1", candidate: "2", agree: false)
    let figures = recorder.figures("m", baseline: "1", candidate: "2")
    #expect((figures.compared, figures.agreed) == (2, 1))
  }
}
