import Foundation
import MartletCore
import Testing

@testable import Tables

/// All tests that use Arrow, one at a time: some of them count what is alive.
@Suite(.serialized) enum ArrowTests {}

/// What the fixtures hold, and a folder for what a test writes.
enum TableFixtures {
  static let folder = (Bundle.module.resourcePath ?? ".") + "/Fixtures/files"

  static func path(_ name: String) -> String { folder + "/" + name }

  static func json(_ name: String) throws -> Any {
    try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  /// A value as the fixtures spell it.
  static func value(_ any: Any?, _ type: String) -> TableValue {
    switch any {
    case nil, is NSNull: .missing
    case let text as String: .text(text)
    case let list as [Any]: .list(list.map { value($0, "float64") })
    case let number as NSNumber:
      switch type {
      case "int64": .integer(number.int64Value)
      case "boolean": .boolean(number.boolValue)
      case _ where type.hasPrefix("timestamp"): .timestamp(number.int64Value)
      default: .number(number.doubleValue)
      }
    default: .missing
    }
  }

  static func columns(_ any: Any?) -> [(name: String, type: String, values: [TableValue])] {
    (any as? [[String: Any]] ?? []).map { column in
      let type = column["type"] as? String ?? ""
      return (column["name"] as? String ?? "", type, (column["values"] as? [Any] ?? []).map { value($0, type) })
    }
  }

  static func table(_ any: Any?) throws -> Table {
    try Table(
      columns(any).map { column in
        switch column.type {
        case "int64": Column(column.name, column.values.map { if case .integer(let value) = $0 { value } else { nil } })
        case "float64": Column(column.name, column.values.map { if case .number(let value) = $0 { value } else { nil } })
        default: Column(column.name, column.values.map { if case .text(let value) = $0 { value } else { nil } })
        }
      })
  }

  /// Runs the body with a folder that is gone afterwards.
  static func inFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = NSTemporaryDirectory() + "tables-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
  }

  static func write(_ text: String, _ path: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) }
}

extension Table {
  var values: [[TableValue]] { columns.map { column in (0..<column.count).map { column.value($0) } } }

  /// A table of every type, with and without missing values.
  static func ofAllTypes(_ count: Int = 20, missing: Bool = true) throws -> Table {
    func row<Value>(_ row: Int, _ value: Value) -> Value? { missing && row % 7 == 3 ? nil : value }
    let rows = 0..<count
    let texts = ["plain", "", "with, comma", "quote\"d", "line\nbreak", "é😀", "007", "NA-not"]
    var columns: [Column] = []
    columns.append(Column("int8", rows.map { row($0, Int8(truncatingIfNeeded: $0 &* 37)) }))
    columns.append(Column("int16", rows.map { row($0, Int16($0) - 9) }))
    columns.append(Column("int32", rows.map { row($0, Int32($0) * -1000) }))
    columns.append(Column("int64", rows.map { row($0, Int64.max - Int64($0)) }))
    columns.append(Column("uint8", rows.map { row($0, UInt8(truncatingIfNeeded: $0 &* 91)) }))
    columns.append(Column("uint16", rows.map { row($0, UInt16($0) + 60000) }))
    columns.append(Column("uint32", rows.map { row($0, UInt32.max - UInt32($0)) }))
    columns.append(Column("uint64", rows.map { row($0, UInt64($0) << 40) }))
    columns.append(Column("float32", rows.map { row($0, Float($0) / 3) }))
    columns.append(Column("float64", rows.map { row($0, Double($0) / 7 - 1) }))
    columns.append(Column("boolean", rows.map { row($0, $0 % 3 == 0) }))
    columns.append(Column("text", rows.map { row($0, texts[$0 % texts.count]) }))
    let codes = rows.map { missing && $0 % 5 == 0 ? Int32(-1) : Int32($0 % 3) }
    columns.append(try Column("category", codes: codes, categories: ["red", "green", "blue"]))
    columns.append(Column("time", microseconds: rows.map { row($0, Int64($0) * 86_400_123_456 - 5_000_000_000) }))
    columns.append(Column("zoned", microseconds: rows.map { row($0, Int64($0) * 3_600_000_000) }, timeZone: "Europe/Berlin"))
    let lengths = rows.map { row($0, $0 % 3) }
    let items = (0..<lengths.reduce(0) { $0 + ($1 ?? 0) }).map { $0 % 4 == 0 ? nil : Double($0) }
    columns.append(Column("list", lengths: lengths, elements: Column("item", items)))
    return try Table(columns)
  }
}
