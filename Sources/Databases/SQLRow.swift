/// The names of a result's columns. One of them serves all rows.
package final class SQLColumns: Sendable {
  package let names: [String]
  private let places: [String: Int]

  package init(_ names: [String]) {
    self.names = names
    places = Dictionary(names.enumerated().map { ($0.element.lowercased(), $0.offset) }, uniquingKeysWith: { first, _ in first })
  }

  /// Names are compared without regard to case: PostgreSQL folds what is not quoted.
  func place(_ name: String) -> Int? { places[name] ?? places[name.lowercased()] }
}

/// One row of a result.
package struct SQLRow: Sendable {
  package let columns: SQLColumns
  package let values: [SQLValue]

  package init(_ columns: SQLColumns, _ values: [SQLValue]) {
    self.columns = columns
    self.values = values
  }

  /// The value of a column; `.null` where there is no such column.
  package subscript(_ place: Int) -> SQLValue { values.indices.contains(place) ? values[place] : .null }

  /// The value of a column; `.null` where there is no such column.
  package subscript(_ name: String) -> SQLValue { columns.place(name).map { values[$0] } ?? .null }

  /// A column's value as the type that is asked for; `Optional` takes NULL.
  /// - Throws: `SQLError` `.type` where it is of another kind.
  package func get<Value: SQLReadable>(_ place: Int, as type: Value.Type = Value.self) throws(SQLError) -> Value {
    guard let value = Value(sql: self[place]) else {
      throw Self.mismatch(columns.names.dropFirst(place).first ?? "\(place)", self[place], type)
    }
    return value
  }

  /// A column's value as the type that is asked for; `Optional` takes NULL.
  /// - Throws: `SQLError` `.type` where it is of another kind or there is no such column.
  package func get<Value: SQLReadable>(_ name: String, as type: Value.Type = Value.self) throws(SQLError) -> Value {
    guard columns.place(name) != nil else {
      throw SQLError(.type, "the result has no column '\(name)'", expected: columns.names.joined(separator: ", "))
    }
    guard let value = Value(sql: self[name]) else { throw Self.mismatch(name, self[name], type) }
    return value
  }

  private static func mismatch(_ name: String, _ value: SQLValue, _ type: Any.Type) -> SQLError {
    let kind =
      switch value {
      case .null: "NULL"
      case .int: "an integer"
      case .real: "a real number"
      case .text: "a text"
      case .blob: "bytes"
      }
    return SQLError(.type, "column '\(name)' holds \(kind)", expected: "\(type)")
  }
}
