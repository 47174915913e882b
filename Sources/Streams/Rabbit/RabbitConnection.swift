import CRabbit
import Foundation
import MartletCore

/// How RabbitMQ is reached.
public struct RabbitSettings: Sendable, Hashable {
  public var host: String
  public var port: Int
  public var virtualHost: String
  public var queue: String
  public var isSecure: Bool
  public var security = StreamSecurity()
  /// Unacknowledged messages, at most: the broker sends no more.
  public var prefetch = 1000
  /// How long the broker may take for an answer or a confirmation.
  public var timeout: Duration = .seconds(10)

  /// A queue at a broker that is reached without TLS.
  public init(host: String, port: Int = 5672, virtualHost: String = "/", queue: String) {
    self.host = host
    self.port = port
    self.virtualHost = virtualHost
    self.queue = queue
    isSecure = false
  }

  /// What an address says.
  public init(_ address: StreamAddress) {
    let broker = address.brokers.first ?? "localhost:5672"
    let colon = broker.lastIndex(of: ":") ?? broker.endIndex
    host = broker[..<colon].trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
    port = Int(broker[colon...].dropFirst()) ?? 5672
    virtualHost = address.virtualHost
    queue = address.name
    isSecure = address.isSecure
  }
}

/// A connection to RabbitMQ with one channel. Everything waits; one thread owns it.
final class RabbitConnection {
  let raw: OpaquePointer

  /// - Throws: `StreamError`: `refused` where the broker said no, `unavailable` where it did not answer.
  init(_ settings: RabbitSettings) throws(StreamError) {
    let place = "RabbitMQ at \(settings.host):\(settings.port)"
    var owned: [UnsafeMutablePointer<CChar>?] = []
    defer { for text in owned { free(text) } }
    func text(_ value: String?) -> UnsafePointer<CChar>? {
      guard let copy = value.flatMap({ strdup($0) }) else { return nil }
      owned.append(copy)
      return UnsafePointer(copy)
    }
    var options = CROptions()
    options.host = text(settings.host)
    options.port = Int32(settings.port)
    options.virtual_host = text(settings.virtualHost)
    // The user that RabbitMQ brings along, who may come from its own machine only.
    options.user = text(settings.security.user ?? "guest")
    options.password = text(settings.security.password ?? "guest")
    options.tls = settings.isSecure
    options.authority = text(settings.security.authority)
    options.certificate = text(settings.security.certificate)
    options.key = text(settings.security.key)
    options.timeout_seconds = Int32(max(1, settings.timeout / .seconds(1)))
    var isRefused = false
    var reason = [CChar](repeating: 0, count: 256)
    guard let raw = cr_connect(&options, &isRefused, &reason, reason.count) else {
      throw Self.error(place, isRefused, reason)
    }
    self.raw = raw
  }

  func close(politely: Bool) { cr_close(raw, politely) }

  /// Calls a function that says by -1 that it failed.
  /// - Returns: what it gives otherwise.
  func call(
    _ place: String, _ body: (UnsafeMutablePointer<Bool>, UnsafeMutablePointer<CChar>, Int) -> Int32
  ) throws(StreamError) -> Int32 {
    var isRefused = false
    var reason = [CChar](repeating: 0, count: 256)
    let count = reason.count
    let result = reason.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.map { body(&isRefused, $0, count) } ?? -1
    }
    guard result >= 0 else { throw Self.error(place, isRefused, reason) }
    return result
  }

  private static func error(_ place: String, _ isRefused: Bool, _ reason: [CChar]) -> StreamError {
    let words = String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return isRefused
      ? StreamError(
        .refused, "\(place) refuses: \(words)", remedy: "check MARTLET_STREAM_USER and its password, rights and the queue's name")
      : StreamError(.unavailable, "\(place) does not answer: \(words)")
  }
}

/// Waits between attempts to connect, longer each time.
struct Reconnecting {
  private var pause = 0.1

  mutating func wait(while isWanted: () -> Bool) {
    let end = Date(timeIntervalSinceNow: pause)
    while isWanted(), Date() < end { Thread.sleep(forTimeInterval: 0.02) }
    pause = min(pause * 2, 5)
  }

  mutating func succeeded() { pause = 0.1 }
}
