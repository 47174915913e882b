import Crypto
import Databases
import Foundation
import MartletCore

/// An address that is told about events.
public struct Webhook: Sendable, Hashable, Codable {
  /// Its number.
  public let id: Int
  /// Where it is told.
  public let url: String
  /// What it is told about; empty for everything.
  public let actions: [RegistryEvent.Action]
  /// Only this model's events; `nil` for all.
  public let name: String?
  /// Who set it up.
  public let user: String
  /// Deliveries that wait, and that were given up.
  public let waiting: Int
  public let failed: Int
}

extension ModelRegistry {
  /// Sets up a webhook. Each event is sent as JSON, signed with the secret:
  /// `X-Martlet-Signature: sha256=` HMAC-SHA256 of `X-Martlet-Timestamp`, a full stop and the body.
  /// - Parameter secret: what the receiver checks signatures with; made where it is not given.
  /// - Returns: the webhook's number and the secret, which is not shown again.
  /// - Throws: `RegistryError`: `.invalidQuery` for an address that is not allowed, `.readOnly`.
  public func addWebhook(
    _ url: String, actions: [RegistryEvent.Action] = [], name: String? = nil, secret: String? = nil
  ) throws(RegistryError) -> (id: Int, secret: String) {
    _ = try WebhookAddress(url, allowed: options.webhookAllowList)
    if let name { try ModelReference.check(name: name) }
    let secret = secret ?? S3Request.hex(SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) })
    guard secret.utf8.count >= 16 else {
      throw RegistryError(.invalidQuery, "the webhook's secret is too short", expected: "16 bytes or more")
    }
    return try write { database in
      // Before it is there: it is not told about itself.
      try log(.webhookAdded, name ?? "", note: url, in: database)
      let id: Int? = try database.value(
        "INSERT INTO webhooks (url, secret, actions, name, created, \"user\") VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
        [url, secret, actions.map(\.rawValue).joined(separator: ","), name, Date(), options.user])
      return (id ?? 0, secret)
    }
  }

  /// Takes a webhook away, and what it has not been told yet.
  /// - Throws: `RegistryError`: `.notFound`, `.readOnly`.
  public func removeWebhook(_ id: Int) throws(RegistryError) {
    try write { database in
      guard let row = try database.row("SELECT url, name FROM webhooks WHERE id = ?", [id]) else {
        throw RegistryError(.notFound, "there is no webhook \(id)", remedy: "martlet webhooks")
      }
      try database.execute("DELETE FROM webhooks WHERE id = ?", [id])
      try log(.webhookRemoved, try row.get(1, as: String?.self) ?? "", note: try row.get(0), in: database)
    }
  }

  /// All webhooks, without their secrets.
  public func webhooks() throws(RegistryError) -> [Webhook] {
    try read { database in
      let rows = try database.rows(
        """
        SELECT w.id, w.url, w.actions, w.name, w."user",
          (SELECT COUNT(*) FROM outbox o WHERE o.webhookID = w.id AND o.state = 'waiting'),
          (SELECT COUNT(*) FROM outbox o WHERE o.webhookID = w.id AND o.state = 'failed')
        FROM webhooks w ORDER BY w.id
        """)
      return try rows.map {
        Webhook(
          id: try $0.get(0), url: try $0.get(1),
          actions: try $0.get(2, as: String.self).split(separator: ",").compactMap { RegistryEvent.Action(rawValue: String($0)) },
          name: try $0.get(3), user: try $0.get(4), waiting: try $0.get(5), failed: try $0.get(6))
      }
    }
  }

  /// Puts an event into the outbox in the transaction that made it: it is told if, and only if, it happened.
  func announce(_ link: AuditLink, number: Int64, in database: SQLConnection) throws {
    for row in try database.rows("SELECT id, actions FROM webhooks WHERE name IS NULL OR name = ?", [link.name]) {
      let actions = try row.get(1, as: String.self).split(separator: ",").map(String.init)
      guard actions.isEmpty || actions.contains(link.action) else { continue }
      var members: [String: JSONValue] = [
        "id": .int(Int(number)), "time": .string(Date(timeIntervalSince1970: link.time).ISO8601Format()), "user": .string(link.user),
        "action": .string(link.action), "name": .string(link.name), "note": .string(link.note), "hash": .string(link.hash),
      ]
      for (key, value) in [("version", link.version), ("from", link.from), ("to", link.to)] { if let value { members[key] = .int(value) } }
      if let alias = link.alias { members["alias"] = .string(alias) }
      let body = String(decoding: try JSON.encode(JSONValue.object(members), pretty: false), as: UTF8.self)
      try database.execute(
        "INSERT INTO outbox (webhookID, delivery, body, attempts, due, state, answer) VALUES (?, ?, ?, 0, ?, 'waiting', '')",
        [try row.get(0, as: Int64.self), UUID().uuidString.lowercased(), body, link.time])
    }
  }
}
