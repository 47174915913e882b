import MartletCore
import NIOCore
import Synchronization
import Testing

@testable import Serving
@testable import Web

@Suite struct ResponseCacheTests {
  private static func ask(_ repository: ModelRepository, _ number: Double) async throws -> [Double] {
    try await repository.find("echo").predict(["x": HostArray([number])])["y"]?.values(as: Double.self) ?? []
  }

  private static func repository(_ model: ServedModel, cache: ResponseCache) throws -> ModelRepository {
    try ModelRepository(
      [model], settings: ModelRepository.Settings(limits: .init(queue: 100, timeout: .seconds(30)), cache: cache),
      logger: LogLines().logger)
  }

  @Test func `the same inputs are computed once a version`() async throws {
    let echo = Echo(), cache = ResponseCache(maxBytes: 1 << 20)
    let repository = try Self.repository(echo.served(), cache: cache)
    for number in [1.0, 2, 1, 1, 2] { #expect(try await Self.ask(repository, number) == [number]) }
    #expect(echo.calls.count == 2)
    let statistics = try #require(repository.runners.first).statistics
    #expect(statistics.cacheHit.count == 3)
    #expect(statistics.cacheMiss.count == 2)
    #expect(statistics.inferenceCount == 2)
    #expect(statistics.success.count == 5)
    let fresh = Echo()
    try await repository.swap("echo", to: fresh.served(version: "2"))
    #expect(cache.figures.entries == 0)
    #expect(try await Self.ask(repository, 1) == [1])
    #expect(fresh.calls.count == 2)
  }

  @Test func `a version that is loaded again computes again, and errors are not kept`() async throws {
    let cache = ResponseCache(maxBytes: 1 << 20)
    let echo = Echo(poison: 13)
    let repository = try Self.repository(echo.served(), cache: cache)
    for _ in 0..<2 { await #expect(throws: Echo.Failure.self) { try await Self.ask(repository, 13) } }
    #expect(echo.calls.count == 2)
    let other = ServedModel(name: "echo", version: "1", predictor: Echo(), isCacheable: false)
    try await repository.swap("echo", to: other)
    for _ in 0..<3 { _ = try await Self.ask(repository, 1) }
    #expect(cache.figures.entries == 0)
  }

  @Test func `bytes stay within the bound, and what was not asked for longest goes first`() throws {
    let model = Echo().served()
    let answer = try HostArray([UInt8](repeating: 7, count: 1000))
    let keys = try (0..<20).map { ResponseCache.Key(model: model, ["x": try HostArray([Double($0)])]) }
    let cache = ResponseCache(maxBytes: 5 * 1400)
    for key in keys.prefix(5) { cache.store(["y": answer], for: key) }
    #expect(cache.figures.entries == 5)
    #expect(cache.find(keys[0]) != nil)
    cache.store(["y": answer], for: keys[5])
    #expect(cache.find(keys[1]) == nil)
    #expect(cache.find(keys[0]) != nil)
    for _ in 0..<3 { for key in keys { cache.store(["y": answer], for: key) } }
    #expect(cache.figures.entries == 5)
    #expect(cache.figures.bytes <= cache.maxBytes)
    #expect(cache.figures.evictions > 40)
    #expect(keys.suffix(5).allSatisfy { cache.find($0) != nil })
    cache.store(["y": try HostArray([UInt8](repeating: 0, count: 10_000))], for: keys[0])
    #expect(cache.find(keys[0]) == nil)
    cache.forget(model)
    #expect(cache.figures.bytes == 0)
  }

  @Test func `no two inputs share a key`() throws {
    let model = Echo().served()
    let inputs: [[String: HostArray]] = try [
      ["x": HostArray([1.0, 2.0])], ["x": HostArray([1.0, 2.0], shape: [2, 1])], ["x": HostArray([1.0, 2.0], shape: [1, 2])],
      ["y": HostArray([1.0, 2.0])], ["x": HostArray([1.0]), "y": HostArray([2.0])], ["x": HostArray([2.0]), "y": HostArray([1.0])],
      ["x": HostArray([Float(1), 2])], ["x": HostArray([UInt8](repeating: 0, count: 16))],
    ]
    #expect(Set(inputs.map { ResponseCache.Key(model: model, $0) }).count == inputs.count)
    #expect(ResponseCache.Key(model: model, inputs[4]) == ResponseCache.Key(model: model, inputs[4]))
    #expect(ResponseCache.Key(model: model, inputs[0]) != ResponseCache.Key(model: Echo().served(), inputs[0]))
  }
}
