import Foundation
import Logging
import Martlet
import Serving
import Synchronization

/// Servers for `Benchmarks/serving.py`, of networks whose weights are random: the time does not depend on them.
enum ServingBenchmark {
  /// `serve PORT NETWORK [BATCH [QUEUE]]`: answers until it is told to stop.
  ///
  /// - NETWORK: `mlp` 784-128-10, `cnn` the one of `engine.py`, `wide` 784-2048-2048-10, `trivial` answers without a network.
  /// - BATCH: the most items in one call; 1 is no batching.
  static func serve(_ arguments: [String]) async throws -> [String: Double] {
    let network = arguments.count > 1 ? arguments[1] : "mlp"
    let batch = arguments.count > 2 ? Int(arguments[2]) ?? 32 : 32
    // As `martlet serve` does.
    FreedMemory.returns(after: .seconds(10))
    let server = try ModelServer(models: [try model(network, version: "1", batch: batch)], options: options(arguments))
    try await server.runUntilSignalled()
    return ["requests": Double(server.answeredRequests)]
  }

  /// `alone NETWORK`: what the model does without a server, called as the server calls it.
  /// - Returns: calls a second, one after the other.
  static func alone(_ arguments: [String]) async throws -> [String: Double] {
    let model = try model(arguments.first ?? "mlp", version: "1", batch: 1)
    let inputs = ["image": try HostArray((0..<784).map { Float($0 % 7) / 7 }, shape: [1, 1, 28, 28])]
    for _ in 0..<200 { _ = try await model.predictor.predict(inputs) }
    let clock = ContinuousClock.now
    var calls = 0
    while ContinuousClock.now - clock < .seconds(3) {
      for _ in 0..<100 { _ = try await model.predictor.predict(inputs) }
      calls += 100
    }
    return ["calls a second": Double(calls) / ((ContinuousClock.now - clock) / .seconds(1))]
  }

  /// `swaps PORT NETWORK COUNT`: swaps the model so often while others send requests, and says what became of memory.
  ///
  /// Ten swaps go first, so that what is allocated once does not count.
  static func swaps(_ arguments: [String]) async throws -> [String: Double] {
    let network = arguments.count > 1 ? arguments[1] : "mlp"
    let count = arguments.count > 2 ? Int(arguments[2]) ?? 1000 : 1000
    let ready = AsyncStream<Void>.makeStream()
    FreedMemory.returns(after: .seconds(10))
    let server = try ModelServer(
      models: [try model(network, version: "0", batch: 32)], options: options(arguments),
      logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
    ) { _ in
      ready.continuation.yield()
    }
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      var isReady = ready.stream.makeAsyncIterator()
      _ = await isReady.next()
      // The load comes first.
      while server.answeredRequests < 100 { try await Task.sleep(for: .milliseconds(20)) }
      var abandoned = 0, underLoad = 0
      func swap(_ versions: ClosedRange<Int>) async throws {
        for version in versions {
          let requests = server.answeredRequests
          abandoned += try await server.repository.swap("bench", to: model(network, version: String(version), batch: 32)).abandoned
          // Some requests see each version.
          try await Task.sleep(for: .milliseconds(10))
          if server.answeredRequests > requests { underLoad += 1 }
        }
      }
      try await swap(1...10)
      let handles = LiveHandles.count, memory = resident()
      underLoad = 0
      try await swap(11...(10 + count))
      // The load ends by itself.
      var requests = -1
      while server.answeredRequests != requests {
        requests = server.answeredRequests
        try await Task.sleep(for: .seconds(1))
      }
      let figures = [
        "swaps": Double(count), "swaps under load": Double(underLoad), "abandoned": Double(abandoned),
        "handles left": Double(LiveHandles.count - handles), "MiB before": memory, "MiB after": resident(), "requests": Double(requests),
      ]
      group.cancelAll()
      return figures
    }
  }

  private static func options(_ arguments: [String]) -> ServerOptions {
    var options = ServerOptions()
    options.port = arguments.first.flatMap { Int($0) } ?? 8002
    options.logsRequests = false
    if arguments.count > 3, let queue = Int(arguments[3]) { options.maxQueuedRequests = queue }
    return options
  }

  private static func model(_ network: String, version: String, batch: Int) throws -> ServedModel {
    let labels = (0..<10).map { "class \($0)" }
    let batching: Batching = batch > 1 ? .whileBusy(maxItems: batch) : .off
    if network == "trivial" { return ServedModel(name: "bench", version: version, predictor: Trivial(labels), batching: batching) }
    let settings: [String: JSONValue] = network == "wide" ? ["hidden": [2048, 2048]] : [:]
    let configuration = ModelConfiguration(
      architecture: network == "wide" ? "mlp" : network, input: [1, 28, 28], classes: 10, settings: settings)
    let preparation = try ImagePreparation(mode: .grey, width: 28, height: 28)
    return ServedModel(
      name: "bench", version: version,
      predictor: try TorchClassifier(configuration.build(seed: 1), labels: labels, preparation: preparation, threads: 1), batching: batching
    )
  }

  private static func resident() -> Double {
    let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ").dropFirst().first.flatMap {
      Double($0)
    }
    return (pages ?? 0) * 4096 / 1_048_576
  }

  /// What a server costs by itself.
  private struct Trivial: Classifier {
    let labels: [String]
    var signature: Signature { TorchClassifier.signature(input: [1, 28, 28], classes: 10) }

    init(_ labels: [String]) { self.labels = labels }

    func predict(_ inputs: [String: HostArray]) async throws -> [String: HostArray] {
      let items = inputs["image"]?.shape.first ?? 1
      let row = [Float](repeating: 0.0913, count: 9) + [0.1783]
      return ["probabilities": try HostArray((0..<items).flatMap { _ in row }, shape: [items, 10])]
    }
  }
}
