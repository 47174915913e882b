import HTTPTypes
import MartletCore
import NIOCore
import Testing

@testable import Serving
@testable import Web

@Suite struct BatchingTests {
  private static func runner(_ model: ServedModel, queue: Int = 100, timeout: TimeAmount = .seconds(30)) -> ModelRunner {
    ModelRunner(model: model, limits: .init(queue: queue, timeout: timeout), logger: LogLines().logger)
  }

  /// What the model makes of the numbers.
  private static func echo(_ numbers: [Double], _ runner: ModelRunner) async throws -> [Double] {
    try await runner.predict(value(numbers))["y"]?.values(as: Double.self) ?? []
  }

  private static func value(_ numbers: [Double]) throws -> [String: HostArray] { ["x": try HostArray(numbers)] }

  @Test func `what waits while the model is busy goes together, and everybody gets their own`() async throws {
    let echo = Echo(held: true)
    let runner = Self.runner(echo.served(batching: Batching.whileBusy(maxItems: 4)))
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        let answer = try await Self.echo([0], runner)
        #expect(answer == [0])
      }
      try await until { echo.waiting == 1 }
      for index in 1...6 {
        group.addTask {
          let items = [Double(index), Double(index) + 0.5].prefix(index == 3 ? 2 : 1)
          let answer = try await Self.echo(Array(items), runner)
          #expect(answer == Array(items))
        }
      }
      try await until { runner.queueDepth == 6 }
      echo.release()
      try await group.waitForAll()
    }
    #expect(echo.calls.first == 1)
    #expect(echo.calls.reduce(0, +) == 8)
    #expect(echo.calls.count == 3)
    #expect(echo.calls.allSatisfy { $0 <= 4 })
    #expect(runner.metrics.snapshot.items.counts.reduce(0, +) == 3)
  }

  @Test(arguments: [Batching.off, .whileBusy(maxItems: 32)]) func `batching changes no answer`(batching: Batching) async throws {
    let runner = Self.runner(LinearClassifier.served(batching: batching), queue: 1000)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<200 {
        group.addTask {
          let pixels = (0..<4).map { Float((index * 7 + $0 * 3) % 11) / 11 }
          let outputs = try await runner.predict(["image": HostArray(pixels, shape: [1, 1, 2, 2])])
          #expect(try outputs["probabilities"]?.values(as: Float.self) == LinearClassifier.softmax(LinearClassifier.logits(pixels)))
          #expect(outputs["logits"]?.shape == [1, 3])
        }
      }
      try await group.waitForAll()
    }
  }

  @Test func `items of other shapes and models without items stay alone`() async throws {
    for isBatched in [true, false] {
      let echo = Echo(shape: isBatched ? [nil, nil] : [nil], isBatched: isBatched, held: true)
      let runner = Self.runner(echo.served())
      try await withThrowingTaskGroup(of: Void.self) { group in
        for index in 1...5 {
          group.addTask {
            let numbers = [Double](repeating: Double(index), count: index)
            let x = try HostArray(numbers, shape: isBatched ? [1, index] : [index])
            let answer = try await runner.predict(["x": x])["y"]
            #expect(answer == x)
          }
        }
        try await until { runner.queueDepth == 4 }
        echo.release()
        try await group.waitForAll()
      }
      #expect(echo.calls.count == 5)
    }
  }

  @Test func `the error of one is not the error of the others`() async throws {
    let echo = Echo(poison: 13, held: true)
    let runner = Self.runner(echo.served(batching: Batching.whileBusy(maxItems: 32)))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 10...16 {
        group.addTask {
          if index == 13 {
            await #expect(throws: Echo.Failure.self) { try await runner.predict(Self.value([13])) }
          } else {
            let answer = try await Self.echo([Double(index)], runner)
            #expect(answer == [Double(index)])
          }
        }
      }
      try await until { runner.queueDepth == 6 }
      echo.release()
      try await group.waitForAll()
    }
  }

  @Test func `a full queue is a 503, an order to stop too`() async throws {
    let echo = Echo(held: true)
    let runner = Self.runner(echo.served(), queue: 2)
    await withTaskGroup(of: Int.self) { group in
      for index in 0..<3 {
        group.addTask {
          do {
            _ = try await runner.predict(Self.value([Double(index)]))
            return 200
          } catch { return (error as? HTTPProblem)?.status.code ?? 0 }
        }
      }
      try? await until { runner.queueDepth == 2 }
      let full = await #expect(throws: HTTPProblem.self) { try await runner.predict(Self.value([9])) }
      #expect(full?.status == .serviceUnavailable)
      #expect(full?.headers.first?.1 == "1")
      runner.stop()
      for await status in group { #expect(status == 503) }
      let late = await #expect(throws: HTTPProblem.self) { try await runner.predict(Self.value([9])) }
      #expect(late?.problem == "the server is stopping")
    }
    echo.release()
  }

  @Test func `a deadline passes for those that wait too, and the model goes on`() async throws {
    let echo = Echo(held: true)
    let runner = Self.runner(echo.served(), timeout: .milliseconds(60))
    await withTaskGroup(of: Void.self) { group in
      for index in 0..<3 {
        group.addTask {
          let error = await #expect(throws: HTTPProblem.self) { try await runner.predict(Self.value([Double(index)])) }
          #expect(error?.status == .gatewayTimeout)
        }
      }
    }
    echo.release()
    // The late call ends, and finds nobody waiting; the next request runs.
    try await until { runner.queueDepth == 0 && echo.waiting == 0 }
    #expect(try await Self.echo([5], runner) == [5])
    #expect(runner.metrics.snapshot.rejections[.deadline] == 3)
  }

  @Test func `joining and splitting`() throws {
    let parts = [try HostArray([1, 2] as [Int32], shape: [1, 2]), try HostArray([3, 4, 5, 6] as [Int32], shape: [2, 2])]
    let whole = try BatchArithmetic.join(parts)
    #expect(whole.shape == [3, 2])
    #expect(try BatchArithmetic.split(whole, counts: [1, 2], name: "x") == parts)
    #expect(throws: ArgumentError.self) { try BatchArithmetic.split(whole, counts: [1, 1], name: "x") }
    #expect(throws: ArgumentError.self) { try BatchArithmetic.split(HostArray([1.0], shape: []), counts: [1, 1], name: "x") }
  }
}
