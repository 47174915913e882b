import Foundation
import MartletCore
import Tracking

/// Reads OpenTelemetry's `ExportTraceServiceRequest` (opentelemetry-proto 1.x) from protobuf's wire format.
///
/// Only what MLflow's clients ask for again is kept: identifiers, names, times, attributes, events and the status.
enum SpanReader {
  static func spans(_ bytes: [UInt8]) throws(TrackingError) -> [TraceSpan] {
    var found: [TraceSpan] = []
    for resource in try WireReader.fields(bytes[...]) where resource.number == 1 {
      for scope in try WireReader.fields(resource.bytes) where scope.number == 2 {
        for span in try WireReader.fields(scope.bytes) where span.number == 2 {
          found.append(try self.span(span.bytes))
          guard found.count <= 100_000 else { throw TrackingError(.invalid, "the request has too many spans", expected: "at most 100000") }
        }
      }
    }
    return found
  }

  private static func span(_ bytes: ArraySlice<UInt8>) throws(TrackingError) -> TraceSpan {
    var members: [String: JSONValue] = [:]
    var attributes: [JSONValue] = [], events: [JSONValue] = []
    var trace = "", span = ""
    var begun: Int64 = 0
    for field in try WireReader.fields(bytes) {
      switch field.number {
      case 1:
        trace = hexadecimal(field.bytes)
        members["trace_id"] = .string(Data(field.bytes).base64EncodedString())
      case 2:
        span = hexadecimal(field.bytes)
        members["span_id"] = .string(Data(field.bytes).base64EncodedString())
      case 4: if !field.bytes.isEmpty { members["parent_span_id"] = .string(Data(field.bytes).base64EncodedString()) }
      case 5: members["name"] = .string(String(decoding: field.bytes, as: UTF8.self))
      case 7:
        begun = Int64(clamping: field.integer)
        members["start_time_unix_nano"] = .int(Int(begun))
      case 8: members["end_time_unix_nano"] = .int(Int(clamping: field.integer))
      case 9: attributes.append(try attribute(field.bytes, depth: 0))
      case 11: events.append(try event(field.bytes))
      case 15: members["status"] = try status(field.bytes)
      default: continue
      }
    }
    if !attributes.isEmpty { members["attributes"] = .array(attributes) }
    if !events.isEmpty { members["events"] = .array(events) }
    guard trace.count == 32, span.count == 16 else {
      throw TrackingError(.invalid, "a span has no identifiers", expected: "16 and 8 bytes")
    }
    let named = attributes.first { $0["key"] == "mlflow.traceRequestId" }?["value"]?["string_value"]?.stringValue
    let identifier = named.map { $0.trimmingCharacters(in: CharacterSet(charactersIn: "\"")) } ?? "tr-" + trace
    return TraceSpan(trace: identifier, span: span, begun: begun, document: .object(members))
  }

  private static func status(_ bytes: ArraySlice<UInt8>) throws(TrackingError) -> JSONValue {
    var members: [String: JSONValue] = [:]
    for field in try WireReader.fields(bytes) {
      if field.number == 2, !field.bytes.isEmpty { members["message"] = .string(String(decoding: field.bytes, as: UTF8.self)) }
      if field.number == 3 {
        members["code"] = .string(field.integer == 1 ? "STATUS_CODE_OK" : field.integer == 2 ? "STATUS_CODE_ERROR" : "STATUS_CODE_UNSET")
      }
    }
    return .object(members)
  }

  private static func event(_ bytes: ArraySlice<UInt8>) throws(TrackingError) -> JSONValue {
    var members: [String: JSONValue] = [:]
    var attributes: [JSONValue] = []
    for field in try WireReader.fields(bytes) {
      switch field.number {
      case 1: members["time_unix_nano"] = .int(Int(clamping: field.integer))
      case 2: members["name"] = .string(String(decoding: field.bytes, as: UTF8.self))
      case 3: attributes.append(try attribute(field.bytes, depth: 0))
      default: continue
      }
    }
    if !attributes.isEmpty { members["attributes"] = .array(attributes) }
    return .object(members)
  }

