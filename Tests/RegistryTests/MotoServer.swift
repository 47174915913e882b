import Foundation
import Glibc
import Synchronization

@testable import Registry

/// A server that speaks as S3 does, for the tests of this process; gone with it.
final class MotoServer: Sendable {
  struct Failure: Error {
    let reason: String
  }

  let environment: [String: String]
  private let lifeline: FileHandle
  private static let started = Mutex<Result<MotoServer, Failure>?>(nil)

  /// The program: in the environment for peers beside the package, or on the PATH.
  private static let program: String? = {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { root.deleteLastPathComponent() }
    let folders = ["moto", "python"].map { root.path + "/.deps/\($0)/bin" }
    let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    return (folders + path).map { $0 + "/moto_server" }.first { access($0, X_OK) == 0 }
  }()

  /// It comes from PyPI, not from the setup script.
  static var isInstalled: Bool { program != nil }

  static func shared() throws -> MotoServer {
    let result = started.withLock { started in
      if let started { return started }
      let result = Result { () throws(Failure) in try MotoServer() }
      started = result
      return result
    }
    return try result.get()
  }

  private init() throws(Failure) {
    guard let program = Self.program else { throw Failure(reason: "moto_server is not installed") }
    let process = Process(), input = Pipe(), output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "'\(program)' -H 127.0.0.1 -p 0 </dev/null 2>&1 & server=$!; cat >/dev/null; kill -KILL $server"]
    process.standardInput = input
    process.standardOutput = output
    process.standardError = output
    do { try process.run() } catch { throw Failure(reason: "\(error)") }
    lifeline = input.fileHandleForWriting
    var text = ""
    while !text.contains("Running on http://127.0.0.1:") || !text.hasSuffix("\n") {
      let data = output.fileHandleForReading.availableData
      guard !data.isEmpty else { throw Failure(reason: text) }
      text += String(decoding: data, as: UTF8.self)
    }
    // Nobody reads what it says later; it must not wait for that.
    Thread.detachNewThread { while !output.fileHandleForReading.availableData.isEmpty {} }
    let port = text.components(separatedBy: "http://127.0.0.1:").last?.prefix { $0.isNumber } ?? ""
    environment = [
      "AWS_ENDPOINT_URL": "http://127.0.0.1:\(port)", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "secret",
      "AWS_REGION": "us-east-1",
    ]
  }

  /// Makes a bucket.
  /// - Returns: its URL with a prefix.
  func newBucket() throws -> String {
    let name = "models-" + UUID().uuidString.lowercased()
    _ = try S3Client(bucket: name, environment: environment).send("PUT", nil)
    return "s3://\(name)/team/registry"
  }
}
