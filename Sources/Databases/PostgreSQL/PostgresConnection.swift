import CPostgres
import Foundation

/// One connection to a server.
///
/// `@unchecked Sendable`: only the thread that took it out of the pool uses it.
final class PostgresConnection: SQLDriver, @unchecked Sendable {
  private let pointer: OpaquePointer
  private let location: String
  /// Statements in the server's spelling; the same few come again and again.
  private var spelled: [String: String] = [:]

  init(_ url: String, _ options: SQLOptions, location: String) throws {
    self.location = location
    // What the URL says comes last and holds.
    let settings = [
      ("connect_timeout", "\(max(2, Int(options.busyTimeout.rounded(.up))))"), ("application_name", "martlet"), ("keepalives_idle", "30"),
      ("client_encoding", "UTF8"), ("dbname", url),
    ]
    let opened = Self.withTexts(settings.map(\.0)) { keys in
      Self.withTexts(settings.map(\.1)) { values in PQconnectdbParams(keys, values, 1) }
    }
    guard let opened else { throw SQLError(.connectionLost, "there is no memory for a connection to \(location)") }
    pointer = opened
    guard PQstatus(pointer) == CONNECTION_OK else {
      let message = self.message
      let isRefused = ["authentication", "password", "does not exist", "no pg_hba.conf", "role"].contains { message.contains($0) }
      throw SQLError(
        isRefused ? .refused : .connectionLost, "\(location): \(message)",
        remedy: isRefused ? "check the user, the password and the database's name" : "check that the server runs and can be reached")
    }
    func milliseconds(_ seconds: TimeInterval?) -> Int { seconds.map { max(1, Int($0 * 1000)) } ?? 0 }
    try runScript(
      """
      SET standard_conforming_strings = on; SET datestyle = 'ISO'; SET timezone = 'UTC'; SET extra_float_digits = 1;
      SET bytea_output = 'hex'; SET client_min_messages = 'warning'; SET lock_timeout = \(milliseconds(options.busyTimeout));
      SET statement_timeout = \(milliseconds(options.statementTimeout)); SET idle_in_transaction_session_timeout = '10min'
      """)
    // Notices are not for people.
    PQsetNoticeProcessor(pointer, { _, _ in }, nil)
  }

  deinit { PQfinish(pointer) }

  private var message: String { String(cString: PQerrorMessage(pointer)).trimmingCharacters(in: .whitespacesAndNewlines) }

  func run(_ sql: String, _ values: [SQLValue], _ row: (SQLRow) throws -> Void) throws -> Int {
    if let value = values.first(where: { $0.holdsNUL }) { throw value.nulError }
    let parameters = Parameters(values)
    let text = spelling(sql)
    let result = parameters.run { types, texts, lengths, formats in
      PQexecParams(pointer, text, Int32(values.count), types, texts, lengths, formats, 0)
    }
    defer { PQclear(result) }
    try check(result, sql)
    let columns = (0..<PQnfields(result)).map { String(cString: PQfname(result, $0)) }
    if !columns.isEmpty {
      let names = SQLColumns(columns)
      let types = (0..<Int32(columns.count)).map { PQftype(result, $0) }
      for index in 0..<PQntuples(result) {
        try row(
          SQLRow(
            names,
            types.enumerated().map { place, type in
              let column = Int32(place)
              guard PQgetisnull(result, index, column) == 0, let start = PQgetvalue(result, index, column) else { return .null }
              return PostgresText.value(UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(result, index, column))), type: type)
            }))
      }
    }
    return Int(String(cString: PQcmdTuples(result))) ?? 0
  }

  func runScript(_ sql: String) throws {
    let result = PQexec(pointer, sql)
    defer { PQclear(result) }
    try check(result, sql)
  }

  /// Ends the transaction. The server answers ROLLBACK where a statement failed and the body went on in spite of it.
  func commit() throws {
    let result = PQexec(pointer, "COMMIT")
    defer { PQclear(result) }
    do { try check(result, "COMMIT") } catch let error as SQLError where error.kind == .connectionLost {
      throw SQLError(
        .connectionLost, "\(location): the connection went away while the change was committed; whether it is there is not known",
        remedy: "look before doing it again", code: error.code)
    }
    guard String(cString: PQcmdStatus(result)) == "COMMIT" else {
      throw SQLError(.statement, "\(location): a statement failed, and the transaction was undone")
    }
  }

  private func spelling(_ sql: String) -> String {
    if let known = spelled[sql] { return known }
    let text = SQLDialect.postgres.placeholders(sql)
    if spelled.count > 500 { spelled.removeAll() }
    spelled[sql] = text
    return text
  }

  private func check(_ result: OpaquePointer?, _ sql: String) throws {
    let status = PQresultStatus(result)
    guard status != PGRES_COMMAND_OK, status != PGRES_TUPLES_OK, status != PGRES_EMPTY_QUERY else { return }
    let state = result.flatMap { PQresultErrorField($0, Int32(UInt8(ascii: "C"))) }.map { String(cString: $0) }
    let primary = result.flatMap { PQresultErrorField($0, Int32(UInt8(ascii: "M"))) }.map { String(cString: $0) }
    // What carries no state does not come from the server: it did not answer.
    if PQstatus(pointer) != CONNECTION_OK || state == nil {
      throw SQLError(
        .connectionLost, "\(location): \(primary ?? message)", remedy: "again when the server can be reached", code: state)
    }
    throw Self.error(state ?? "", "\(location): \(primary ?? message)")
  }

  /// What a SQLSTATE means (PostgreSQL's documentation, appendix A).
  static func error(_ state: String, _ problem: String) -> SQLError {
    let kind: SQLError.Kind
    var remedy: String?
    switch state {
    case "23505": kind = .uniqueViolation
    case "23503": kind = .foreignKeyViolation
    case "40001", "40P01": kind = .conflict
    case "55P03", "53300", "55006":
      kind = .busy
      remedy = "again when others are done, or wait longer for it"
    case "57014": kind = .timedOut
    case "53100": (kind, remedy) = (.full, "free space on the server's disk")
    case "25006", "42501": kind = .readOnly
    case "XX001", "XX002": kind = .corrupt
    case "57P01", "57P02", "57P03": kind = .connectionLost
    default:
      switch state.prefix(2) {
      case "08": kind = .connectionLost
      case "22": kind = .type
      case "23": kind = .constraint
      case "28", "3D": kind = .refused
      case "42", "25", "26": kind = .statement
      default: kind = .io
      }
    }
    return SQLError(kind, problem, remedy: remedy, code: state)
  }

  private static func withTexts<Value>(_ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Value) -> Value {
    let copies = texts.map { strdup($0) }
    defer { copies.forEach { free($0) } }
    let pointers = copies.map { UnsafePointer<CChar>($0) } + [nil]
    return pointers.withUnsafeBufferPointer { buffer in
      // The list ends with nil, so it is never empty.
      withUnsafePointer(to: UnsafePointer<CChar>?.none) { body(buffer.baseAddress ?? $0) }
    }
  }
}
