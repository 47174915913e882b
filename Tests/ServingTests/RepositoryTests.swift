import HTTPTypes
import MartletCore
import NIOCore
import Synchronization
import Testing

@testable import Serving
@testable import Web

@Suite struct RepositoryTests {
  private static func repository(
    _ models: [ServedModel], loader: ModelLoader? = nil, drain: Duration = .seconds(30), warmUp: Duration = .seconds(30), queue: Int = 100
  ) throws -> ModelRepository {
    try ModelRepository(
      models,
      settings: ModelRepository.Settings(
        limits: .init(queue: queue, timeout: .seconds(30)), loader: loader, drain: drain, warmUp: warmUp), logger: LogLines().logger)
  }

  private static func ask(_ repository: ModelRepository, _ number: Double = 1, version: String? = nil) async throws -> (String, [Double]) {
    let call = try await repository.find("echo", version: version)
    let answer = try await call.predict(["x": HostArray([number])])["y"]?.values(as: Double.self) ?? []
    return (call.model.version, answer)
  }

  private static func lines(_ repository: ModelRepository) -> [String] {
    repository.index().map { "\($0.name)@\($0.version) \($0.state.rawValue)" }
  }

  @Test func `a swap lets requests in flight finish on the old version, and lets go of it`() async throws {
    let (repository, old) = try {
      let echo = Echo(held: true)
      return (try Self.repository([echo.served(version: "1")]), WeakEcho(echo))
    }()
    async let first = Self.ask(repository, 7)
    try await until { old.echo?.waiting == 1 }
    async let change = repository.swap("echo", to: Echo().served(version: "2"))
    try await until { repository.defaultVersion(of: "echo") == "2" }
    // The new version answers while the old one still works.
    #expect(try await Self.ask(repository, 8).0 == "2")
    #expect(Self.lines(repository) == ["echo@2 READY"])
    old.echo?.release()
    #expect(try await first.0 == "1")
    #expect(try await first.1 == [7])
    #expect(try await change.retired == "1")
    #expect(try await change.abandoned == 0)
    try await until { old.echo == nil }
  }

  @Test func `what does not finish while it drains gets a 503`() async throws {
    let old = Echo(held: true)
    let repository = try Self.repository([old.served(version: "1")], drain: .milliseconds(50))
    async let first: Void = {
      let problem = await #expect(throws: HTTPProblem.self) { try await Self.ask(repository, 7) }
      #expect(problem?.status == .serviceUnavailable)
    }()
    try await until { old.waiting == 1 }
    let change = try await repository.swap("echo", to: Echo().served(version: "2"))
    #expect(change.abandoned == 1)
    await first
    #expect(try await Self.ask(repository).0 == "2")
    old.release()
  }

  @Test func `a version that fails its warm-up changes nothing`() async throws {
    let repository = try Self.repository([Echo().served(version: "1")], warmUp: .milliseconds(100))
    let broken = Echo(poison: 0), silent = Echo(held: true)
    await #expect(throws: Echo.Failure.self) { try await repository.swap("echo", to: broken.served(version: "2")) }
    await #expect(throws: ArgumentError.self) { try await repository.swap("echo", to: silent.served(version: "3")) }
    await #expect(throws: ArgumentError.self) { try await repository.swap("echo", to: Liar().served) }
    await #expect(throws: ArgumentError.self) { try await repository.swap("fashion", to: Echo().served(version: "2")) }
    #expect(Self.lines(repository) == ["echo@1 READY"])
    #expect(try await Self.ask(repository).0 == "1")
    silent.release()
  }

  @Test func `load, unload and the index`() async throws {
    let loads = Mutex(0)
    let repository = try Self.repository([Echo().served(version: "1")]) { reference in
      loads.withLock { $0 += 1 }
      guard reference != "echo@9" else { throw ArgumentError("version 9 is damaged") }
      return Echo().served(version: reference == "echo" ? "3" : String(reference.dropFirst(5)))
    }
    async let twin = repository.load("echo", version: "2")
    #expect(try await repository.load("echo", version: "2").version == "2")
    _ = try await twin
    #expect(loads.withLock { $0 } <= 2)
    #expect(try await Self.ask(repository).0 == "2")
    #expect(try await Self.ask(repository, version: "1").0 == "1")
    await #expect(throws: ArgumentError.self) { try await repository.load("echo", version: "9") }
    #expect(Self.lines(repository) == ["echo@1 READY", "echo@2 READY", "echo@9 UNAVAILABLE"])
    #expect(repository.index().last?.reason == "version 9 is damaged")
    #expect(try await Self.ask(repository).0 == "2")
    #expect(try await repository.loadBeside("echo", version: "4").version == "2")
    #expect(try await Self.ask(repository).0 == "2")
    #expect(try await Self.ask(repository, version: "4").0 == "4")
    try repository.setDefault("echo", version: "1")
    #expect(try await Self.ask(repository).0 == "1")
    #expect(try await repository.unload("echo", version: "1").first?.version == "4")
    let gone = await #expect(throws: HTTPProblem.self) { try await Self.ask(repository, version: "1") }
    #expect(gone?.status == .serviceUnavailable)
    #expect(gone?.problem == "model 'echo' version '1' is not loaded: unloaded")
    #expect(try await repository.load("echo").version == "3")
    try await repository.unload("echo")
    #expect(repository.names.isEmpty)
    #expect(repository.index().allSatisfy { $0.state == .unavailable })
    let unknown = await #expect(throws: HTTPProblem.self) { try await repository.unload("ecko") }
    #expect(unknown?.status == .notFound)
    #expect(try await repository.load("echo", version: "1").version == "1")
    #expect(try await Self.ask(repository).0 == "1")
  }

