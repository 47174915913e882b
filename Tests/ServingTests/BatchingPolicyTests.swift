import HTTPTypes
import MartletCore
import NIOCore
import Synchronization
import Testing

@testable import Serving
@testable import Web

@Suite struct BatchingPolicyTests {
  private static func runner(
    _ model: ServedModel, queue: Int = 1000, timeout: TimeAmount = .seconds(30), hang: TimeAmount? = nil
  ) -> ModelRunner {
    ModelRunner(model: model, limits: .init(queue: queue, timeout: timeout, hang: hang), logger: LogLines().logger)
  }

  @Test func `a request waits for others to join it, and no longer than the delay`() async throws {
    let echo = Echo()
    let runner = Self.runner(echo.served(batching: Batching.whileBusy(maxItems: 4, maxDelay: .milliseconds(40))))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<4 { group.addTask { _ = try await runner.predict(["x": HostArray([Double(index)])]) } }
      try await group.waitForAll()
    }
    // The fourth made the call full.
    #expect(echo.calls == [4])
    _ = try await runner.predict(["x": HostArray([5.0])])
    #expect(echo.calls == [4, 1])
    #expect(runner.statistics.queue.nanoseconds >= 40_000_000)
  }

  @Test(arguments: 0..<12) func `joined equals alone, for any mix of sizes, lengths and delays`(seed: Int) async throws {
    var random = SplitMix(state: UInt64(seed))
    let ragged = RaggedInputs(fill: ["ids": -1], outputs: ["double"], buckets: [4, 8])
    let batching = Batching.whileBusy(
      maxItems: Int.random(in: 1...9, using: &random), maxDelay: .milliseconds(seed % 3), ragged: seed % 2 == 0 ? ragged : nil)
    let model = MaskedMean(isSlow: true)
    let runner = Self.runner(
      ServedModel(name: "m", version: "1", predictor: model, batching: batching, replicas: seed % 4 == 1 ? [model] : []))
    let requests = try (0..<60).map { _ -> HostArray in
      let items = Int.random(in: 1...3, using: &random), length = Int.random(in: 1...12, using: &random)
      return try HostArray((0..<items * length).map { _ in Int64.random(in: 0...99, using: &random) }, shape: [items, length])
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for ids in requests {
        group.addTask {
          let outputs = try await runner.predict(["ids": ids])
          let alone = try await MaskedMean(isSlow: false).predict(["ids": ids])
          #expect(outputs == alone)
        }
      }
      try await group.waitForAll()
    }
    #expect(runner.statistics.success.count == 60)
    #expect(batching.maxItems < 4 || runner.statistics.executionCount < 60)
    #expect(model.largest.withLock { $0 } <= max(3, batching.maxItems))
  }

  @Test func `nothing starves behind what is more urgent, and one client's order is kept`() async throws {
    let echo = Echo(held: true)
    let runner = Self.runner(echo.served(batching: Batching.off))
    try await withThrowingTaskGroup(of: Void.self) { group in
      var asked = 0
      for (number, priority) in [
        (0.0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (11, 8), (12, 8), (13, 8), (21, -8), (6, 0),
      ] {
        group.addTask {
          _ = try await runner.predict(["x": HostArray([number])], RequestOptions(priority: priority))
        }
        asked += 1
        let expected = asked
        try await until { runner.queueDepth + echo.waiting == expected }
      }
      echo.release()
      try await group.waitForAll()
    }
    #expect(echo.numbers == [0, 11, 12, 13, 1, 2, 3, 4, 5, 6, 21])
    // A step of priority is a head start of a quarter of a second, so an old request stands before every newer one.
    let old = PredictionJob(inputs: [:], items: 1, timeout: .seconds(1), priority: -8)
    let new = PredictionJob(inputs: [:], items: 1, timeout: .seconds(1), priority: 8)
    #expect(old.rank - new.rank < .milliseconds(4001))
  }

  @Test func `a policy of one's own decides, and nonsense does no harm`() async throws {
    struct LastFirst: BatchingPolicy {
      func next(_ waiting: [WaitingRequest]) -> BatchDecision { .start([waiting.count - 1, waiting.count - 1, 99, -1]) }
    }
    struct Nothing: BatchingPolicy {
      func next(_ waiting: [WaitingRequest]) -> BatchDecision { .start([]) }
    }
    for policy in [LastFirst(), Nothing()] as [any BatchingPolicy] {
      let echo = Echo(held: true)
      let runner = Self.runner(echo.served(batching: policy))
      try await withThrowingTaskGroup(of: Void.self) { group in
        for index in 0..<4 {
          group.addTask {
            _ = try await runner.predict(["x": HostArray([Double(index)])])
          }
          try await until { runner.queueDepth + echo.waiting == index + 1 }
        }
        echo.release()
        try await group.waitForAll()
      }
      #expect(echo.numbers == (policy is LastFirst ? [0, 3, 2, 1] : [0, 1, 2, 3]))
    }
  }

  @Test func `instances compute at the same time`() async throws {
    let first = Echo(held: true), second = Echo(held: true)
    let runner = Self.runner(
      ServedModel(name: "echo", version: "1", predictor: first, batching: Batching.off, replicas: [second]))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<3 { group.addTask { _ = try await runner.predict(["x": HostArray([Double(index)])]) } }
      try await until { first.waiting == 1 && second.waiting == 1 && runner.queueDepth == 1 }
      second.release()
      try await until { second.calls.count == 2 }
      first.release()
      try await group.waitForAll()
    }
    #expect(first.calls.count == 1)
  }

  @Test func `a client's own deadline, and a client that has gone`() async throws {
    let echo = Echo(held: true)
    let runner = Self.runner(echo.served(batching: Batching.off))
    async let first = runner.predict(["x": HostArray([0.0])])
    try await until { echo.waiting == 1 }
    let late = await #expect(throws: HTTPProblem.self) {
      try await runner.predict(["x": HostArray([1.0])], RequestOptions(timeout: .milliseconds(20)))
    }
    #expect(late?.status == .gatewayTimeout)
    #expect(late?.problem == "model 'echo' did not answer within 0.02 s")
    let gone = Task { try await runner.predict(["x": HostArray([2.0])]) }
    try await until { runner.queueDepth > 0 }
    gone.cancel()
    await #expect(throws: CancellationError.self) { try await gone.value }
    echo.release()
    _ = try await first
    // What nobody waits for is never computed.
    #expect(try await runner.predict(["x": HostArray([3.0])])["y"]?.values(as: Double.self) == [3])
    #expect(echo.calls.count == 2)
  }

  @Test func `an instance that hangs is replaced`() async throws {
    let model = ServedModel(
      name: "echo", version: "1", predictor: Echo(), batching: Batching.off, makeInstance: { Echo() }
    ).with([try Fault("hang:echo:3")])
    let runner = Self.runner(model, hang: .milliseconds(60))
    var hung = 0
    for number in 0..<9 {
      do {
        #expect(try await runner.predict(["x": HostArray([Double(number)])])["y"]?.values(as: Double.self) == [Double(number)])
      } catch let problem as HTTPProblem {
        #expect(problem.status == .serviceUnavailable)
        #expect(problem.problem == "model 'echo' did not answer and is replaced")
        hung += 1
      }
    }
    #expect(hung == 3)
    try await until { runner.metrics.snapshot.replacements == 3 }
    #expect(runner.instances.ready == 1)
    #expect(!runner.isHanging)
  }

  @Test func `padding`() throws {
    let array = try HostArray([1, 2, 3, 4] as [Int64], shape: [2, 2])
    let longer = try array.padded(to: 3, with: -1)
    #expect(try longer == HostArray([1, 2, -1, 3, 4, -1] as [Int64], shape: [2, 3]))
    #expect(try longer.cut(to: 2) == array)
    #expect(throws: ArgumentError.self) { try array.padded(to: 3, with: 0.5) }
    #expect(throws: ArgumentError.self) { try RaggedInputs(fill: ["x": 0], buckets: []).check(LinearClassifier().signature) }
    #expect(throws: ArgumentError.self) { try RaggedInputs(fill: ["image": 0], buckets: []).check(LinearClassifier().signature) }
    try RaggedInputs(fill: ["ids": 0], outputs: ["double"], buckets: []).check(MaskedMean(isSlow: false).signature)
    for text in ["", "hang", "hang:", "stop:echo", "fail:echo:0", "fail:echo:x", "slow:a:1:2:3"] {
      #expect(throws: ArgumentError.self) { try Fault(text) }
    }
    #expect(try Fault("slow:echo:2:250") == Fault(.slow, model: "echo", every: 2, milliseconds: 250))
  }
}

/// The mean of the numbers of each row and twice each number, where -1 stands for nothing.
final class MaskedMean: Predictor {
  let signature = Signature(
    inputs: [TensorSpec(name: "ids", dtype: .int64, shape: [nil, nil])],
    outputs: [TensorSpec(name: "mean", dtype: .float64, shape: [nil]), TensorSpec(name: "double", dtype: .int64, shape: [nil, nil])])
  let isSlow: Bool
  let largest = Mutex(0)

  init(isSlow: Bool) { self.isSlow = isSlow }

  func predict(_ inputs: [String: HostArray]) async throws -> [String: HostArray] {
    guard let ids = inputs["ids"] else { throw ArgumentError("no ids") }
    largest.withLock { $0 = max($0, ids.shape[0]) }
    if isSlow { try await Task.sleep(for: .milliseconds(2)) }
    let values = try ids.values(as: Int64.self)
    let length = ids.shape[1]
    let means = (0..<ids.shape[0]).map { row -> Double in
      let own = values[row * length..<(row + 1) * length].filter { $0 >= 0 }
      return Double(own.reduce(0, +)) / Double(own.count)
    }
    return ["mean": try HostArray(means), "double": try HostArray(values.map { $0 * 2 }, shape: ids.shape)]
  }
}
