import Foundation
import Logging
import MartletCore
import ServiceLifecycle
import Testing

@testable import Serving
@testable import Web

/// Unchanged clients of other servers, run against this one.
@Suite struct ConformanceTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  /// The environment that scripts/test-peers inference makes.
  private static let python = root.appendingPathComponent(".deps/inference/bin/python").path
  private static var hasClients: Bool { FileManager.default.isExecutableFile(atPath: python) }

  private static func models() -> [ServedModel] {
    let types: [DType] = [
      .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .float16, .float32, .float64, .bool,
    ]
    let echoes = types.map { Echo($0, shape: [nil, 3]).served("echo_" + ($0.inferenceProtocolName ?? "")) }
    return [LinearClassifier.served(version: "v1"), LinearClassifier.served(version: "v10"), Townsfolk.served()] + echoes
      + [Echo(.float64, shape: [nil]).served("number"), Echo(.float64, shape: [nil]).served("spare")]
  }

  @Test(.enabled(if: ConformanceTests.hasClients, "scripts/test-peers inference installs them"))
  func `clients of the inference protocol and of TensorFlow Serving`()
    async throws
  {
    var options = quietOptions()
    options.port = 0
    options.grpcPort = 0
    let (addresses, continuation) = AsyncStream<ModelServer.Address>.makeStream()
    let source = ModelSource { _ in Echo(.float64, shape: [nil]).served("spare") }
    let server = try ModelServer(
      models: Self.models(), languageModels: [ServedLanguageModel(name: "words", version: "1", generator: FakeGenerator())],
      options: options, source: source, logger: LogLines().logger
    ) { continuation.yield($0) }
    let group = ServiceGroup(configuration: .init(services: [server], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      var iterator = addresses.makeAsyncIterator()
      let address = try #require(await iterator.next())
      let (status, text) = try await Self.run([
        "Tests/Conformance/inference_client.py", "--http", "127.0.0.1:\(address.port)", "--grpc", "127.0.0.1:\(address.grpcPort ?? 0)",
      ])
      #expect(status == 0, "\(text)")
      #expect(text.contains(", 0 different"), "\(text)")
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
    }
  }

  private static func run(_ arguments: [String]) async throws -> (status: Int32, text: String) {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        let process = Process(), pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = arguments
        process.currentDirectoryURL = root
        process.standardOutput = pipe
        process.standardError = pipe
        do {
          try process.run()
          let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
          process.waitUntilExit()
          continuation.resume(returning: (process.terminationStatus, text))
        } catch {
          continuation.resume(throwing: error)
        }
      }
    }
  }
}