  @Test func `a server without a loader says so`() async throws {
    let repository = try Self.repository([Echo().served()])
    let problem = await #expect(throws: HTTPProblem.self) { try await repository.load("echo") }
    #expect(problem?.status == .notImplemented)
  }

  @Test func `many swaps while many ask, and nobody notices`() async throws {
    let repository = try Self.repository([Echo().served(version: "0")], queue: 1000)
    let isOver = Shared(false)
    try await withThrowingTaskGroup(of: Int.self) { group in
      for client in 0..<8 {
        group.addTask {
          var asked = 0
          while !isOver.value {
            let number = Double(client * 1_000_000 + asked)
            let answer = try await Self.ask(repository, number)
            #expect(answer.1 == [number])
            asked += 1
          }
          return asked
        }
      }
      for version in 1...100 {
        let change = try await repository.swap("echo", to: Echo().served(version: String(version)))
        #expect(change.abandoned == 0)
      }
      isOver.value = true
      var asked = 0
      for try await count in group { asked += count }
      #expect(asked > 0)
    }
    #expect(Self.lines(repository) == ["echo@100 READY"])
  }

  @Test func `statistics count as Triton does`() async throws {
    let echo = Echo(poison: 13, held: true)
    let repository = try Self.repository([echo.served(batching: Batching.whileBusy(maxItems: 8))])
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { _ = try await Self.ask(repository) }
      try await until { echo.waiting == 1 }
      for _ in 0..<3 { group.addTask { _ = try await Self.ask(repository) } }
      try await until { repository.runners.first?.queueDepth == 3 }
      echo.release()
      try await group.waitForAll()
    }
    await #expect(throws: Echo.Failure.self) { try await Self.ask(repository, 13) }
    let statistics = try #require(repository.runners.first).statistics
    #expect(statistics.inferenceCount == 4)
    #expect(statistics.executionCount == 2)
    #expect(statistics.success.count == 4)
    #expect(statistics.fail.count == 1)
    #expect(statistics.queue.count == 4)
    #expect(statistics.computeInfer.count == 4)
    #expect(statistics.batches.keys.sorted() == [1, 3])
    #expect(statistics.batches[3]?.computeInfer.count == 1)
    #expect(statistics.success.nanoseconds >= statistics.computeInfer.nanoseconds)
    #expect(statistics.lastInference != nil)
    #expect(statistics.cacheHit.count == 0)
  }
}

/// A value that tasks of a test share.
final class Shared<Value: Sendable>: Sendable {
  private let state: Mutex<Value>

  init(_ value: Value) { state = Mutex(value) }

  var value: Value {
    get { state.withLock { $0 } }
    set { state.withLock { $0 = newValue } }
  }

  func change(_ body: (inout Value) -> Void) { state.withLock { body(&$0) } }
}

/// Waits for a condition that other tasks bring about.
func until(_ condition: @Sendable () -> Bool) async throws {
  for _ in 0..<5000 {
    if condition() { return }
    try await Task.sleep(for: .milliseconds(2))
  }
  Issue.record("the condition did not come about")
}

/// Refers to a model as long as somebody else keeps it.
private final class WeakEcho: Sendable {
  private let state: Mutex<Weak>

  private struct Weak {
    weak var echo: Echo?
  }

  init(_ echo: Echo) { state = Mutex(Weak(echo: echo)) }

  var echo: Echo? { state.withLock { $0.echo } }
}

/// Promises one output and gives another.
private struct Liar: Predictor {
  let signature = Signature(
    inputs: [TensorSpec(name: "x", dtype: .float64, shape: [nil])], outputs: [TensorSpec(name: "y", dtype: .float64, shape: [nil, 2])])

  func predict(_ inputs: [String: HostArray]) async throws -> [String: HostArray] { ["y": try inputs["x"] ?? HostArray([1.0])] }

  var served: ServedModel { ServedModel(name: "echo", version: "4", predictor: self) }
}
