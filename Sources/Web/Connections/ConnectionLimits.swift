import Foundation
package import NIOCore
import Synchronization

/// What one connection, and one address, may take.
package struct ConnectionLimits: Sendable {
  /// From the first byte of a request to the end of its head; with TLS, the first time from the connection on.
  package var headTimeout: TimeAmount
  /// Requests of one connection; then it is closed, so that connections spread over servers again. `nil` is as many as come.
  package var requestsPerConnection: Int?
  /// Connections of one address at one time; `nil` is as many as come.
  package var connectionsPerAddress: Int?

  package init(headTimeout: TimeAmount = .seconds(10), requestsPerConnection: Int? = nil, connectionsPerAddress: Int? = nil) {
    self.headTimeout = headTimeout
    self.requestsPerConnection = requestsPerConnection
    self.connectionsPerAddress = connectionsPerAddress
  }
}

/// Counts connections by the address that they come from.
final class AddressCounts: Sendable {
  private let counts = Mutex<[String: Int]>([:])

  /// - Returns: the count with this connection in it.
  func enter(_ address: String) -> Int {
    counts.withLock { counts in
      counts[address, default: 0] += 1
      return counts[address] ?? 0
    }
  }

  func leave(_ address: String) {
    counts.withLock { counts in
      guard let count = counts[address] else { return }
      counts[address] = count > 1 ? count - 1 : nil
    }
  }

  /// Who is behind an address: an IPv4 address, or the network (64 bits) of an IPv6 address, within which anyone can have as many as they like.
  static func key(_ address: SocketAddress?) -> String? {
    guard let address, let text = address.ipAddress else { return nil }
    guard case .v6 = address else { return text }
    var bytes = [UInt8](repeating: 0, count: 16)
    guard inet_pton(AF_INET6, String(text.prefix { $0 != "%" }), &bytes) == 1 else { return text }
    // An IPv4 address that came in by a socket of version 6.
    if bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
      return bytes.suffix(4).map(String.init).joined(separator: ".")
    }
    return bytes.prefix(8).map { String($0, radix: 16) }.joined(separator: ":")
  }
}
