import AsyncHTTPClient
import Crypto
import Databases
public import Foundation
import MartletCore
import NIOCore
import NIOHTTP1

/// What a round of deliveries did.
public struct DeliveryReport: Sendable, Hashable, Codable {
  /// Told, and answered with a status from 200 to 299.
  public var delivered: Int
  /// Not told yet; there will be another try.
  public var postponed: Int
  /// Given up.
  public var failed: Int

  /// Makes a report.
  public init(delivered: Int = 0, postponed: Int = 0, failed: Int = 0) {
    self.delivered = delivered
    self.postponed = postponed
    self.failed = failed
  }
}

extension ModelRegistry {
  /// After so many tries, in about two days, a delivery is given up.
  static let mostAttempts = 12

  /// Tells webhooks what is due. Several processes may do so at once: each delivery is taken by one of them. A receiver may be told twice
  /// (by a process that dies after it told), with the same `X-Martlet-Delivery`.
  /// - Parameters:
  ///   - limit: at most so many, each for at most 15 seconds.
  ///   - now: the time, for all of them; without it each has its own, since a round may take long.
  ///   - mayGoOn: is asked before each.
  /// - Throws: `RegistryError`: `.busy`, `.readOnly`; what receivers answer is in the report and in `outbox`.
  public func deliverWebhooks(
    limit: Int = 100, now fixed: Date? = nil, while mayGoOn: () -> Bool = { true }
  ) throws(RegistryError) -> DeliveryReport {
    var report = DeliveryReport()
    for _ in 0..<limit {
      guard mayGoOn(), let delivery = try claim(now: fixed ?? Date()) else { break }
      let answer: (isDone: Bool, text: String)
      do {
        let address = try WebhookAddress(delivery.url, allowed: options.webhookAllowList)
        let status = try WebhookSender.send(delivery, to: address, pinned: address.resolve())
        answer = ((200..<300).contains(status), "\(status)")
      } catch {
        answer = (false, (error as? RegistryError)?.problem ?? "\(error)")
      }
      let isGivenUp = !answer.isDone && delivery.attempts >= Self.mostAttempts
      // 30 seconds, a minute, two … at most six hours.
      let wait = min(30 * pow(2, Double(delivery.attempts - 1)), 21_600), now = fixed ?? Date()
      try write { database in
        try database.execute(
          "UPDATE outbox SET state = ?, due = ?, answer = ? WHERE id = ?",
          [
            answer.isDone ? "done" : isGivenUp ? "failed" : "waiting", now.addingTimeInterval(wait), String(answer.text.prefix(500)),
            delivery.row,
          ])
        // What was told long ago need not be kept.
        try database.execute("DELETE FROM outbox WHERE state = 'done' AND due < ?", [now.addingTimeInterval(-7 * 86_400)])
      }
      if answer.isDone { report.delivered += 1 } else if isGivenUp { report.failed += 1 } else { report.postponed += 1 }
    }
    return report
  }

  /// Takes the delivery that is due for longest. Another process sees it again only after two minutes.
  private func claim(now: Date) throws(RegistryError) -> WebhookDelivery? {
    // Most of the time there is nothing to tell, and no reason to make writers wait.
    let isDue = try read { try $0.row("SELECT 1 FROM outbox WHERE state = 'waiting' AND due <= ? LIMIT 1", [now]) != nil }
    guard isDue else { return nil }
    return try write { database in
      let row = try database.row(
        """
        SELECT o.id, w.url, w.secret, o.delivery, o.body, o.attempts FROM outbox o JOIN webhooks w ON w.id = o.webhookID
        WHERE o.state = 'waiting' AND o.due <= ? ORDER BY o.due, o.id LIMIT 1
        """, [now])
      guard let row else { return nil }
      let id: Int64 = try row.get(0), attempts: Int = try row.get(5)
      try database.execute("UPDATE outbox SET attempts = ?, due = ? WHERE id = ?", [attempts + 1, now.addingTimeInterval(120), id])
      return WebhookDelivery(
        row: id, url: try row.get(1), secret: try row.get(2), delivery: try row.get(3), body: try row.get(4), attempts: attempts + 1)
    }
  }
}

struct WebhookDelivery {
  let row: Int64
  let url: String
  let secret: String
  let delivery: String
  let body: String
  let attempts: Int

  func signature(at timestamp: String) -> String {
    let code = HMAC<SHA256>.authenticationCode(for: Data("\(timestamp).\(body)".utf8), using: SymmetricKey(data: Data(secret.utf8)))
    return "sha256=" + S3Request.hex(code)
  }
}

/// Sends one delivery to the address that was checked, and to no other.
private enum WebhookSender {
  /// - Returns: the answer's status. Its body is not read, and it is not followed anywhere.
  static func send(_ delivery: WebhookDelivery, to address: WebhookAddress, pinned: String) throws -> Int {
    var configuration = HTTPClient.Configuration(
      redirectConfiguration: .disallow, timeout: HTTPClient.Configuration.Timeout(connect: .seconds(5), read: .seconds(10)))
    configuration.dnsOverride = [address.host: pinned]
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    defer { try? client.syncShutdown() }
    let timestamp = "\(Int(Date().timeIntervalSince1970))"
    let headers = HTTPHeaders([
      ("Content-Type", "application/json"), ("User-Agent", "martlet/\(MartletVersion.current)"), ("X-Martlet-Delivery", delivery.delivery),
      ("X-Martlet-Timestamp", timestamp), ("X-Martlet-Signature", delivery.signature(at: timestamp)),
    ])
    let request = try HTTPClient.Request(url: delivery.url, method: .POST, headers: headers, body: .string(delivery.body))
    return try client.execute(request: request, delegate: StatusOnly(), deadline: .now() + .seconds(15)).wait()
  }

  /// Takes the status and throws the rest away.
  private final class StatusOnly: HTTPClientResponseDelegate {
    typealias Response = Int
    // Set and read on the task's own event loop.
    nonisolated(unsafe) private var status = 0

    func didReceiveHead(task: HTTPClient.Task<Int>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
      status = Int(head.status.code)
      return task.eventLoop.makeSucceededVoidFuture()
    }

    func didFinishRequest(task: HTTPClient.Task<Int>) throws -> Int { status }
  }
}
