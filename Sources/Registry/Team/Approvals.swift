import Databases
public import Foundation

/// A wish that a protected alias point to a version, and who agrees.
public struct AliasRequest: Sendable, Hashable, Codable {
  /// What became of it.
  public enum State: String, Sendable, Hashable, Codable {
    case waiting, done, rejected
  }

  /// One person's yes.
  public struct Approval: Sendable, Hashable, Codable {
    public let user: String
    public let time: Date
    public let note: String
  }

  /// Its number.
  public let id: Int
  /// The model.
  public let name: String
  /// The alias.
  public let alias: String
  /// The version that it is to point to.
  public let version: Int
  /// Who asked.
  public let user: String
  /// When it was asked.
  public let time: Date
  /// Why.
  public let note: String
  /// What became of it.
  public let state: State
  /// How many approvals the alias needs.
  public let needed: Int
  /// Who agreed.
  public let approvals: [Approval]
}

extension ModelRegistry {
  /// Asks for a protected alias. The gates are looked at now and again when the last approval comes.
  /// - Returns: the request; where the alias needs no approvals it is done already.
  /// - Throws: `RegistryError`: `.gate`, `.notFound`, `.invalidName`, `.exists` for the same request again, `.busy`, `.readOnly`.
  public func requestAlias(_ alias: String, to version: ModelVersion, note: String = "") throws(RegistryError) -> AliasRequest {
    try ModelReference.check(alias: alias)
    return try write { database in
      let found = try find(version, in: database)
      try require(
        alias, of: version.name, modelID: found.modelID, allows: version.number, versionID: found.versionID, isApproved: true, in: database)
      let open: Int64? = try database.value(
        "SELECT id FROM requests WHERE modelID = ? AND alias = ? AND versionID = ? AND state = 'waiting'",
        [found.modelID, alias, found.versionID])
      if let open {
        throw RegistryError(.exists, "request \(open) asks for that already", remedy: "martlet approve \(open), by somebody else")
      }
      let id: Int64? = try database.value(
        """
        INSERT INTO requests (modelID, alias, versionID, "user", time, note, state) VALUES (?, ?, ?, ?, ?, ?, 'waiting') RETURNING id
        """, [found.modelID, alias, found.versionID, options.user, Date(), note])
      try log(.requested, version.name, version: version.number, alias: alias, to: version.number, note: note, in: database)
      return try settle(id ?? 0, in: database)
    }
  }

  /// Agrees to a request, as the user of the registry's options. The approval that makes it enough moves the alias.
  /// - Throws: `RegistryError`: `.notFound`, `.protected` for the one who asked, for a second yes, and for a request that is settled,
  ///   `.gate`, `.busy`, `.readOnly`.
  public func approve(_ request: Int, note: String = "") throws(RegistryError) -> AliasRequest {
    try write { database in
      let asked = try fetchRequest(request, in: database)
      guard asked.state == .waiting else {
        throw RegistryError(.protected, "request \(request) is \(asked.state.rawValue) already")
      }
      guard asked.user != options.user else {
        throw RegistryError(.protected, "\(options.user) asked for it and cannot approve it", expected: "an approval by somebody else")
      }
      guard !asked.approvals.contains(where: { $0.user == options.user }) else {
        throw RegistryError(.protected, "\(options.user) has approved request \(request) already", expected: "an approval by somebody else")
      }
      try database.execute(
        "INSERT INTO approvals (requestID, \"user\", time, note) VALUES (?, ?, ?, ?)", [request, options.user, Date(), note])
      try log(.approved, asked.name, version: asked.version, alias: asked.alias, to: asked.version, note: note, in: database)
      return try settle(Int64(request), in: database)
    }
  }

  /// Turns a request down. The one who asked may do so, too.
  /// - Throws: `RegistryError`: `.notFound`, `.protected` for a request that is settled, `.busy`, `.readOnly`.
  public func reject(_ request: Int, note: String = "") throws(RegistryError) -> AliasRequest {
    try write { database in
      let asked = try fetchRequest(request, in: database)
      guard asked.state == .waiting else { throw RegistryError(.protected, "request \(request) is \(asked.state.rawValue) already") }
      try database.execute("UPDATE requests SET state = 'rejected' WHERE id = ?", [request])
      try log(.rejected, asked.name, version: asked.version, alias: asked.alias, to: asked.version, note: note, in: database)
      return try fetchRequest(request, in: database)
    }
  }

  /// Requests, newest first.
  /// - Parameter state: only those in that state.
  public func requests(_ state: AliasRequest.State? = .waiting, limit: Int = 100) throws(RegistryError) -> [AliasRequest] {
    try read { database in
      let identifiers = try database.values(
        "SELECT id FROM requests" + (state == nil ? "" : " WHERE state = ?") + " ORDER BY id DESC LIMIT ?",
        (state.map { [$0.rawValue] } ?? []) + [max(0, limit)], as: Int.self)
      return try identifiers.map { try fetchRequest($0, in: database) }
    }
  }

  /// Moves the alias if there are enough approvals.
  private func settle(_ id: Int64, in database: SQLConnection) throws -> AliasRequest {
    let request = try fetchRequest(Int(id), in: database)
    guard request.approvals.count >= request.needed else { return request }
    let found = try find(ModelReference(name: request.name, .number(request.version)), in: database)
    _ = try point(
      request.alias, of: request.name, modelID: found.modelID, to: request.version, versionID: found.versionID,
      note: request.note.isEmpty ? "request \(id)" : request.note, isApproved: true, in: database)
    try database.execute("UPDATE requests SET state = 'done' WHERE id = ?", [id])
    return try fetchRequest(Int(id), in: database)
  }

  private func fetchRequest(_ id: Int, in database: SQLConnection) throws -> AliasRequest {
    let row = try database.row(
      """
      SELECT q.id, m.name, q.alias, v.number, q."user", q.time, q.note, q.state, COALESCE(r.approvals, 0)
      FROM requests q JOIN models m ON m.id = q.modelID JOIN versions v ON v.id = q.versionID
      LEFT JOIN rules r ON r.modelID = q.modelID AND r.alias = q.alias WHERE q.id = ?
      """, [id])
    guard let row else { throw RegistryError(.notFound, "there is no request \(id)", remedy: "martlet approve, which lists them") }
    let approvals = try database.rows("SELECT \"user\", time, note FROM approvals WHERE requestID = ? ORDER BY time, \"user\"", [id]).map {
      AliasRequest.Approval(user: try $0.get(0), time: try $0.get(1), note: try $0.get(2))
    }
    return AliasRequest(
      id: try row.get(0), name: try row.get(1), alias: try row.get(2), version: try row.get(3), user: try row.get(4), time: try row.get(5),
      note: try row.get(6), state: AliasRequest.State(rawValue: try row.get(7)) ?? .rejected, needed: try row.get(8), approvals: approvals)
  }
}
