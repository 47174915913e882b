import Databases
import Foundation
import MartletCore

extension ModelRegistry {
  /// What was done to a model, or to one of its aliases, newest first. Deleted models keep their history.
  public func history(of name: String, alias: String? = nil, limit: Int = 1000) throws(RegistryError) -> [RegistryEvent] {
    try read { database in
      try fetchEvents(
        where: "name = ?" + (alias == nil ? "" : " AND alias = ?"), alias.map { [name, $0] } ?? [name], limit: limit, in: database)
    }
  }

  /// What was done to the registry, newest first.
  public func events(limit: Int = 1000) throws(RegistryError) -> [RegistryEvent] {
    try read { try fetchEvents(where: "1 = 1", [], limit: limit, in: $0) }
  }

  private func fetchEvents(
    where condition: String, _ arguments: [(any SQLBindable)?], limit: Int, in database: SQLConnection
  ) throws -> [RegistryEvent] {
    let rows = try database.rows(
      """
      SELECT time, "user", action, name, version, alias, fromVersion, toVersion, note FROM events
      WHERE \(condition) ORDER BY id DESC LIMIT ?
      """, arguments + [max(0, limit)])
    return try rows.compactMap { row in
      // Actions of a later Martlet are passed over.
      guard let action = RegistryEvent.Action(rawValue: try row.get(2)) else { return nil }
      return RegistryEvent(
        time: try row.get(0), user: try row.get(1), action: action, name: try row.get(3), version: try row.get(4), alias: try row.get(5),
        from: try row.get(6), to: try row.get(7), note: try row.get(8))
    }
  }

  /// Writes into the log what somebody did to a server of this registry, or tried to.
  /// - Parameters:
  ///   - name: the model that it was done to; may be empty, and need not exist.
  ///   - user: who did it, as the server knows them.
  /// - Throws: `RegistryError`: `.busy`, `.readOnly`.
  public func recordOperation(on name: String, by user: String, note: String) throws(RegistryError) {
    try write { try log(.operated, String(name.prefix(256)), note: String(note.prefix(2000)), by: user, in: $0) }
  }

  /// Writes an event, chained to the one before it, and puts it into the outbox of the webhooks that want it.
  func log(
    _ action: RegistryEvent.Action, _ name: String, version: Int? = nil, alias: String? = nil, from: Int? = nil, to: Int? = nil,
    note: String = "", by user: String? = nil, in database: SQLConnection
  ) throws {
    let previous = try AuditChain.head(in: database)
    var link = AuditLink(
      time: Date().timeIntervalSince1970, user: user ?? options.user, action: action.rawValue, name: name, version: version, alias: alias,
      from: from,
      to: to, note: note, previous: previous)
    // What is hashed is what the database keeps.
    link.note = link.note.replacing("\0", with: "")
    let number: Int64? = try database.value(
      """
      INSERT INTO events (time, "user", action, name, version, alias, fromVersion, toVersion, note, previous, hash)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
      """,
      [link.time, link.user, link.action, name, version, alias, from, to, link.note, previous, link.hash])
    try announce(link, number: number ?? 0, in: database)
  }
}

/// What one event says, in the form in which it is hashed.
struct AuditLink {
  var time: Double
  var user: String
  var action: String
  var name: String
  var version: Int?
  var alias: String?
  var from: Int?
  var to: Int?
  var note: String
  var previous: String

  /// SHA-256 over every member with its length before it, so that no two events read the same.
  var hash: String {
    let members: [String?] = [
      previous, "\(time)", user, action, name, version.map(String.init), alias, from.map(String.init), to.map(String.init), note,
    ]
    return Digest.sha256("martlet event 1\n" + members.map { $0.map { "\($0.utf8.count):\($0)" } ?? "-" }.joined(separator: ","))
  }
}
