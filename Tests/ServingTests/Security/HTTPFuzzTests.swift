import Access
import Foundation
import MartletCore
import Synchronization
import Testing

@testable import Serving
@testable import Web

/// Random and mutated bytes on the socket. `MARTLET_FUZZ_INPUTS` sets how many; every input is a connection of its own.
@Suite struct HTTPFuzzTests {
  private static let seeds = [
    "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"input\": 1}",
    "POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n{\"inpu\r\n6\r\nt\": 1}\r\n0\r\n\r\n",
    "POST /v2/models/echo/infer HTTP/1.1\r\nHost: localhost\r\nInference-Header-Content-Length: 0\r\nContent-Length: 4\r\n\r\nabcd",
    "GET /models/%65cho?x=%00#y HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer mrt_abcdefghijkm_0000000000000000000000000000000000000000000\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nAccess-Control-Request-Method: POST\r\n\r\n",
    "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\n{}",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET /health/live HTTP/1.0\r\n\r\n", "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
  ].map { Array($0.utf8) }

  private static let pieces = [
    "\r\n", "\n", "\r", "\u{0}", ":", " ", "\t", "%00", "%2e%2e/", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "Host: x\r\n",
    "HTTP/1.1",
    "0\r\n\r\n", "ffffffffffffffff\r\n", "-1", "\u{FF}", String(repeating: "A", count: 3000), "Connection: close\r\n", "Upgrade: h2c\r\n",
    ";", ",",
  ].map { Array($0.utf8) }

  private static func mutate(_ random: inout SplitMix) -> [UInt8] {
    if Int.random(in: 0..<20, using: &random) == 0 {
      return (0..<Int.random(in: 0..<400, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
    var bytes = seeds.randomElement(using: &random) ?? []
    for _ in 0..<Int.random(in: 1...6, using: &random) {
      let place = Int.random(in: 0...bytes.count, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &random)
      case 1 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 0..<20, using: &random)))
      case 3: bytes.insert(contentsOf: pieces.randomElement(using: &random) ?? [], at: place)
      case 4: bytes += seeds.randomElement(using: &random) ?? []
      default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + Int.random(in: 0..<40, using: &random))], at: place)
      }
    }
    return bytes
  }

  @Test func `nothing that comes by the socket ends the server`() async throws {
    let count = ProcessInfo.processInfo.environment["MARTLET_FUZZ_INPUTS"].flatMap { Int($0) } ?? 3000
    var options = quietOptions()
    options.headTimeout = .seconds(2)
    options.bodyTimeout = .seconds(2)
    options.idleTimeout = .seconds(2)
    options.maxConnectionsPerAddress = nil
    var keys = try Keys()
    try keys.add("ann", [.client])
    for access in [AccessSettings(), keys.options.access] {
      options.access = access
      let tried = Counter()
      try await LiveServerTests.run([Echo().served()], options) { port, _ in
        await withTaskGroup(of: Void.self) { group in
          for worker in 0..<16 {
            group.addTask {
              var random = SplitMix(state: UInt64(worker) &* 7919 &+ UInt64(access.isRequired ? 1 : 0))
              for _ in 0..<(count / 32 + 1) {
                let answer = await SocketFuzz.send(Self.mutate(&random), port: port)
                tried.add()
                // Whatever comes back is HTTP, and not a leak of what went wrong.
                if !answer.isEmpty { #expect(answer.hasPrefix("HTTP/1.1 "), "\(answer.prefix(80))") }
                #expect(!answer.contains("Fatal error") && !answer.contains(".swift"))
              }
            }
          }
        }
        let health = "GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        #expect(await RawClient.exchange(port: port, [health]).hasPrefix("HTTP/1.1 200"))
      }
      #expect(tried.count >= count / 2)
    }
  }
}

private final class Counter: Sendable {
  private let state = Mutex(0)
  var count: Int { state.withLock { $0 } }
  func add() { state.withLock { $0 += 1 } }
}

private enum SocketFuzz {
  /// Sends bytes, says that nothing more comes, and returns what comes back until the other side closes.
  static func send(_ bytes: [UInt8], port: Int) async -> String {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread { continuation.resume(returning: talk(bytes, port)) }
    }
  }

  private static func talk(_ bytes: [UInt8], _ port: Int) -> String {
    let handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(handle) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(handle, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
    guard result == 0 else { return "" }
    var timeout = timeval(tv_sec: 8, tv_usec: 0)
    setsockopt(handle, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    _ = Foundation.send(handle, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    shutdown(handle, Int32(SHUT_WR))
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while true {
      let count = recv(handle, &buffer, buffer.count, 0)
      guard count > 0 else { break }
      answer += buffer[..<count]
    }
    return String(decoding: answer, as: UTF8.self)
  }
}
