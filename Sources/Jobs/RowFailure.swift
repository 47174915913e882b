import Foundation
import MartletCore
import Tables

/// A row without an answer, as it is written down for people: a line of JSON.
struct RowFailure: Encodable, Sendable {
  /// Its place in the input, from 1.
  let row: Int
  let problem: String
  let expected: String?
  let remedy: String?
  /// The row as it was read.
  let values: [String: JSONValue]

  init(row: Int, error: any MartletError, table: Table, place: Int) throws {
    self.row = row
    problem = error.problem
    expected = error.expected
    remedy = error.remedy
    values = try table.row(place).mapValues(Self.json)
  }

  func line() throws -> Data { try JSON.encode(self, pretty: false) + Data("\n".utf8) }

  private static func json(_ value: TableValue) -> JSONValue {
    switch value {
    case .missing: .null
    case .integer(let number): .int(Int(number))
    case .number(let number): number.isFinite ? .double(number) : .string(String(number))
    case .boolean(let flag): .bool(flag)
    case .text(let text): .string(text)
    case .timestamp: .string(value.text())
    case .list(let values): .array(values.map(json))
    }
  }
}
