import HTTPTypes
import MartletCore
import NIOCore
import Synchronization
import Testing

@testable import Serving
@testable import Web

@Suite struct OnDemandTests {
  /// A registry of ten models of 100 bytes each.
  private final class Shelf: Sendable {
    let loads = Mutex<[String]>([])
    let isSlow = Atomic<Bool>(false)

    func repository(budget: Int? = nil, wait: Duration = .seconds(30), pinned: [ServedModel] = []) throws -> ModelRepository {
      try ModelRepository(
        pinned,
        settings: ModelRepository.Settings(
          limits: .init(queue: 100, timeout: .seconds(30)),
          loader: { [self] reference in
            loads.withLock { $0.append(reference) }
            while isSlow.load(ordering: .relaxed) { try await Task.sleep(for: .milliseconds(2)) }
            guard reference != "m9" else { throw ArgumentError("m9 is damaged") }
            return Self.model(reference)
          }, knows: { $0.hasPrefix("m") }, memoryBudget: budget, loadWait: wait, drain: .seconds(5)), logger: LogLines().logger)
    }

    static func model(_ reference: String) -> ServedModel {
      ServedModel(
        name: String(reference.prefix { $0 != "@" }), version: reference.contains("@") ? String(reference.split(separator: "@")[1]) : "1",
        predictor: Echo(), memoryBytes: 100)
    }
  }

  private static func ask(_ repository: ModelRepository, _ name: String, version: String? = nil) async throws -> [Double] {
    try await repository.find(name, version: version).predict(["x": HostArray([1.0])])["y"]?.values(as: Double.self) ?? []
  }

  @Test func `the first request loads a model, once for all who ask`() async throws {
    let shelf = Shelf()
    let repository = try shelf.repository()
    shelf.isSlow.store(true, ordering: .relaxed)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          let answer = try await Self.ask(repository, "m1")
          #expect(answer == [1])
        }
      }
      try await until { shelf.loads.withLock { $0.count } == 1 }
      shelf.isSlow.store(false, ordering: .relaxed)
      try await group.waitForAll()
    }
    #expect(shelf.loads.withLock { $0 } == ["m1"])
    #expect(try await Self.ask(repository, "m1", version: "7") == [1])
    #expect(repository.defaultVersion(of: "m1") == "1")
    let unknown = await #expect(throws: HTTPProblem.self) { try await Self.ask(repository, "x1") }
    #expect(unknown?.status == .notFound)
    #expect(shelf.loads.withLock { $0 } == ["m1", "m1@7"])
    let broken = await #expect(throws: HTTPProblem.self) { try await Self.ask(repository, "m9") }
    #expect(broken?.status == .serviceUnavailable)
    #expect(broken?.problem == "model 'm9' cannot be loaded")
  }

  @Test func `who waits too long is told to come again, and loading goes on`() async throws {
    let shelf = Shelf()
    let repository = try shelf.repository(wait: .milliseconds(30))
    shelf.isSlow.store(true, ordering: .relaxed)
    let problem = await #expect(throws: HTTPProblem.self) { try await Self.ask(repository, "m1") }
    #expect(problem?.status == .serviceUnavailable)
    #expect(problem?.headers.first?.0 == .retryAfter)
    shelf.isSlow.store(false, ordering: .relaxed)
    try await until { repository.names == ["m1"] }
    #expect(try await Self.ask(repository, "m1") == [1])
    #expect(shelf.loads.withLock { $0.count } == 1)
  }

  @Test func `what was not asked for longest makes room`() async throws {
    let shelf = Shelf()
    let repository = try shelf.repository(budget: 350, pinned: [Shelf.model("home")])
    for name in ["m1", "m2", "m1", "m3"] { #expect(try await Self.ask(repository, name) == [1]) }
    #expect(repository.names == ["home", "m1", "m3"])
    #expect(repository.memoryInUse == 300)
    #expect(repository.index().first { $0.name == "m2" }?.reason == "made room for another model")
    #expect(try await Self.ask(repository, "m2") == [1])
    #expect(repository.names == ["home", "m2", "m3"])
    // Many at once never fill more than the budget.
    await withTaskGroup(of: Void.self) { group in
      for index in 0..<40 { group.addTask { _ = try? await Self.ask(repository, "m\(index % 8)") } }
      for await _ in group { #expect(repository.memoryInUse <= 350) }
    }
    #expect(repository.names.contains("home"))
  }

  @Test func `models that may not go leave no room`() async throws {
    let shelf = Shelf()
    let repository = try shelf.repository(budget: 150, pinned: [Shelf.model("home")])
    let problem = await #expect(throws: HTTPProblem.self) { try await Self.ask(repository, "m1") }
    #expect(problem?.status == .serviceUnavailable)
    #expect(problem?.problem.contains("needs 100 bytes") == true)
    #expect(repository.names == ["home"])
  }
}
