import Foundation
import Testing

@testable import TrackingServer

/// The real client, compared with the real server: where MARTLET_MLFLOW_PYTHON names a Python that has mlflow.
@Suite struct ConformanceTests {
  private static let python = ProcessInfo.processInfo.environment["MARTLET_MLFLOW_PYTHON"]

  @Test(.enabled(if: python != nil))
  func `an unchanged mlflow client gets what an mlflow server would answer`() async throws {
    let python = try #require(Self.python)
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Conformance/mlflow_client.py").path
    let more = ProcessInfo.processInfo.environment["MARTLET_MLFLOW_ARGUMENTS"]?.split(separator: " ").map(String.init) ?? []
    let status = try await withServer { _, port in
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Int32, any Error>) in
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = [script, "--url", "http://127.0.0.1:\(port)"] + more
        process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
        do { try process.run() } catch { continuation.resume(throwing: error) }
      }
    }
    #expect(status == 0)
  }
}
