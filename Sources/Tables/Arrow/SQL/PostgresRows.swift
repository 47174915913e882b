import CPostgres
import Foundation

/// The rows of a query to a server of PostgreSQL's, one after another as the server sends them.
final class PostgresRows: SQLRows {
  let emptyTable: Table
  private let source: SQLSource
  private let batchRows: Int
  private let connection: Connection
  private var builders: [PostgresColumn]
  /// A row that came while its columns were asked for.
  private var pending: OpaquePointer?
  private var isDone = false

  private final class Connection {
    let pointer: OpaquePointer
    init(_ pointer: OpaquePointer) { self.pointer = pointer }
    deinit { PQfinish(pointer) }
    var message: String { String(cString: PQerrorMessage(pointer)).trimmingCharacters(in: .whitespacesAndNewlines) }
  }

  init(_ sql: String, _ source: SQLSource, batchRows: Int) throws {
    guard case .postgres(let url) = source else { throw TableError("'\(source.display)' is no server of PostgreSQL's") }
    self.source = source
    self.batchRows = max(batchRows, 1)
    guard let pointer = PQconnectdb(url) else { throw TableError("there is no memory for a connection") }
    connection = Connection(pointer)
    guard PQstatus(pointer) == CONNECTION_OK else {
      throw TableError(
        "\(source.display): \(source.hidingSecrets(connection.message))", remedy: "check the server, the user and the password")
    }
    // A session that reads cannot change anything, whatever the query says; times and numbers are spelled in one way.
    let settings =
      "SET default_transaction_read_only = on; SET datestyle = 'ISO'; SET timezone = 'UTC'; SET client_encoding = 'UTF8';"
      + " SET extra_float_digits = 1; SET bytea_output = 'hex'; SET intervalstyle = 'iso_8601'"
    let answer = PQexec(pointer, settings)
    let isSet = PQresultStatus(answer) == PGRES_COMMAND_OK
    PQclear(answer)
    guard isSet else { throw TableError("\(source.display): \(source.hidingSecrets(connection.message))") }
    guard PQsendQueryParams(pointer, sql, 0, nil, nil, nil, nil, 0) == 1, PQsetSingleRowMode(pointer) == 1 else {
      throw TableError("\(source.display): \(source.hidingSecrets(connection.message))")
    }
    builders = []
    let first = PQgetResult(pointer)
    guard let first else { throw TableError("'\(sql)' is no query", expected: "a statement that reads, as SELECT does") }
    let status = PQresultStatus(first)
    guard status == PGRES_SINGLE_TUPLE || status == PGRES_TUPLES_OK else {
      let message = source.hidingSecrets(connection.message)
      PQclear(first)
      throw TableError(
        message.isEmpty ? "'\(sql)' is no query" : "\(source.display): \(message)", expected: "a query that PostgreSQL understands")
    }
    var names: [String] = []
    for place in 0..<PQnfields(first) {
      let name = String(cString: PQfname(first, place))
      var unique = name, number = 2
      while names.contains(unique) {
        unique = "\(name)_\(number)"
        number += 1
      }
      names.append(unique)
      builders.append(PostgresColumn(unique, oid: PQftype(first, place)))
    }
    if status == PGRES_SINGLE_TUPLE {
      pending = first
    } else {
      PQclear(first)
      isDone = true
    }
    emptyTable = try Table(builders.map { try $0.finish() })
  }

  deinit {
    if let pending { PQclear(pending) }
    guard !isDone else { return }
    // The server need not send the rest.
    var buffer = [CChar](repeating: 0, count: 256)
    if let cancel = PQgetCancel(connection.pointer) {
      PQcancel(cancel, &buffer, 256)
      PQfreeCancel(cancel)
    }
  }

