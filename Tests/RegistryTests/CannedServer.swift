import Foundation
import Glibc
import Synchronization

/// A server on loopback that answers each connection with the next of its answers and remembers what it was asked.
final class CannedServer: Sendable {
  let port: UInt16
  private let socket: Int32
  private let asked = Mutex<[String]>([])
  private let answers: Mutex<[String?]>

  /// - Parameter answers: whole answers; `nil` cuts the connection. The last one is given again and again.
  init(_ answers: [String?]) throws {
    self.answers = Mutex(answers)
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, length) == 0 && listen(socket, 16) == 0 && getsockname(socket, $0, &length) == 0
      }
    }
    guard isBound else { throw POSIXError(.EADDRINUSE) }
    self.socket = socket
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { [self] in serve() }
  }

  var requests: [String] { asked.withLock { $0 } }

  func stop() {
    shutdown(socket, Int32(SHUT_RDWR))
    close(socket)
  }

  static func answer(_ status: String, headers: [String] = [], body: String = "") -> String {
    (["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)", "Connection: close"] + headers).joined(separator: "\r\n") + "\r\n\r\n"
      + body
  }

  private func serve() {
    while true {
      let connection = accept(socket, nil, nil)
      guard connection >= 0 else { return }
      defer { close(connection) }
      var text = "", buffer = [UInt8](repeating: 0, count: 1 << 16)
      while !isWhole(text) {
        let count = read(connection, &buffer, buffer.count)
        guard count > 0 else { break }
        text += String(decoding: buffer[..<count], as: UTF8.self)
      }
      asked.withLock { $0.append(text) }
      let answer = answers.withLock { $0.count > 1 ? $0.removeFirst() : $0.first ?? nil }
      if let answer { _ = Array(answer.utf8).withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) } }
    }
  }

  private func isWhole(_ text: String) -> Bool {
    guard let end = text.range(of: "\r\n\r\n") else { return false }
    let length = text.lowercased().range(of: "content-length: ").map { Int(text[$0.upperBound...].prefix { $0.isNumber }) ?? 0 } ?? 0
    return text[end.upperBound...].utf8.count >= length
  }
}
