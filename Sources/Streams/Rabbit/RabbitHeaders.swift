import CRabbit
import Foundation
import MartletCore

/// Headers of RabbitMQ's messages, whose values have types, as texts.
///
/// Numbers and booleans are spelled out, times are ISO 8601, lists and tables JSON, and what has no value is empty.
enum RabbitHeaders {
  /// Nobody nests deeper on purpose.
  private static let deepest = 32
  /// The last second of the year 9999; later ones stay numbers.
  private static let lastSecond: Int64 = 253_402_300_799

  static func texts(_ table: CRValue) -> [StreamHeader] {
    items(of: table).map { StreamHeader(String(decoding: bytes($0.name), as: UTF8.self), text($0.value)) }
  }

  private static func text(_ value: CRValue) -> [UInt8] {
    if value.kind == CR_BYTES { return bytes(value.bytes) }
    let json = json(value, depth: 0)
    switch json {
    case .null: return []
    case .string(let text): return Array(text.utf8)
    default: return Array((try? JSON.encode(json, pretty: false)) ?? Data())
    }
  }

  private static func json(_ value: CRValue, depth: Int) -> JSONValue {
    guard depth < deepest else { return "…" }
    switch value.kind {
    case CR_BYTES: return .string(String(decoding: bytes(value.bytes), as: UTF8.self))
    case CR_BOOLEAN: return .bool(value.whole != 0)
    case CR_WHOLE: return .int(Int(value.whole))
    case CR_NUMBER: return value.number.isFinite ? .double(value.number) : .string("\(value.number)")
    case CR_TIME:
      guard value.whole <= lastSecond else { return .int(Int(value.whole)) }
      return .string(Date(timeIntervalSince1970: Double(value.whole)).ISO8601Format())
    case CR_LIST: return .array(items(of: value).map { json($0.value, depth: depth + 1) })
    case CR_TABLE:
      let members = items(of: value).map { (String(decoding: bytes($0.name), as: UTF8.self), json($0.value, depth: depth + 1)) }
      return .object(Dictionary(members, uniquingKeysWith: { _, last in last }))
    default: return .null
    }
  }

  private static func items(of holder: CRValue) -> [CRField] {
    (0..<holder.count).map { place in withUnsafePointer(to: holder) { cr_item($0, place) } }
  }

  private static func bytes(_ value: CRBytes) -> [UInt8] {
    value.bytes.map { [UInt8](UnsafeRawBufferPointer(start: $0, count: value.count)) } ?? []
  }
}