  private static func attribute(_ bytes: ArraySlice<UInt8>, depth: Int) throws(TrackingError) -> JSONValue {
    var key = "", value: JSONValue = [:]
    for field in try WireReader.fields(bytes) {
      if field.number == 1 { key = String(decoding: field.bytes, as: UTF8.self) }
      if field.number == 2 { value = try self.value(field.bytes, depth: depth + 1) }
    }
    return ["key": .string(key), "value": value]
  }

  private static func value(_ bytes: ArraySlice<UInt8>, depth: Int) throws(TrackingError) -> JSONValue {
    guard depth <= 40 else { throw TrackingError(.invalid, "an attribute is nested too deeply", expected: "at most 40 levels") }
    var found: JSONValue = [:]
    for field in try WireReader.fields(bytes) {
      switch field.number {
      case 1: found = ["string_value": .string(String(decoding: field.bytes, as: UTF8.self))]
      case 2: found = ["bool_value": .bool(field.integer != 0)]
      case 3: found = ["int_value": .int(Int(Int64(bitPattern: field.integer)))]
      case 4: found = ["double_value": Documents.number(Double(bitPattern: field.integer))]
      case 5:
        var values: [JSONValue] = []
        for inner in try WireReader.fields(field.bytes) where inner.number == 1 { values.append(try value(inner.bytes, depth: depth + 1)) }
        found = ["array_value": values.isEmpty ? [:] : ["values": .array(values)]]
      case 6:
        var values: [JSONValue] = []
        for inner in try WireReader.fields(field.bytes) where inner.number == 1 {
          values.append(try attribute(inner.bytes, depth: depth + 1))
        }
        found = ["kvlist_value": values.isEmpty ? [:] : ["values": .array(values)]]
      case 7: found = ["bytes_value": .string(Data(field.bytes).base64EncodedString())]
      default: continue
      }
    }
    return found
  }

  private static func hexadecimal(_ bytes: ArraySlice<UInt8>) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
}

/// Protobuf's wire format: numbered fields. Every length is checked against what is there.
struct WireReader {
  struct Field {
    let number: Int
    /// A varint or a fixed number; 0 for bytes.
    let integer: UInt64
    /// Bytes; empty for numbers.
    let bytes: ArraySlice<UInt8>
  }

  private var rest: ArraySlice<UInt8>

  static func fields(_ bytes: ArraySlice<UInt8>) throws(TrackingError) -> [Field] {
    var reader = WireReader(rest: bytes)
    var found: [Field] = []
    while !reader.rest.isEmpty { found.append(try reader.field()) }
    return found
  }

  private static let broken = TrackingError(.invalid, "the body is no protobuf message", expected: "OpenTelemetry's spans")

  private mutating func field() throws(TrackingError) -> Field {
    let tag = try varint()
    guard let number = Int(exactly: tag >> 3), number > 0 else { throw Self.broken }
    switch tag & 7 {
    case 0: return Field(number: number, integer: try varint(), bytes: [])
    case 1: return Field(number: number, integer: try fixed(8), bytes: [])
    case 5: return Field(number: number, integer: try fixed(4), bytes: [])
    case 2:
      guard let length = Int(exactly: try varint()), length <= rest.count else { throw Self.broken }
      let bytes = rest.prefix(length)
      rest = rest.dropFirst(length)
      return Field(number: number, integer: 0, bytes: bytes)
    default: throw Self.broken
    }
  }

  private mutating func varint() throws(TrackingError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), through: 63, by: 7) {
      guard let byte = rest.popFirst() else { throw Self.broken }
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
    }
    throw Self.broken
  }

  private mutating func fixed(_ count: Int) throws(TrackingError) -> UInt64 {
    guard rest.count >= count else { throw Self.broken }
    var value: UInt64 = 0
    for (index, byte) in rest.prefix(count).enumerated() { value |= UInt64(byte) << (8 * UInt64(index)) }
    rest = rest.dropFirst(count)
    return value
  }
}