  func next() throws -> Table? {
    guard !isDone else { return nil }
    var rows = 0
    while rows < batchRows {
      guard let result = pending ?? PQgetResult(connection.pointer) else {
        isDone = true
        break
      }
      pending = nil
      defer { PQclear(result) }
      switch PQresultStatus(result) {
      case PGRES_SINGLE_TUPLE:
        for (place, builder) in builders.enumerated() {
          let column = Int32(place)
          if PQgetisnull(result, 0, column) == 1 {
            builder.append(nil)
          } else {
            builder.append(UnsafeBufferPointer(start: PQgetvalue(result, 0, column), count: Int(PQgetlength(result, 0, column))))
          }
        }
        rows += 1
      case PGRES_TUPLES_OK: continue
      default:
        isDone = true
        throw TableError("\(source.display): \(source.hidingSecrets(connection.message))")
      }
    }
    guard rows > 0 else { return nil }
    return try Table(builders.map { try $0.finish() })
  }
}

/// Gathers the texts of a column and converts them a batch at a time.
final class PostgresColumn {
  private let name: String
  private let type: ColumnType
  private var values: [String?] = []

  /// - Parameter oid: the number of the type, as `pg_type` has it.
  init(_ name: String, oid: UInt32) {
    self.name = name
    type = Self.type(oid)
  }

  private static func type(_ oid: UInt32) -> ColumnType {
    switch oid {
    case 16: .boolean
    case 20: .int64
    case 21: .int16
    case 23: .int32
    case 26: .uint32
    case 700: .float32
    case 701, 1700: .float64
    case 1082, 1114: .timestamp()
    case 1184: .timestamp(timeZone: "UTC")
    case 1005: .list(.int16)
    case 1007: .list(.int32)
    case 1016: .list(.int64)
    case 1021: .list(.float32)
    case 1022, 1231: .list(.float64)
    case 1009, 1015: .list(.text)
    default: .text
    }
  }

  func append(_ bytes: UnsafeBufferPointer<CChar>?) {
    values.append(bytes.map { String(decoding: UnsafeRawBufferPointer($0), as: UTF8.self) })
  }

  /// The column of what has been gathered; the gathering begins anew.
  func finish() throws -> Column {
    defer { values.removeAll(keepingCapacity: true) }
    switch type {
    case .text: return Column(name, values)
    case .boolean: return Column(name, values.map { $0.map { $0 == "t" } })
    case .float64: return Column(name, values.map { $0.flatMap(Self.number) })
    case .float32: return Column(name, values.map { $0.flatMap(Self.number).map(Float.init) })
    case .timestamp:
      // An infinite time has no place on the clock; a zone is always UTC's here.
      let texts = values.map { text in
        text.flatMap { $0.hasSuffix("infinity") ? nil : String($0.hasSuffix("+00") ? $0.dropLast(3) : $0[...]) }
      }
      return try Column(name, texts).cast(to: .timestamp()).cast(to: type)
    case .list(let element): return try list(element)
    default: return try Column(name, values).cast(to: type)
    }
  }

  private static func number(_ text: String) -> Double? {
    switch text {
    case "Infinity": .infinity
    case "-Infinity": -.infinity
    case "NaN": .nan
    default: Double(text)
    }
  }

  /// `{1,NULL,"a \"b\""}`
  private func list(_ element: ColumnType) throws -> Column {
    var items: [String?] = []
    var lengths: [Int?] = []
    for value in values {
      guard let value else {
        lengths.append(nil)
        continue
      }
      let parts = Self.elements(value)
      items += parts
      lengths.append(parts.count)
    }
    let elements = try Column("item", items).cast(to: element)
    return Column(name, lengths: lengths, elements: elements)
  }

  static func elements(_ text: String) -> [String?] {
    var result: [String?] = []
    var current = "", isQuoted = false, wasQuoted = false, isEscaped = false, any = false
    func close() {
      if any || wasQuoted { result.append(!wasQuoted && current == "NULL" ? nil : current) }
      current = ""
      wasQuoted = false
      any = false
    }
    for character in text.dropFirst().dropLast() {
      if isEscaped {
        current.append(character)
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else if character == "\"" {
        isQuoted.toggle()
        wasQuoted = true
      } else if isQuoted {
        current.append(character)
      } else if character == "," {
        close()
      } else if character != "{", character != "}" {
        current.append(character)
        any = true
      }
    }
    close()
    return result
  }
}
