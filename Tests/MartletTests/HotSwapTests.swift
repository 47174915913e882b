import Logging
import MartletCore
import Synchronization
import Testing

@testable import Martlet
@testable import Serving

@Suite struct HotSwapTests {
  private static func classifier(seed: Int, device: Device = .cpu) throws -> TorchClassifier {
    let network = try ModelConfiguration(architecture: "mlp", input: [1, 4, 4], classes: 3).build(seed: UInt64(seed))
    return try TorchClassifier(
      network, labels: ["a", "b", "c"], preparation: ImagePreparation(mode: .grey, width: 4, height: 4), threads: 1, device: device)
  }

  @Test func `networks that were swapped out under load are let go of, and every answer is one of theirs`() async throws {
    let inputs = [TorchClassifier.inputName: try HostArray((0..<16).map { Float($0) / 16 }, shape: [1, 1, 4, 4])]
    let swaps = 25
    var known: [HostArray?] = []
    for seed in 0...swaps { known.append(try await Self.classifier(seed: seed).predict(inputs)[TorchClassifier.outputName]) }
    let expected = known
    let traces = Traces()
    // Joined calls may differ in the last digit, so every request is a call of its own.
    func model(_ version: Int) throws -> ServedModel {
      let classifier = try Self.classifier(seed: version)
      traces.follow(classifier)
      return ServedModel(name: "net", version: String(version), predictor: classifier, batching: Batching.off)
    }
    let repository = try ModelServer(models: [model(0)], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }).repository
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          while !traces.isOver {
            let call = try await repository.find("net")
            let answer = try await call.predict(inputs)[TorchClassifier.outputName]
            #expect(answer == expected[Int(call.model.version) ?? 0])
          }
        }
      }
      for version in 1...swaps { #expect(try await repository.swap("net", to: model(version)).abandoned == 0) }
      traces.isOver = true
      try await group.waitForAll()
    }
    for _ in 0..<2500 where traces.alive > 1 { try await Task.sleep(for: .milliseconds(2)) }
    #expect(traces.alive == 1)
    #expect(repository.index().map(\.version) == [String(swaps)])
  }

  @Test(.enabled(if: Device.cudaCount == 0)) func `a GPU that is not there is an error with its name`() throws {
    let error = #expect(throws: ArgumentError.self) { try Self.classifier(seed: 1, device: .cuda(0)) }
    #expect(error?.problem == "the model should compute on cuda:0, and libtorch sees 0 GPUs")
  }

  /// Classifiers without keeping them.
  private final class Traces: Sendable {
    private struct Trace {
      weak var classifier: TorchClassifier?
    }

    private let traces = Mutex<[Trace]>([])
    private let flag = Mutex(false)

    func follow(_ classifier: TorchClassifier) { traces.withLock { $0.append(Trace(classifier: classifier)) } }

    var alive: Int { traces.withLock { traces in traces.count { $0.classifier != nil } } }

    var isOver: Bool {
      get { flag.withLock { $0 } }
      set { flag.withLock { $0 = newValue } }
    }
  }
}
