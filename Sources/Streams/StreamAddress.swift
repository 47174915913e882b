import Foundation
import MartletCore

/// A topic or a queue at a broker: `kafka://HOST:PORT[,HOST:PORT…]/TOPIC`, `amqp://HOST:PORT[/VHOST]/QUEUE`; with `s` at the end of the
/// scheme (`kafkas`, `amqps`) over TLS.
public struct StreamAddress: Sendable, Hashable, CustomStringConvertible {
  /// What speaks there.
  public enum System: String, Sendable, Hashable, CaseIterable { case kafka, amqp }

  public let system: System
  public let isSecure: Bool
  /// `host:port`, one or more.
  public let brokers: [String]
  /// RabbitMQ's virtual host.
  public let virtualHost: String
  /// The topic or queue.
  public let name: String

  /// - Throws: `StreamError` saying what is wrong with it. Credentials in it are refused: command lines and addresses are seen by many.
  public init(_ text: String) throws(StreamError) {
    let expected = "kafka://HOST:PORT/TOPIC or amqp://HOST:PORT/QUEUE"
    func wrong(_ shown: String, _ problem: String, _ remedy: String? = nil) -> StreamError {
      StreamError(.configuration, "the address '\(shown)' \(problem)", expected: expected, remedy: remedy)
    }
    // Before anything else: no other error may repeat a text that holds a password.
    guard !text.contains("@") else {
      throw wrong(
        "…", "holds credentials, or an '@'",
        "take them out; set MARTLET_STREAM_USER and MARTLET_STREAM_PASSWORD or MARTLET_STREAM_PASSWORD_FILE; in a name write %40 for '@'")
    }
    guard let sign = text.range(of: "://") else { throw wrong(text, "has no scheme") }
    let scheme = text[..<sign.lowerBound].lowercased(), rest = text[sign.upperBound...]
    let parts = rest.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    let authority = parts.first ?? ""
    isSecure = scheme == "kafkas" || scheme == "amqps"
    guard let system = System(rawValue: isSecure ? String(scheme.dropLast()) : String(scheme)) else {
      throw wrong(text, "has the scheme '\(scheme)'")
    }
    self.system = system
    let port = system == .kafka ? 9092 : isSecure ? 5671 : 5672
    brokers = authority.split(separator: ",").map { broker in
      let hasPort = broker.hasPrefix("[") ? broker.contains("]:") : broker.contains(":")
      return hasPort ? String(broker) : "\(broker):\(port)"
    }
    guard !brokers.isEmpty else { throw wrong(text, "names no host") }
    guard system == .kafka || brokers.count == 1 else { throw wrong(text, "names several hosts", "name one, or a balancer before them") }
    for broker in brokers {
      guard let number = Int(broker.split(separator: ":").last ?? ""), (1...65535).contains(number) else {
        throw wrong(text, "has no port in '\(broker)'")
      }
    }
    let path = parts.dropFirst().map { $0.removingPercentEncoding ?? $0 }
    guard let name = path.last, !name.isEmpty, path.count <= (system == .kafka ? 1 : 2) else {
      throw wrong(text, system == .kafka ? "names no topic" : "names no queue")
    }
    if system == .kafka {
      let allowed = name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "._-".utf8.contains(byte)
        }
      }
      guard allowed, name.utf8.count <= 249 else {
        throw wrong(text, "has the topic '\(name)'", "letters, digits, '.', '_' and '-', at most 249")
      }
    }
    self.name = name
    virtualHost = path.count == 2 ? path[0] : "/"
  }

  public var description: String {
    let host = system == .amqp && virtualHost != "/" ? "/\(virtualHost)" : ""
    return "\(system.rawValue)\(isSecure ? "s" : "")://\(brokers.joined(separator: ","))\(host)/\(name)"
  }
}
