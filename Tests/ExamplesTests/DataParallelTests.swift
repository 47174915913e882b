import Foundation
import Martlet
import Testing

@testable import DataParallelExample

/// Real processes: the example's program is started as `martlet launch` would.
@Suite(.serialized) struct DataParallelTests {
  @Test func twoProcessesHaveTheLossesOfOne() throws {
    let alone = try Started(rank: nil, port: 0, arguments: ["640"])
    let expected = try alone.losses()
    let port = try freePort()
    let both = try (0..<2).map { try Started(rank: $0, port: port, arguments: ["640"]) }
    let losses = try both[0].losses()
    let second = try both[1].finish()
    #expect(second.code == 0 && second.output.isEmpty, "\(second.errors)")
    #expect(expected.count == 10 && losses.count == 10)
    let worst = zip(losses, expected).map { abs($0 - $1) }.max() ?? .infinity
    print("largest difference between the losses of two processes and of one: \(worst)")
    #expect(worst < 1e-6)
  }

  @Test func whoeverStaysSaysWhoHasGone() throws {
    let port = try freePort()
    let both = try (0..<2).map { try Started(rank: $0, port: port, arguments: ["6400", "1000"]) }
    // Killed at whatever it is doing once both are under way.
    Thread.sleep(forTimeInterval: 2)
    both[1].kill()
    let first = try both[0].finish()
    #expect(first.code != 0)
    #expect(first.errors.contains("rank 1"), "\(first.errors)")
  }

  /// A process of the example.
  private final class Started {
    private let process = Process()
    private let output = Pipe()
    private let errors = Pipe()

    init(rank: Int?, port: Int, arguments: [String]) throws {
      // The test's own program lies beside the examples'.
      let folder = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
      process.executableURL = URL(fileURLWithPath: folder).deletingLastPathComponent().appendingPathComponent("DataParallelExample")
      process.arguments = arguments
      var variables = ProcessInfo.processInfo.environment
      variables["OMP_NUM_THREADS"] = "1"
      if let rank {
        let place = ["RANK": "\(rank)", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "\(port)"]
        variables.merge(place) { $1 }
      }
      process.environment = variables
      process.standardOutput = output
      process.standardError = errors
      try process.run()
    }

    func kill() { Foundation.kill(process.processIdentifier, SIGKILL) }

    func finish() throws -> (code: Int32, output: String, errors: String) {
      let written = try output.fileHandleForReading.readToEnd() ?? Data()
      let said = try errors.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      return (process.terminationStatus, String(decoding: written, as: UTF8.self), String(decoding: said, as: UTF8.self))
    }

    func losses() throws -> [Double] {
      let end = try finish()
      #expect(end.code == 0, "\(end.errors)")
      return try JSON.decode([Double].self, from: Data(end.output.utf8), source: "the example's output")
    }
  }

  private func freePort() throws -> Int {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && getsockname(listener, $0, &length) == 0
      }
    }
    try #require(isBound)
    return Int(UInt16(bigEndian: address.sin_port))
  }
}
