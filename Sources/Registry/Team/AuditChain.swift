import Databases
import Foundation
import MartletCore

/// What a check of the log of events found.
public struct AuditReport: Sendable, Hashable, Codable {
  /// Events that were looked at.
  public var events = 0
  /// The newest event's hash: note it elsewhere, and a later check can say that nothing before it was taken away.
  public var head = ""
  /// The first event whose link does not hold, counted from 1, and why.
  public var broken: BrokenLink?

  /// An event that was changed, or before which something was taken out or put in.
  public struct BrokenLink: Sendable, Hashable, Codable {
    /// Its place in the log, counted from 1.
    public let position: Int
    /// What it says was done, by whom, to what.
    public let event: String
    /// A sentence without a subject.
    public let detail: String
  }

  /// Every link holds.
  public var isWhole: Bool { broken == nil }
}

/// The log of events as a chain: each event holds the SHA-256 of the one before it.
enum AuditChain {
  /// What the first event follows on.
  static let start = String(repeating: "0", count: 64)

  /// The newest event's hash. Events from before there was a chain are linked now.
  static func head(in database: SQLConnection) throws -> String {
    guard let row = try database.row("SELECT hash FROM events ORDER BY id DESC LIMIT 1") else { return start }
    if let hash: String = try row.get(0) { return hash }
    var previous = start
    for row in try database.rows("SELECT \(columns), id FROM events ORDER BY id") {
      if let hash: String = try row.get("hash") {
        previous = hash
        continue
      }
      var link = try link(row)
      link.previous = previous
      try database.execute(
        "UPDATE events SET previous = ?, hash = ? WHERE id = ?", [previous, link.hash, try row.get("id", as: Int64.self)])
      previous = link.hash
    }
    return previous
  }

  private static let columns = "time, \"user\", action, name, version, alias, fromVersion, toVersion, note, previous, hash"

  private static func link(_ row: SQLRow) throws -> AuditLink {
    AuditLink(
      time: try row.get(0), user: try row.get(1), action: try row.get(2), name: try row.get(3), version: try row.get(4),
      alias: try row.get(5),
      from: try row.get(6), to: try row.get(7), note: try row.get(8), previous: try row.get(9, as: String?.self) ?? "")
  }

  static func verify(in database: SQLConnection) throws -> AuditReport {
    var report = AuditReport(head: start)
    try database.forEach("SELECT \(columns) FROM events ORDER BY id") { row in
      guard report.broken == nil else { return }
      report.events += 1
      let link = try link(row)
      let hash: String? = try row.get("hash")
      func broken(_ detail: String) -> AuditReport.BrokenLink {
        let version = link.version.map { "@\($0)" } ?? ""
        return AuditReport.BrokenLink(
          position: report.events, event: "\(link.action) of \(link.name)\(version) by \(link.user)", detail: detail)
      }
      if link.previous != report.head {
        report.broken = broken("does not follow on the one before it: something was taken out, put in or moved")
      } else if hash != link.hash {
        report.broken = broken("is not as it was written")
      } else {
        report.head = link.hash
      }
    }
    return report
  }
}

extension ModelRegistry {
  /// Checks that no event was changed, moved, put in or taken out of the log.
  /// - Parameter head: a hash that was noted at some time: it must still be in the log, so nothing up to it is missing at the end.
  /// - Throws: `RegistryError`: `.busy`, `.audit` if `head` is not there.
  public func verifyAudit(head: String? = nil) throws(RegistryError) -> AuditReport {
    try read { database in
      let report = try AuditChain.verify(in: database)
      if let head, head != AuditChain.start {
        let count: Int = try database.value("SELECT COUNT(*) FROM events WHERE hash = ?", [head]) ?? 0
        guard count > 0 else {
          throw RegistryError(
            .audit, "the log of the registry at \(path) does not hold the event \(head)",
            expected: "the event that was its newest when that hash was noted", remedy: "compare with a backup: events at the end are gone")
        }
      }
      return report
    }
  }
}
